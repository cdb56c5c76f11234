"""Data that a resource holds, and its fate when the resource is deleted, replaced or changed.

Two tables by type. A type in neither of them is reported as unknown, never as harmless.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from capacity.pods import POD_KINDS
from configs import tokens
from review import kafka_losses
from review.loss import Loss

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from review.step import Step


@dataclass(frozen=True, kw_only=True)
class Claimant:
    """A resource whose volumes are deleted with its namespace.

    Attributes:
        title: Kind and name.
        namespace: Namespace of the resource; None if the preview does not show it.
        classes: Storage classes of its volumes; None for the cluster's default.
    """

    title: str
    namespace: str | None
    classes: frozenset[str | None]


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """Changes in a preview that decide the fate of other resources' data.

    Attributes:
        leaving: Deleted or replaced namespaces; None for one whose name the preview does not show.
        claimants: All resources that have volumes now, unchanged ones too.
        reclaim: Storage class to its reclaim policy.
        without_positions: True if Connect's topic with the connectors' positions is deleted or replaced.
    """

    leaving: frozenset[str | None] = frozenset()
    claimants: tuple[Claimant, ...] = ()
    reclaim: Mapping[str, str] = field(default_factory=dict)
    without_positions: bool = False

    @classmethod
    def of(cls, steps: Iterable[Step]) -> Surroundings:
        """Collect the surroundings from a preview."""
        leaving, claimants, reclaim, without_positions = set(), [], {}, False
        for step in steps:
            if step.type == _NAMESPACE and step.goes and step.old:
                leaving.add(_text(step.old.inputs, "metadata", "name"))
            if step.type == "kubernetes:storage.k8s.io/v1:StorageClass" and step.old:
                reclaim[str(_text(step.old.inputs, "metadata", "name"))] = str(step.old.inputs.get("reclaimPolicy") or "Delete")
            if step.old and (claims := _claims(step.type, step.old.inputs)):
                classes = frozenset(_text(claim, "spec", "storageClassName") for claim in claims)
                claimants.append(Claimant(title=step.title, namespace=_text(step.old.inputs, "metadata", "namespace"), classes=classes))
            if step.title == f"Topic {kafka_losses.POSITIONS}" and step.goes:
                without_positions = True
        return cls(leaving=frozenset(leaving), claimants=tuple(claimants), reclaim=reclaim, without_positions=without_positions)

    def outlive(self, classes: Iterable[str | None]) -> bool:
        """Tell whether volumes of these classes outlive their claims."""
        return all(self.reclaim.get(str(storage_class)) == "Retain" for storage_class in classes)

    def leaves(self, namespace: str | None) -> bool:
        """Tell whether a namespace is deleted or replaced; an unknown name matches any."""
        return namespace in self.leaving or None in self.leaving or (namespace is None and bool(self.leaving))


_NAMESPACE: Final = "kubernetes:core/v1:Namespace"
_SET: Final = "kubernetes:apps/v1:StatefulSet"
_CLAIM: Final = "kubernetes:core/v1:PersistentVolumeClaim"
_RELEASED: Final = (
    "the volumes stay, but released (reclaim policy Retain): new pods begin empty; to use the data, bind the volumes manually"
)


def _text(inputs: Mapping[str, Any], group: str, key: str) -> str | None:
    value = (inputs.get(group) or {}).get(key)
    return value if isinstance(value, str) else None


def _claims(kind: str, inputs: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the claims that a resource is or creates."""
    if kind == _CLAIM:
        return [inputs]
    templates = (inputs.get("spec") or {}).get("volumeClaimTemplates") if kind == _SET else None
    return [claim for claim in templates or [] if isinstance(claim, Mapping)]


def _volumes(step: Step, old: Mapping[str, Any], around: Surroundings) -> Loss | None:
    spec, claims = old.get("spec") or {}, _claims(_SET, old)
    if not claims:
        return None
    replicas = spec.get("replicas", 1)
    sizes = ", ".join(f"{replicas} x {_size(claim)}" for claim in claims)
    what = f"volumes {sizes}"
    kept = around.outlive(_text(claim, "spec", "storageClassName") for claim in claims)
    namespace = _text(old, "metadata", "namespace")
    gone_with = around.leaves(namespace)
    retention = (spec.get("persistentVolumeClaimRetentionPolicy") or {}).get("whenDeleted", "Retain")
    if gone_with or retention == "Delete":
        cause = (
            f"the namespace {namespace} is deleted with its claims" if gone_with else "its claims are deleted with it (whenDeleted: Delete)"
        )
        return Loss("check" if kept else "lost", what, f"{cause}; {_RELEASED}" if kept else cause)
    if step.fate == "replace":
        new = (step.new.inputs.get("spec") or {}) if step.new else {}
        same = new.get("volumeClaimTemplates") == spec.get("volumeClaimTemplates")
        return Loss("kept", what, "the new pods use the existing claims" + ("" if same else ", in their old size and class"))
    return Loss("kept", what, "the claims stay until they are deleted manually")


def _size(claim: Mapping[str, Any]) -> str:
    size = (((claim.get("spec") or {}).get("resources") or {}).get("requests") or {}).get("storage", "?")
    return f"{size} ({(claim.get('metadata') or {}).get('name', '?')})"


def _one_volume(_step: Step, old: Mapping[str, Any], around: Surroundings) -> Loss:
    kept = around.outlive([_text(old, "spec", "storageClassName")])
    return Loss("check" if kept else "lost", f"volume {_size(old)}", _RELEASED if kept else "the volume is deleted with its claim")


def _namespace(_step: Step, old: Mapping[str, Any], around: Surroundings) -> Loss:
    name = _text(old, "metadata", "name")
    inside = [claimant for claimant in around.claimants if name is None or claimant.namespace in (name, None)]
    gone = [claimant.title for claimant in inside if not around.outlive(claimant.classes)]
    manual = "manually created Secrets and ConfigMaps are deleted"
    if gone:
        return Loss(
            "lost", f"everything in it, with the volumes of {', '.join(gone)}", f"the claims are deleted with the namespace; {manual}"
        )
    return Loss("check", "everything in it", f"{_RELEASED}; {manual}" if inside else f"claims of others in it are deleted; {manual}")


def _bucket(_step: Step, old: Mapping[str, Any], _around: Surroundings) -> Loss:
    if old.get("forceDestroy") is True:
        return Loss("lost", "every object, all versions", "forceDestroy empties the bucket first")
    return Loss("check", "every object", "S3 refuses to delete a bucket with objects (forceDestroy is false): the update fails halfway")


def _versions(step: Step, _old: Mapping[str, Any], _around: Surroundings) -> Loss | None:
    if step.fate == "replace":
        return None
    return Loss("check", "no data", "afterwards nothing protects objects from being overwritten or deleted")


def _table(_step: Step, old: Mapping[str, Any], _around: Surroundings) -> Loss:
    if old.get("deleteOnDestroy") is True:
        return Loss("lost", "the table's files and snapshots", "deleteOnDestroy drops the table with its files")
    return Loss("kept", "the table's files and snapshots", "the table stays in the catalog (deleteOnDestroy is false)")


def _key(_step: Step, _old: Mapping[str, Any], _around: Surroundings) -> Loss:
    return Loss("lost", "all data encrypted with it", "unreadable after the key's waiting period")


def _credential(step: Step, _old: Mapping[str, Any], _around: Surroundings) -> Loss:
    if step.fate == "delete":
        return Loss("renewed", "a credential", "clients that still use it are refused")
    return Loss("renewed", "a credential", "a new one is created; clients with the old one are refused")


def _random(step: Step, old: Mapping[str, Any], around: Surroundings) -> Loss:
    if step.name.endswith("cluster-id"):
        return Loss("lost", "the identity of the Kafka cluster", "brokers refuse to start on volumes formatted with the old one")
    return _credential(step, old, around)


# Resource type to the function that returns the fate of its data
HOLDS: Final[dict[str, Callable[[Step, Mapping[str, Any], Surroundings], Loss | None]]] = {
    _NAMESPACE: _namespace,
    _SET: _volumes,
    _CLAIM: _one_volume,
    tokens.TOPIC: lambda _step, old, _around: kafka_losses.of_topic(str(old.get("name"))),
    tokens.CONNECTOR: lambda step, old, around: kafka_losses.of_connector(step, old, without_positions=around.without_positions),
    tokens.ICEBERG_TABLE: _table,
    "aws:s3/bucket:Bucket": _bucket,
    "aws:s3/bucketVersioning:BucketVersioning": _versions,
    "aws:kms/key:Key": _key,
    "aws:iam/accessKey:AccessKey": _credential,
    "random:index/randomPassword:RandomPassword": _credential,
    "random:index/randomBytes:RandomBytes": _random,
    "tls:index/privateKey:PrivateKey": _credential,
    "tls:index/selfSignedCert:SelfSignedCert": _credential,
    "tls:index/locallySignedCert:LocallySignedCert": _credential,
}

_HARMLESS_KUBERNETES: Final = {
    *POD_KINDS,
    "ConfigMap",
    "LimitRange",
    "NetworkPolicy",
    "PodDisruptionBudget",
    "ResourceQuota",
    "Secret",
    "Service",
    "ServiceAccount",
    "StorageClass",
}
_HARMLESS: Final = {
    "aws:iam/role:Role",
    "aws:iam/rolePolicy:RolePolicy",
    "aws:iam/user:User",
    "aws:iam/userPolicy:UserPolicy",
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls",
    "aws:s3/bucketPolicy:BucketPolicy",
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
    tokens.CLUSTER_READY,
    "tls:index/certRequest:CertRequest",
}


def holds_nothing(kind: str) -> bool:
    """Tell whether resources of a type are known to hold no data that the program could not recreate."""
    own = kind.startswith("kubernetes:") and kind.rpartition(":")[2] in _HARMLESS_KUBERNETES
    return own or kind in _HARMLESS or kind.startswith("pulumi:")


def loss(step: Step, around: Surroundings) -> Loss | None:
    """Return the fate of a resource's data; None if it is unaffected or the resource holds none."""
    if step.old is None or not step.old.custom or step.fate in ("same", "create"):
        return None
    if step.fate == "update":
        return kafka_losses.of_change(step)
    judge = HOLDS.get(step.type)
    if step.old.retained or step.fate == "forget":
        return Loss("kept", "its data", "the resource only leaves the stack (retain on delete)") if judge else None
    if judge:
        return judge(step, step.old.inputs, around)
    if holds_nothing(step.type):
        return None
    return Loss("check", "unknown", f"this command does not know {step.type}: check what data it holds")
