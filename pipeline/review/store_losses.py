"""Fate of the data in managed stores of AWS: databases, file systems, streams, caches, queues, logs and backups."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pipeline.review.inputs import at, closed, mapping, mappings, text, truth, whole
from pipeline.review.loss import UNSEEN, Loss

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from pipeline.review.step import Step
    from pipeline.review.surroundings import Surroundings

_FAILS: Final = "the update fails halfway"


@dataclass(frozen=True, slots=True)
class Store:
    """A store whose deletion takes its data with it.

    Attributes:
        what: Its data.
        protected_by: Switch with which the provider refuses the deletion.
        skips: Switch that skips a last snapshot, without which the deletion needs a name for one.
        final: Name of, or switch for, a last snapshot; without it, none is made.
        empties: Switch without which the provider refuses to delete a store with content.
        keeps: Switch that leaves the store behind.
    """

    what: str
    protected_by: str = ""
    skips: str = ""
    final: str = ""
    empties: str = ""
    keeps: str = ""


_DATABASE: Final = Store("every table and row", "deletionProtection", skips="skipFinalSnapshot", final="finalSnapshotIdentifier")
_CACHE: Final = Store("every key", final="finalSnapshotIdentifier")
_SNAPSHOT: Final = Store("the snapshot")
_FILES: Final = Store("every file", skips="skipFinalBackup")
STORES: Final[Mapping[str, Store]] = {
    "aws:rds/instance:Instance": _DATABASE,
    "aws:rds/cluster:Cluster": _DATABASE,
    "aws:docdb/cluster:Cluster": _DATABASE,
    "aws:neptune/cluster:Cluster": _DATABASE,
    "aws:redshift/cluster:Cluster": Store("every table and row", skips="skipFinalSnapshot", final="finalSnapshotIdentifier"),
    "aws:rds/snapshot:Snapshot": _SNAPSHOT,
    "aws:rds/clusterSnapshot:ClusterSnapshot": _SNAPSHOT,
    "aws:ebs/snapshot:Snapshot": _SNAPSHOT,
    "aws:ebs/volume:Volume": Store("the whole volume", final="finalSnapshot"),
    "aws:dynamodb/table:Table": Store("every item", "deletionProtectionEnabled"),
    "aws:dynamodb/tableItem:TableItem": Store("the item"),
    "aws:efs/fileSystem:FileSystem": Store("every file"),
    "aws:fsx/lustreFileSystem:LustreFileSystem": _FILES,
    "aws:fsx/openZfsFileSystem:OpenZfsFileSystem": _FILES,
    "aws:fsx/windowsFileSystem:WindowsFileSystem": _FILES,
    "aws:fsx/ontapVolume:OntapVolume": _FILES,
    "aws:kinesis/stream:Stream": Store("every record in it"),
    "aws:msk/cluster:Cluster": Store("every topic and its records"),
    "aws:msk/serverlessCluster:ServerlessCluster": Store("every topic and its records"),
    "aws:sqs/queue:Queue": Store("every message in it"),
    "aws:elasticache/cluster:Cluster": _CACHE,
    "aws:elasticache/replicationGroup:ReplicationGroup": _CACHE,
    "aws:memorydb/cluster:Cluster": Store("every key", final="finalSnapshotName"),
    "aws:opensearch/domain:Domain": Store("every index"),
    "aws:elasticsearch/domain:Domain": Store("every index"),
    "aws:timestreamwrite/table:Table": Store("every record"),
    "aws:keyspaces/table:Table": Store("every row"),
    "aws:s3tables/table:Table": Store("the table's files and snapshots"),
    "aws:s3tables/tableBucket:TableBucket": Store("every table in it", empties="forceDestroy"),
    "aws:ecr/repository:Repository": Store("every image", empties="forceDelete"),
    "aws:backup/vault:Vault": Store("every backup in it", empties="forceDestroy"),
    "aws:cloudwatch/logGroup:LogGroup": Store("every line of its logs", keeps="skipDestroy"),
}
# Databases whose rows are in their cluster
INSTANCES: Final = {f"aws:{family}/clusterInstance:ClusterInstance" for family in ("rds", "docdb", "neptune")}
SECRET: Final = "aws:secretsmanager/secret:Secret"  # noqa: S105 - a type
DYNAMODB: Final = "aws:dynamodb/table:Table"
DATABASES: Final = ("aws:rds/instance:Instance", "aws:rds/cluster:Cluster")
EFS_BACKUPS: Final = "aws:efs/backupPolicy:BackupPolicy"


def of_store(kind: str, step: Step) -> Iterator[Loss]:
    """Yield the fate of a deleted or replaced store's data."""
    store, old = STORES[kind], step.old.inputs if step.old else {}
    protected = truth(at(old, store.protected_by)) if store.protected_by else False
    if protected:
        yield Loss("check", store.what, f"{store.protected_by} is on, so that the deletion is refused: {_FAILS}")
    elif store.keeps and truth(at(old, store.keeps)) is not False:
        sure = truth(at(old, store.keeps))
        yield Loss("kept" if sure else "check", store.what, f"{store.keeps} {'leaves it behind' if sure else f'is {UNSEEN}'}")
    elif store.empties and not truth(at(old, store.empties)):
        refused = f"{store.empties} is not true: the provider refuses to delete it with content, and {_FAILS}"
        yield Loss("check", store.what, refused)
    elif protected is None:
        yield Loss("check", store.what, f"{store.protected_by} is {UNSEEN}; if it is false, the data goes")
    else:
        yield _with_snapshot(store, old)


def _with_snapshot(store: Store, old: Mapping[str, Any]) -> Loss:
    """Return the fate of a store that is deleted, by the snapshot that is left of it."""
    skipped = truth(at(old, store.skips)) if store.skips else None
    given = at(old, store.final) if store.final else None
    backups = "the automated backups stay for their time" if truth(at(old, "deleteAutomatedBackups")) is False and _has(old) else ""
    if store.skips and skipped is None:
        return Loss("check", store.what, f"{store.skips} is {UNSEEN}; if it is true, nothing is left")
    if skipped is False and store.final and given is None:
        return Loss("check", store.what, f"a last snapshot needs {store.final}, which is not set: {_FAILS}")
    if skipped is False or (not store.skips and store.final and given not in (None, False, "", "false")):
        return Loss("check", store.what, "only a last snapshot stays, which has to be restored")
    if backups:
        return Loss("check", store.what, f"{store.skips} is true, so that no last snapshot is made; {backups}")
    return Loss("lost", store.what, f"{store.skips} is true: no last snapshot is made" if store.skips else "it goes with its store")


def _has(old: Mapping[str, Any]) -> bool:
    """Return whether a database has a time for which its automated backups are kept."""
    return bool(at(old, "deleteAutomatedBackups") is not None and (whole(at(old, "backupRetentionPeriod")) or 0) > 0)


def of_instance(_step: Step, _around: Surroundings) -> Iterator[Loss]:
    """Yield the fate of an instance of a cluster."""
    yield Loss("kept", "every row", "rows are in the cluster, not in its instances")


def of_secret(step: Step, _around: Surroundings) -> Iterator[Loss]:
    """Yield the fate of a deleted secret."""
    days = at(step.old.inputs if step.old else {}, "recoveryWindowInDays")
    if whole(days) == 0:
        yield Loss("lost", "the secret and all its versions", "recoveryWindowInDays is 0: nothing can restore it")
    else:
        yield Loss("check", "the secret", "it can be restored for as long as recoveryWindowInDays says (30 days without it)")


def of_database_change(step: Step, _around: Surroundings) -> Iterator[Loss]:
    """Yield the end of a database's automated backups."""
    if step.old and step.new:
        old, new = (at(state.inputs, "backupRetentionPeriod") for state in (step.old, step.new))
        if whole(new) == 0 and whole(old) != 0 and old is not None:
            yield Loss(
                "lost", "its automated backups", f"backupRetentionPeriod {old} → 0 deletes them, and no point in time can be restored"
            )


def of_dynamodb_change(step: Step, _around: Surroundings) -> Iterator[Loss]:
    """Yield the items that a table begins to expire, and the backups, streams and copies that it loses."""
    if step.old is None or step.new is None:
        return
    old, new = step.old.inputs, step.new.inputs
    before, after = ((truth(at(one, "ttl", "enabled")), text(one, "ttl", "attributeName")) for one in (old, new))
    if after[0] is not False and before != after:
        shown = after[1] if after[0] and after[1] else UNSEEN
        yield Loss("check", "items", f"ttl is on for {shown}: items whose time has passed are deleted")
    for path, what in ((("pointInTimeRecovery", "enabled"), "its continuous backups"), (("streamEnabled",), "changes in its stream")):
        if truth(at(old, *path)) and truth(at(new, *path)) is not True:
            yield Loss("check", what, f"{'.'.join(path)} is switched off: what it held is deleted")
    yield from _fewer_days(old, new, ("pointInTimeRecovery", "recoveryPeriodInDays"), "its continuous backups")
    regions = [{str(at(one, "regionName")) for one in mappings(state, "replicas")} for state in (old, new)]
    gone = sorted(regions[0] - regions[1])
    if gone:
        yield Loss("check", "copies of its items", f"the replicas in {', '.join(gone)} are deleted; the table itself stays")
    if closed(at(new, "replicas")) and regions[0]:
        yield Loss("check", "copies of its items", f"its replicas are {UNSEEN}")


def _fewer_days(old: Mapping[str, Any], new: Mapping[str, Any], path: tuple[str, ...], what: str) -> Iterator[Loss]:
    one, other = at(old, *path), at(new, *path)
    before, after = whole(one), whole(other)
    if one is not None and one != other and (before is None or after is None or after < before):
        yield Loss("check", what, f"{'.'.join(path)} {one} → {'(its own)' if other is None else other}: less is kept")


def of_efs_backups(step: Step, _around: Surroundings) -> Iterator[Loss]:
    """Yield the end of a file system's daily backups."""
    old = text(step.old.inputs if step.old else {}, "backupPolicy", "status")
    new = at(step.new.inputs if step.new else {}, "backupPolicy", "status")
    if old == "ENABLED" and new != "ENABLED":
        yield Loss("check", "its daily backups", "no further ones are made, and the old ones go with their time")


def of_object_lock(step: Step, _around: Surroundings) -> Iterator[Loss]:
    """Yield the end, or a shorter time, of the lock that a bucket puts on its new objects."""
    old, new = (_lock(state.inputs) if state else None for state in (step.old, step.new))
    if old is None or old == new:
        return
    told = "its default retention ends"
    if new is not None:
        if closed(new):
            told = f"its default retention is {UNSEEN}"
        elif old.get("mode") == "COMPLIANCE" and new.get("mode") != "COMPLIANCE":
            told = "its mode COMPLIANCE ends"
        elif closed(old) or _days(new) < _days(old):
            told = (
                f"its default retention becomes {_days(new)} days instead of {_days(old)}"
                if not closed(old)
                else f"its old one is {UNSEEN}"
            )
        else:
            return
    yield Loss("check", "objects written from now on", f"{told}: they can be deleted sooner; the old objects keep their lock")


def _lock(inputs: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the default retention of a bucket's objects, in a resource of its own or in the bucket; None without one."""
    rule = at(inputs, "rule") if "rule" in inputs else at(inputs, "objectLockConfiguration", "rule")
    if rule is None:
        return None
    if closed(rule):
        return {"mode": rule}
    found = mapping(rule, "defaultRetention")
    return found or None


def _days(lock: Mapping[str, Any]) -> int:
    return (whole(lock.get("days")) or 0) + 365 * (whole(lock.get("years")) or 0)
