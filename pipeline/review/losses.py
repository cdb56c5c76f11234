"""Data that a resource holds, and its fate when the resource is deleted, replaced or changed.

Tables by type. A type in none of them is reported as unknown, never as harmless.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from pipeline.review import (
    bucket_losses,
    iceberg_losses,
    kafka_losses,
    kinds,
    mount_losses,
    server_versions,
    stops,
    store_losses,
    topic_losses,
    volume_losses,
)
from pipeline.review.denials import of_policies
from pipeline.review.file_losses import of_files
from pipeline.review.guards import emptied_by, of_guards
from pipeline.review.inputs import at, truth
from pipeline.review.loss import Loss
from stack.capacity.pods import POD_KINDS
from stack.configs import tokens

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pipeline.review.step import Step
    from pipeline.review.surroundings import Surroundings

    Judge = Callable[[Step, Surroundings], Iterator[Loss]]


def _table(step: Step, _around: Surroundings) -> Iterator[Loss]:
    dropped = truth(at(step.old.inputs if step.old else {}, "deleteOnDestroy"))
    what = "the table's files and snapshots"
    if dropped is None:
        yield Loss("check", what, "deleteOnDestroy is unknown or secret in the preview; if it is true, the table is dropped with its files")
    elif dropped:
        yield Loss("lost", what, "deleteOnDestroy drops the table with its files")
    elif step.fate == "replace":
        yield Loss("check", what, "the table stays in the catalog (deleteOnDestroy is false), and the new one begins empty")
    else:
        yield Loss("kept", what, "the table stays in the catalog (deleteOnDestroy is false)")


def _key(_step: Step, _around: Surroundings) -> Iterator[Loss]:
    yield Loss("lost", "all data encrypted with it", "unreadable after the key's waiting period")


def _credential(step: Step, _around: Surroundings) -> Iterator[Loss]:
    if step.fate == "delete":
        yield Loss("renewed", "a credential", "clients that still use it are refused")
    else:
        yield Loss("renewed", "a credential", "a new one is created; clients with the old one are refused")


def _random(step: Step, around: Surroundings) -> Iterator[Loss]:
    if step.name.endswith("cluster-id"):
        yield Loss("lost", "the identity of the Kafka cluster", "brokers refuse to start on volumes formatted with the old one")
    else:
        yield from _credential(step, around)


# Resource type to the fate of its data when it is deleted or replaced
HOLDS: Final[dict[str, Judge]] = {
    kinds.NAMESPACE: volume_losses.of_namespace,
    kinds.SET: volume_losses.of_set,
    kinds.CLAIM: volume_losses.of_claim,
    tokens.TOPIC: kafka_losses.of_topic,
    tokens.CONNECTOR: kafka_losses.of_connector,
    tokens.ICEBERG_TABLE: _table,
    kinds.BUCKET: bucket_losses.of_bucket,
    kinds.VERSIONING: bucket_losses.of_versions,
    "aws:kms/key:Key": _key,
    "aws:iam/accessKey:AccessKey": _credential,
    "random:index/randomPassword:RandomPassword": _credential,
    "random:index/randomBytes:RandomBytes": _random,
    "tls:index/privateKey:PrivateKey": _credential,
    "tls:index/selfSignedCert:SelfSignedCert": _credential,
    "tls:index/locallySignedCert:LocallySignedCert": _credential,
    kinds.OBJECT_LOCK: store_losses.of_object_lock,
    store_losses.EFS_BACKUPS: store_losses.of_efs_backups,
    store_losses.SECRET: store_losses.of_secret,
    **dict.fromkeys(store_losses.INSTANCES, store_losses.of_instance),
}

# Resource type to the data that a change in place loses
_CHANGES: Final[dict[str, tuple[Judge, ...]]] = {
    kinds.SET: (volume_losses.of_set_change,),
    kinds.VOLUME: (volume_losses.of_volume_change,),
    stops.DEPLOYMENT: (stops.of_workers,),
    kinds.STORAGE_CLASS: (volume_losses.of_class_change,),
    tokens.TOPIC: (topic_losses.of_topic_change,),
    tokens.CONNECTOR: (kafka_losses.of_connector_change,),
    kinds.BUCKET: (bucket_losses.of_versioning_change, bucket_losses.of_lifecycle_change, store_losses.of_object_lock),
    kinds.VERSIONING: (bucket_losses.of_versioning_change,),
    kinds.LIFECYCLE: (bucket_losses.of_lifecycle_change,),
    kinds.OBJECT_LOCK: (store_losses.of_object_lock,),
    tokens.ICEBERG_TABLE: (iceberg_losses.of_table_change,),
    store_losses.DYNAMODB: (store_losses.of_dynamodb_change,),
    store_losses.EFS_BACKUPS: (store_losses.of_efs_backups,),
    **dict.fromkeys(store_losses.DATABASES, (store_losses.of_database_change,)),
    **dict.fromkeys((iceberg_losses.OPTIMIZER, iceberg_losses.TABLE_BUCKET, iceberg_losses.S3_TABLE), (iceberg_losses.of_maintenance,)),
}
# Types whose successor is compared with them as in a change in place
_SETTINGS: Final = {kinds.LIFECYCLE, kinds.STORAGE_CLASS, kinds.VERSIONING}
# Types that delete data of others from their creation on
_AT_ONCE: Final = {kinds.LIFECYCLE, iceberg_losses.OPTIMIZER}

_HARMLESS_KUBERNETES: Final = {
    *POD_KINDS,
    "ClusterRole",
    "ClusterRoleBinding",
    "ConfigMap",
    "HorizontalPodAutoscaler",
    "Ingress",
    "IngressClass",
    "LimitRange",
    "NetworkPolicy",
    "PodDisruptionBudget",
    "PriorityClass",
    "ResourceQuota",
    "Role",
    "RoleBinding",
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
    tokens.GROUP_POSITION,
    "tls:index/certRequest:CertRequest",
}


def holds_nothing(kind: str) -> bool:
    """Tell whether resources of a type are known to hold no data that the program could not recreate."""
    base = kinds.base(kind)
    own = base.startswith("kubernetes:") and base.rpartition(":")[2] in _HARMLESS_KUBERNETES
    return own or base in _HARMLESS or base.startswith("pulumi:")


def known(kind: str) -> bool:
    """Tell whether the effect of a change on the data of a type can be judged."""
    base = kinds.base(kind)
    return base in HOLDS or (base in _CHANGES and base not in store_losses.STORES) or holds_nothing(kind)


def losses(step: Step, around: Surroundings) -> tuple[Loss, ...]:
    """Return the fate of a resource's data, a row for each kind of data; none if it is unaffected or the resource holds none."""
    if not step.state.custom:
        return ()
    return tuple(dict.fromkeys(_of(step, around)))


def _of(step: Step, around: Surroundings) -> Iterator[Loss]:
    kind = kinds.base(step.type)
    stays, silent = step.fate in ("update", "same"), kind not in HOLDS and holds_nothing(step.type)
    if step.opaque and not silent and step.fate != "create":
        yield Loss("check", "unknown", "all its properties are unknown or secret in the preview, so the fate of its data cannot be judged")
    elif step.fate in ("delete", "replace", "forget") and step.old:
        yield from _gone(step, around)
    elif step.fate == "update" or kind in _AT_ONCE:
        yield from _changed(step, around)
    if step.fate == "replace" and kind in _SETTINGS:
        yield from _changed(step, around)
    if step.fate in ("update", "replace"):
        yield from mount_losses.of_pods(step, around)
        yield from server_versions.of_images(step, around)
    if stays and not silent:
        yield from of_guards(step)
    yield from of_policies(step, around)
    yield from stops.of_connectors(step, around)
    if step.fate in ("create", "update", "replace"):
        yield from of_files(step, around)


def _changed(step: Step, around: Surroundings) -> Iterator[Loss]:
    yield from (one for change in _CHANGES.get(kinds.base(step.type), ()) for one in change(step, around))


def _gone(step: Step, around: Surroundings) -> Iterator[Loss]:
    kind = kinds.base(step.type)
    judge = HOLDS.get(kind) or (partial(_store, kind) if kind in store_losses.STORES else None)
    if step.fate == "forget" or (step.old and step.old.retained):
        yield from _left(step, around, judge)
    elif judge:
        yield from judge(step, around)
    elif not holds_nothing(step.type):
        yield from _unknown(step)


def _store(kind: str, step: Step, _around: Surroundings) -> Iterator[Loss]:
    return store_losses.of_store(kind, step)


def _left(step: Step, around: Surroundings, judge: Judge | None) -> Iterator[Loss]:
    """Yield the fate of a resource that leaves the stack without being deleted."""
    assert step.old is not None  # noqa: S101 - guaranteed by the caller
    if judge and kinds.base(step.type) in (kinds.SET, kinds.CLAIM) and around.leaves(around.namespace(step.old)):
        yield from judge(step, around)
    elif step.fate == "replace" and (judge or not holds_nothing(step.type)):
        yield Loss("check", "its data", "the old resource only leaves the stack (retain on delete); the new one begins without its data")
    elif judge or not holds_nothing(step.type):
        yield Loss("kept", "its data", "the resource only leaves the stack (retain on delete)")


def _unknown(step: Step) -> Iterator[Loss]:
    switch = emptied_by(step.old.inputs if step.old else {})
    if switch:
        yield Loss("lost", "everything in it", f"{switch} is true: the deletion takes its content with it")
    else:
        yield Loss("check", "unknown", f"this command does not know {step.type}: check what data it holds")
