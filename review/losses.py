"""What data a resource holds, and what becomes of it when the resource is deleted, replaced, or changed in a way that throws data away.

A table by type. A type that stands in neither table is said to be unknown, never harmless.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from capacity.pods import POD_KINDS
from review import kafka_losses
from review.loss import Loss

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from review.step import Step


@dataclass(frozen=True, kw_only=True)
class Claimant:
    """A resource whose volumes go with its namespace.

    Attributes:
        title: How people call it.
        namespace: Where it lives; None when the preview does not tell.
        classes: Storage classes of its volumes; None for the cluster's own choice.
    """

    title: str
    namespace: str | None
    classes: frozenset[str | None]


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What decides over the data of others.

    Attributes:
        leaving: Namespaces that are deleted or replaced; None for one whose name the preview does not tell.
        claimants: Whatever has volumes now, also where nothing happens to it.
        reclaim: Reclaim policy of each storage class by its name.
        without_positions: Whether the topic goes in which Connect keeps the positions of its connectors.
    """

    leaving: frozenset[str | None] = frozenset()
    claimants: tuple[Claimant, ...] = ()
    reclaim: Mapping[str, str] = field(default_factory=dict)
    without_positions: bool = False

    @classmethod
    def of(cls, steps: Iterable[Step]) -> Surroundings:
        """The surroundings that a preview shows."""
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
        """Whether volumes of these classes are kept when their claims are deleted."""
        return all(self.reclaim.get(str(storage_class)) == "Retain" for storage_class in classes)

    def leaves(self, namespace: str | None) -> bool:
        """Whether a namespace goes; one whose name is not known may be any."""
        return namespace in self.leaving or None in self.leaving or (namespace is None and bool(self.leaving))


_NAMESPACE: Final = "kubernetes:core/v1:Namespace"
_SET: Final = "kubernetes:apps/v1:StatefulSet"
_CLAIM: Final = "kubernetes:core/v1:PersistentVolumeClaim"
_RELEASED: Final = (
    "the volumes stay, but released (reclaim policy Retain): new pods begin empty, and whoever wants the data binds them by hand"
)


def _text(inputs: Mapping[str, Any], group: str, key: str) -> str | None:
    found = (inputs.get(group) or {}).get(key)
    return found if isinstance(found, str) else None


def _claims(kind: str, inputs: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The claims that a resource is or makes."""
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
        cause = f"the namespace {namespace} goes, and the claims with it" if gone_with else "the claims go with it (whenDeleted: Delete)"
        return Loss("check" if kept else "lost", what, f"{cause}; {_RELEASED}" if kept else cause)
    if step.fate == "replace":
        new = (step.new.inputs.get("spec") or {}) if step.new else {}
        same = new.get("volumeClaimTemplates") == spec.get("volumeClaimTemplates")
        return Loss("kept", what, "the new pods take the claims up again" + ("" if same else ", in their old size and class"))
    return Loss("kept", what, "the claims stay until somebody deletes them")


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
    by_hand = "Secrets and ConfigMaps made by hand go"
    if gone:
        return Loss("lost", f"everything in it, with the volumes of {', '.join(gone)}", f"the claims go with the namespace; {by_hand}")
    return Loss("check", "everything in it", f"{_RELEASED}; {by_hand}" if inside else f"claims that others made in it go; {by_hand}")


def _bucket(_step: Step, old: Mapping[str, Any], _around: Surroundings) -> Loss:
    if old.get("forceDestroy") is True:
        return Loss("lost", "every object, all versions", "forceDestroy empties the bucket first")
    return Loss("check", "every object", "S3 refuses while there is one in it (forceDestroy is false): the update fails half way")


def _versions(step: Step, _old: Mapping[str, Any], _around: Surroundings) -> Loss | None:
    if step.fate == "replace":
        return None
    return Loss("check", "no data of its own", "from then on nothing protects objects from being overwritten or deleted")


def _table(_step: Step, old: Mapping[str, Any], _around: Surroundings) -> Loss:
    if old.get("deleteOnDestroy") is True:
        return Loss("lost", "the table's files and snapshots", "deleteOnDestroy drops it with its files")
    return Loss("kept", "the table's files and snapshots", "it stays in the catalog (deleteOnDestroy is false)")


def _key(_step: Step, _old: Mapping[str, Any], _around: Surroundings) -> Loss:
    return Loss("lost", "whatever is encrypted with it", "cannot be read once the waiting period of the key is over")


def _credential(step: Step, _old: Mapping[str, Any], _around: Surroundings) -> Loss:
    if step.fate == "delete":
        return Loss("renewed", "a credential", "who still uses it is refused")
    return Loss("renewed", "a credential", "a new one is made; who still has the old one is refused")


def _random(step: Step, old: Mapping[str, Any], around: Surroundings) -> Loss:
    if step.name.endswith("cluster-id"):
        return Loss("lost", "the identity of the Kafka cluster", "brokers refuse to start on volumes that were formatted with the old one")
    return _credential(step, old, around)


# What is lost with a resource, by type
HOLDS: Final[dict[str, Callable[[Step, Mapping[str, Any], Surroundings], Loss | None]]] = {
    _NAMESPACE: _namespace,
    _SET: _volumes,
    _CLAIM: _one_volume,
    "kafka:index/topic:Topic": lambda _step, old, _around: kafka_losses.of_topic(str(old.get("name"))),
    "kafkaconnect:index:Connector": lambda step, old, around: kafka_losses.of_connector(
        step, old, without_positions=around.without_positions
    ),
    "iceberg:index:Table": _table,
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
    "kafkaconnect:index:ClusterReady",
    "tls:index/certRequest:CertRequest",
}


def holds_nothing(kind: str) -> bool:
    """Whether resources of a type are known to hold no data that the program could not make again."""
    own = kind.startswith("kubernetes:") and kind.rpartition(":")[2] in _HARMLESS_KUBERNETES
    return own or kind in _HARMLESS or kind.startswith("pulumi:")


def loss(step: Step, around: Surroundings) -> Loss | None:
    """What becomes of a resource's data; None when nothing happens to it, or it holds none."""
    if step.old is None or not step.old.custom or step.fate in ("same", "create"):
        return None
    if step.fate == "update":
        return kafka_losses.of_change(step)
    judge = HOLDS.get(step.type)
    if step.old.retained or step.fate == "forget":
        return Loss("kept", "what it holds", "it only leaves the stack (retain on delete)") if judge else None
    if judge:
        return judge(step, step.old.inputs, around)
    if holds_nothing(step.type):
        return None
    return Loss("check", "not known", f"{step.type} stands in no table of this command: look what it holds")
