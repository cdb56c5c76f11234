"""Data in managed stores: what a deletion takes with it, and what a change in place expires or no longer guards."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pipeline.review.findings import Findings
from pipeline.review.preview import Preview
from pipeline.review.secrecy import Hidden
from pipeline.review.store_losses import DATABASES, INSTANCES, STORES
from stack.unknown import UNKNOWN
from tests.review.steps import BUCKET, DATABASE, step, verdicts

if TYPE_CHECKING:
    from pipeline.review.step import Fate

CLUSTER, DYNAMODB, TABLE = "aws:rds/cluster:Cluster", "aws:dynamodb/table:Table", "iceberg:index:Table"
LOCK, OPTIMIZER = (
    "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration",
    "aws:glue/catalogTableOptimizer:CatalogTableOptimizer",
)
UNSEEN: tuple[object, ...] = (UNKNOWN, Hidden("x"))
SKIPPING = {"skipFinalSnapshot": True}


@pytest.mark.parametrize("fate", ["delete", "replace"])
@pytest.mark.parametrize("kind", STORES)
def test_a_store_that_goes_is_never_kept_without_a_reason(kind: str, fate: Fate) -> None:
    store = STORES[kind]
    found = verdicts(step(kind, {"name": "a"}, None if fate == "delete" else {"name": "b"}, fate))
    named = bool(store.skips) and bool(store.final)
    assert found == ({"check"} if named or store.empties or store.skips else {"lost"})
    bare = {store.skips: True, store.empties: True}
    assert verdicts(step(kind, {key: on for key, on in bare.items() if key}, None, fate)) == {"lost"}


@pytest.mark.parametrize(
    ("kind", "old", "verdict"),
    [
        *((kind, {**SKIPPING, "deletionProtection": True}, "check") for kind in DATABASES),
        *((kind, {**SKIPPING, "deletionProtection": one}, "check") for kind in DATABASES for one in UNSEEN),
        *((kind, {"skipFinalSnapshot": one}, "check") for kind in DATABASES for one in UNSEEN),
        *((kind, {"finalSnapshotIdentifier": "last"}, "check") for kind in DATABASES),
        *((kind, {**SKIPPING, "finalSnapshotIdentifier": "last"}, "lost") for kind in DATABASES),
        (DATABASE, {**SKIPPING, "deleteAutomatedBackups": False, "backupRetentionPeriod": 7}, "check"),
        (DATABASE, {**SKIPPING, "deleteAutomatedBackups": False, "backupRetentionPeriod": 0}, "lost"),
        (DATABASE, {"skipFinalSnapshot": "true"}, "lost"),
        (DYNAMODB, {"deletionProtectionEnabled": True}, "check"),
        (DYNAMODB, {"deletionProtectionEnabled": UNKNOWN}, "check"),
        (DYNAMODB, {"deletionProtectionEnabled": False}, "lost"),
        ("aws:efs/fileSystem:FileSystem", {"encrypted": True}, "lost"),
        ("aws:elasticache/replicationGroup:ReplicationGroup", {"finalSnapshotIdentifier": "last"}, "check"),
        ("aws:ebs/volume:Volume", {"finalSnapshot": True}, "check"),
        ("aws:ebs/volume:Volume", {"finalSnapshot": False}, "lost"),
        ("aws:cloudwatch/logGroup:LogGroup", {"skipDestroy": True}, "kept"),
        ("aws:cloudwatch/logGroup:LogGroup", {"skipDestroy": UNKNOWN}, "check"),
        ("aws:secretsmanager/secret:Secret", {"recoveryWindowInDays": 0}, "lost"),
        ("aws:secretsmanager/secret:Secret", {"recoveryWindowInDays": 7}, "check"),
        *((kind, {}, "kept") for kind in sorted(INSTANCES)),
    ],
)
def test_the_switches_of_a_store_decide(kind: str, old: dict[str, Any], verdict: str) -> None:
    assert verdicts(step(kind, old, None, "delete")) == {verdict}


def retention(mode: str = "COMPLIANCE", **times: Any) -> dict[str, Any]:
    """Return a lock on new objects."""
    return {"bucket": "b", "rule": {"defaultRetention": {"mode": mode, **times}}}


LOCKS: list[tuple[dict[str, Any], dict[str, Any] | None, bool]] = [
    (retention(days=30), retention(days=1), True),
    (retention(days=30), retention(days="1"), True),
    (retention(years=1), retention(days=30), True),
    (retention(days=30), retention("GOVERNANCE", days=30), True),
    (retention(days=30), {"bucket": "b"}, True),
    (retention(days=30), {"bucket": "b", "rule": UNKNOWN}, True),
    (retention(days=30), retention(days=UNKNOWN), True),
    (retention(days=30), None, True),
    (retention(days=30), retention(days=31), False),
    (retention(days=300), retention(years=1), False),
    (retention("GOVERNANCE", days=30), retention(days=30), False),
    ({"bucket": "b"}, retention(days=30), False),
]


@pytest.mark.parametrize(("old", "new", "told"), LOCKS)
def test_a_lock_that_ends_or_becomes_shorter_is_told(old: dict[str, Any], new: dict[str, Any] | None, told: bool) -> None:  # noqa: FBT001 - a parameter
    assert verdicts(step(LOCK, old, new, "update" if new else "delete")) == ({"check"} if told else set())
    if new is not None:
        inside = [{"objectLockConfiguration": {key: one[key] for key in ("rule",) if key in one}} for one in (old, new)]
        assert verdicts(step(BUCKET, *inside)) == ({"check"} if told else set())


@pytest.mark.parametrize(("on", "off"), [("ON", "OFF"), ("ACTIVE", "INACTIVE"), ("Enabled", "Disabled"), (True, False), (True, None)])
def test_a_guard_in_words_is_told(on: object, off: object) -> None:
    for kind, key in (
        ("aws:s3/bucketObjectv2:BucketObjectv2", "objectLockLegalHoldStatus"),
        ("aws:cognito/userPool:UserPool", "deletionProtection"),
    ):
        assert verdicts(step(kind, {key: on}, {key: off})) == {"check"}
        assert verdicts(step(kind, {key: off}, {key: on})) == set()


PITR = {"pointInTimeRecovery": {"enabled": True}}
DYNAMODB_CHANGES: list[tuple[dict[str, Any], dict[str, Any], bool]] = [
    ({}, {"ttl": {"enabled": True, "attributeName": "expires"}}, True),
    ({"ttl": {"enabled": False, "attributeName": "expires"}}, {"ttl": {"enabled": True, "attributeName": "expires"}}, True),
    ({"ttl": {"enabled": True, "attributeName": "a"}}, {"ttl": {"enabled": True, "attributeName": "b"}}, True),
    ({}, {"ttl": {"enabled": UNKNOWN, "attributeName": "expires"}}, True),
    ({"ttl": {"enabled": True, "attributeName": "a"}}, {"ttl": {"enabled": False, "attributeName": "a"}}, False),
    ({"ttl": {"enabled": True, "attributeName": "a"}}, {"ttl": {"enabled": True, "attributeName": "a"}, "tags": {"a": "b"}}, False),
    (PITR, {"pointInTimeRecovery": {"enabled": False}}, True),
    (PITR, {}, True),
    ({}, PITR, False),
    (
        {"pointInTimeRecovery": {"enabled": True, "recoveryPeriodInDays": 35}},
        {"pointInTimeRecovery": {"enabled": True, "recoveryPeriodInDays": 1}},
        True,
    ),
    ({"streamEnabled": True}, {"streamEnabled": False}, True),
    ({"replicas": [{"regionName": "eu-west-1"}]}, {"replicas": []}, True),
    ({"replicas": [{"regionName": "eu-west-1"}]}, {"replicas": [{"regionName": "eu-west-1"}, {"regionName": "eu-north-1"}]}, False),
    ({"readCapacity": 1}, {"readCapacity": 2}, False),
]


@pytest.mark.parametrize(("old", "new", "told"), DYNAMODB_CHANGES)
def test_a_table_of_dynamodb_that_expires_or_no_longer_backs_up_is_told(old: dict[str, Any], new: dict[str, Any], told: bool) -> None:  # noqa: FBT001 - a parameter
    assert verdicts(step(DYNAMODB, old, new)) == ({"check"} if told else set())


@pytest.mark.parametrize("kind", DATABASES)
def test_backups_of_a_database_that_are_deleted_are_told(kind: str) -> None:
    assert verdicts(step(kind, {"backupRetentionPeriod": 7}, {"backupRetentionPeriod": 0})) == {"lost", "check"}
    assert verdicts(step(kind, {"backupRetentionPeriod": 7}, {"backupRetentionPeriod": 1})) == {"check"}
    assert verdicts(step(kind, {"backupRetentionPeriod": 1}, {"backupRetentionPeriod": 7})) == set()
    assert verdicts(step(kind, {"backtrackWindow": 86400}, {"backtrackWindow": 0})) == {"check"}


def test_logs_without_end_that_get_one_are_told() -> None:
    logs = "aws:cloudwatch/logGroup:LogGroup"
    for old, new, told in (
        ({}, 30, True),
        ({"retentionInDays": 0}, 30, True),
        ({"retentionInDays": 30}, 0, False),
        ({"retentionInDays": 7}, 30, False),
    ):
        assert verdicts(step(logs, old, {"retentionInDays": new})) == ({"check"} if told else set())
    assert verdicts(step(logs, {"retentionInDays": 30}, {"retentionInDays": 7})) == {"check"}


AGE, LEAST, REFS = "history.expire.max-snapshot-age-ms", "history.expire.min-snapshots-to-keep", "history.expire.max-ref-age-ms"
DELETES, VERSIONS, GC = "write.metadata.delete-after-commit.enabled", "write.metadata.previous-versions-max", "gc.enabled"
PROPERTIES: list[tuple[dict[str, Any], dict[str, Any], bool]] = [
    ({AGE: "432000000"}, {AGE: "3600000"}, True),
    ({}, {AGE: "3600000"}, True),
    ({AGE: "864000000"}, {}, True),
    ({AGE: "3600000"}, {AGE: "432000000"}, False),
    ({}, {AGE: "864000000"}, False),
    ({AGE: "432000000"}, {AGE: UNKNOWN}, True),
    ({LEAST: "100"}, {LEAST: "1"}, True),
    ({LEAST: "1"}, {LEAST: "100"}, False),
    ({}, {REFS: "86400000"}, True),
    ({REFS: "86400000"}, {}, False),
    ({}, {DELETES: "true"}, True),
    ({DELETES: "true"}, {DELETES: "false"}, False),
    ({VERSIONS: "100"}, {VERSIONS: "2"}, True),
    ({GC: "false"}, {GC: "true"}, True),
    ({GC: "false"}, {}, True),
    ({}, {"write.parquet.compression-codec": "zstd"}, False),
]


@pytest.mark.parametrize(("old", "new", "told"), PROPERTIES)
def test_snapshots_that_a_table_expires_sooner_are_told(old: dict[str, Any], new: dict[str, Any], told: bool) -> None:  # noqa: FBT001 - a parameter
    assert verdicts(step(TABLE, {"properties": old}, {"properties": new})) == ({"check"} if told else set())
    if told:
        assert verdicts(step(TABLE, {"properties": old}, {"properties": UNKNOWN})) == {"check"}


def optimizer(kind: str = "retention", *, enabled: bool = True, **numbers: Any) -> dict[str, Any]:
    """Return an optimizer of Glue."""
    inner = {"retentionConfiguration": {"icebergConfiguration": numbers}}
    return {"type": kind, "tableName": "t", "configuration": {"enabled": enabled, **inner}}


def test_an_optimizer_that_deletes_snapshots_is_told() -> None:
    for kind, told in (("retention", True), ("orphan_file_deletion", True), ("compaction", False)):
        assert verdicts(step(OPTIMIZER, None, optimizer(kind), "create")) == ({"check"} if told else set())
        assert verdicts(step(OPTIMIZER, None, optimizer(kind, enabled=False), "create")) == set()
        assert verdicts(step(OPTIMIZER, optimizer(kind, enabled=False), optimizer(kind))) == ({"check"} if told else set())
    for key, more, less in (("snapshotRetentionPeriodInDays", 30, 1), ("numberOfSnapshotsToRetain", 10, 1)):
        assert verdicts(step(OPTIMIZER, optimizer(**{key: more}), optimizer(**{key: less}))) == {"check"}
        assert verdicts(step(OPTIMIZER, optimizer(**{key: less}), optimizer(**{key: more}))) == set()
    assert verdicts(step(OPTIMIZER, optimizer(), optimizer(cleanExpiredFiles=True))) == {"check"}


@pytest.mark.parametrize(
    ("kind", "part", "key"),
    [
        ("aws:s3tables/table:Table", "icebergSnapshotManagement", "maxSnapshotAgeHours"),
        ("aws:s3tables/table:Table", "icebergSnapshotManagement", "minSnapshotsToKeep"),
        ("aws:s3tables/tableBucket:TableBucket", "icebergUnreferencedFileRemoval", "unreferencedDays"),
    ],
)
def test_maintenance_of_s3_tables_that_keeps_less_is_told(kind: str, part: str, key: str) -> None:
    more, less = ({"maintenanceConfiguration": {part: {"status": "enabled", "settings": {key: number}}}} for number in (200, 1))
    assert verdicts(step(kind, more, less)) == {"check"}
    assert verdicts(step(kind, less, more)) == set()
    assert verdicts(step(kind, more, {"maintenanceConfiguration": UNKNOWN})) == {"check"}


def test_daily_backups_of_a_file_system_that_end_are_told() -> None:
    kind = "aws:efs/backupPolicy:BackupPolicy"
    on, off = ({"backupPolicy": {"status": status}} for status in ("ENABLED", "DISABLED"))
    assert verdicts(step(kind, on, off)) == verdicts(step(kind, on, None, "delete")) == {"check"}
    assert verdicts(step(kind, off, on)) == set()


def test_a_change_of_a_store_that_no_table_describes_is_not_judged() -> None:
    for kind in (DATABASE, DYNAMODB, "aws:efs/fileSystem:FileSystem"):
        found = Findings.of(Preview(steps=(step(kind, {"a": 1}, {"a": 2}),), complete=True, succeeded=True))
        assert [one.type for one in found.unjudged] == [kind]
