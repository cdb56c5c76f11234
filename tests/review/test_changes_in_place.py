"""Data that an update loses without a deletion: what expires earlier, or is no longer guarded."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import pytest

from pipeline.review.findings import Findings
from pipeline.review.preview import Preview
from pipeline.review.secrecy import Hidden
from pipeline.review.step import State, Step
from stack.unknown import UNKNOWN
from tests.review.steps import BUCKET, CONFIG_MAP, CONNECTOR, DATABASE, LIFECYCLE, SET, TOPIC, VERSIONING, step, verdicts

if TYPE_CHECKING:
    from pipeline.review.step import Fate


def rule(**parts: Any) -> dict[str, Any]:
    return {"id": "r", "status": "Enabled", "filter": {}, **parts}


EXPIRING: list[tuple[dict[str, Any] | None, dict[str, Any], bool]] = [
    (rule(noncurrentVersionExpiration={"noncurrentDays": 365}), rule(noncurrentVersionExpiration={"noncurrentDays": 1}), True),
    (rule(noncurrentVersionExpiration={"noncurrentDays": 1}), rule(noncurrentVersionExpiration={"noncurrentDays": 365}), False),
    (rule(noncurrentVersionExpiration={"noncurrentDays": 7}), rule(noncurrentVersionExpiration={"noncurrentDays": "7"}), False),
    (rule(noncurrentVersionExpiration={"noncurrentDays": 7}), rule(noncurrentVersionExpiration={"noncurrentDays": "1"}), True),
    (
        rule(noncurrentVersionExpiration={"noncurrentDays": 7, "newerNoncurrentVersions": 9}),
        rule(noncurrentVersionExpiration={"noncurrentDays": 7, "newerNoncurrentVersions": 1}),
        True,
    ),
    (None, rule(expiration={"days": 1}), True),
    (None, rule(expiration={"days": 1}, status="Disabled"), False),
    (rule(expiration={"days": 1}, status="Disabled"), rule(expiration={"days": 1}), True),
    (rule(expiration={"days": 9}, filter={"prefix": "logs/"}), rule(expiration={"days": 9}), True),
    (rule(expiration={"days": 9}), rule(expiration={"days": 9}, filter={"prefix": "logs/"}), False),
    (rule(expiration={"days": 9}, filter={"tag": {"key": "a", "value": "b"}}), rule(expiration={"days": 9}), True),
    (
        rule(expiration={"days": 9}, filter={"and": {"prefix": "a/", "tags": {"k": "v"}}}),
        rule(expiration={"days": 9}, filter={"prefix": "a/"}),
        True,
    ),
    (None, rule(expiration={"date": "2027-01-01T00:00:00Z"}), True),
    (None, rule(expiration={"expiredObjectDeleteMarker": True}), False),
    (None, rule(abortIncompleteMultipartUpload={"daysAfterInitiation": 1}), False),
    (None, rule(transitions=[{"days": 30, "storageClass": "GLACIER"}]), False),
]


@pytest.mark.parametrize(("old", "new", "losing"), EXPIRING)
@pytest.mark.parametrize("kind", [LIFECYCLE, LIFECYCLE.replace("Configuration", "ConfigurationV2")])
def test_a_lifecycle_rule_that_deletes_more_loses_data(kind: str, old: dict[str, Any] | None, new: dict[str, Any], losing: bool) -> None:  # noqa: FBT001 - a parameter
    before = {"bucket": "b", "rules": [old] if old else []}
    assert verdicts(step(kind, before, {"bucket": "b", "rules": [new]})) == ({"lost"} if losing else set())


@pytest.mark.parametrize("kind", [BUCKET, "aws:s3/bucketV2:BucketV2"])
def test_a_lifecycle_rule_in_the_bucket_counts_too(kind: str) -> None:
    for new in ({"expiration": {"days": 1}}, {"expirations": [{"days": 1}]}, {"noncurrentVersionExpiration": {"days": 3}}):
        assert verdicts(step(kind, {"bucket": "b"}, {"bucket": "b", "lifecycleRules": [{"enabled": True, **new}]})) == {"lost"}
        assert verdicts(step(kind, {"bucket": "b"}, {"bucket": "b", "lifecycleRules": [{"enabled": False, **new}]})) == set()


def test_first_rules_lose_data_where_the_bucket_exists_and_nowhere_else() -> None:
    made = step(LIFECYCLE, None, {"bucket": "b", "rules": [rule(expiration={"days": 1})]}, "create")
    derived = step(LIFECYCLE, None, {"bucket": UNKNOWN, "rules": [rule(expiration={"days": 1})]}, "create")
    stays, fresh = step(BUCKET, {"bucket": "b"}, {"bucket": "b"}, "same"), step(BUCKET, None, {"bucket": "b"}, "create")
    assert verdicts(made, stays) == verdicts(derived, stays) == {"lost"}
    assert verdicts(made, fresh) == verdicts(derived, fresh) == set()
    assert verdicts(made) == {"check"}


@pytest.mark.parametrize("rules", [UNKNOWN, Hidden("x"), [rule(expiration=UNKNOWN)], [rule(expiration={"days": UNKNOWN})], [UNKNOWN]])
def test_a_lifecycle_rule_that_is_not_shown_is_to_be_checked(rules: object) -> None:
    assert verdicts(step(LIFECYCLE, {"bucket": "b", "rules": []}, {"bucket": "b", "rules": rules})) == {"check"}


@pytest.mark.parametrize("status", ["Suspended", "Disabled", "", None, UNKNOWN, Hidden("x")])
def test_the_end_of_versioning_is_told(status: object) -> None:
    old, new = ({"bucket": "b", "versioningConfiguration": {"status": one}} for one in ("Enabled", status))
    for kind in (VERSIONING, "aws:s3/bucketVersioningV2:BucketVersioningV2"):
        assert verdicts(step(kind, old, new)) == verdicts(step(kind, old, new, "replace")) == {"check"}
        assert verdicts(step(kind, new, old)) == set()
    assert verdicts(step(BUCKET, {"versioning": {"enabled": True}}, {"versioning": {"enabled": status or False}})) == {"check"}


TRUE, FALSE = (True, "true", "True", "TRUE", "t", "1", 1), (False, "false", "0", None)


@pytest.mark.parametrize(
    ("kind", "key"), [(BUCKET, "forceDestroy"), ("aws:s3/bucketV2:BucketV2", "forceDestroy"), (DATABASE, "skipFinalSnapshot")]
)
def test_a_switch_that_lets_a_deletion_take_the_data_is_told_in_every_spelling(kind: str, key: str) -> None:
    for off, on in itertools.product(FALSE, TRUE):
        assert verdicts(step(kind, {key: off}, {key: on})) == {"check"}
        assert verdicts(step(kind, {key: on}, {key: off})) == set()
    for unseen in (UNKNOWN, Hidden("x")):
        assert verdicts(step(kind, {key: False}, {key: unseen})) == {"check"}


@pytest.mark.parametrize("kind", [BUCKET, "aws:s3/bucketV2:BucketV2"])
def test_a_bucket_that_is_emptied_is_lost_in_every_spelling(kind: str) -> None:
    for fate, on in itertools.product(("delete", "replace"), TRUE):
        assert verdicts(step(kind, {"forceDestroy": on}, {} if fate == "replace" else None, fate)) == {"lost"}
    assert verdicts(step(kind, {"forceDestroy": UNKNOWN}, None, "delete")) == {"check"}
    assert verdicts(step("iceberg:index:Table", {"deleteOnDestroy": "true"}, None, "delete")) == {"lost"}
    assert verdicts(step("iceberg:index:Table", {"deleteOnDestroy": Hidden("x")}, None, "delete")) == {"check"}


@pytest.mark.parametrize("kind", [SET, TOPIC, BUCKET, DATABASE])
@pytest.mark.parametrize("fate", ["same", "update"])
@pytest.mark.parametrize("guard", ["protected", "retained"])
def test_a_guard_that_is_taken_away_is_told(kind: str, fate: Fate, guard: str) -> None:
    assert verdicts(step(kind, {"a": 1}, {"a": 1}, fate, **{guard: True})) == {"check"}
    kept = Step(urn=f"urn:pulumi:s::p::{kind}::one", fate=fate, old=State(inputs={}), new=State(inputs={}, **{guard: True}))
    assert verdicts(kept) == set()


@pytest.mark.parametrize("fate", ["update", "replace"])
@pytest.mark.parametrize(("policy", "told"), [("Delete", True), (None, True), (UNKNOWN, True), ("Retain", False)])
def test_a_class_of_storage_whose_volumes_no_longer_outlive_their_claims_is_told(fate: Fate, policy: object, told: bool) -> None:  # noqa: FBT001 - a parameter
    old, new = {"reclaimPolicy": "Retain"}, {} if policy is None else {"reclaimPolicy": policy}
    assert verdicts(step("kubernetes:storage.k8s.io/v1:StorageClass", old, new, fate)) == ({"check"} if told else set())
    assert verdicts(step("kubernetes:storage.k8s.io/v1:StorageClass", new, old, fate)) == set()


@pytest.mark.parametrize("change", ["unmounted", "beside", "same"])
def test_a_volume_that_no_container_mounts_any_more_is_told(change: str) -> None:
    def workload(*mounts: str) -> dict[str, Any]:
        containers = [{"name": f"c{at}", "volumeMounts": [{"name": one, "mountPath": "/d"}]} for at, one in enumerate(mounts)]
        claim = {"metadata": {"name": "data"}, "spec": {"resources": {"requests": {"storage": "5Gi"}}}}
        return {"metadata": {"name": "db"}, "spec": {"volumeClaimTemplates": [claim], "template": {"spec": {"containers": containers}}}}

    now = {"unmounted": ("tmp",), "beside": ("tmp", "data"), "same": ("data", "tmp")}[change]
    assert verdicts(step(SET, workload("data", "tmp"), workload(*now))) == ({"check"} if change == "unmounted" else set())


def test_a_network_policy_has_no_data_to_guard() -> None:
    assert verdicts(step("kubernetes:networking.k8s.io/v1:NetworkPolicy", {}, {}, "same", protected=True)) == set()


BROKERS = {"data": {"kafka-0.properties": "process.roles=broker\nlog.dirs=/d\n"}}
RETENTION: list[tuple[str, object, object, set[str]]] = [
    ("retention.ms", "604800000", "1e3", {"check"}),
    ("retention.ms", "604800000", "1000", {"lost"}),
    ("retention.ms", "604800000", 1000, {"lost"}),
    ("retention.ms", "604800000", 1000.0, {"lost"}),
    ("retention.ms", "604800000", " 1000 ", {"lost"}),
    ("retention.ms", "604800000", "+1000", {"lost"}),
    ("retention.ms", "604800000", "1_000", {"check"}),
    ("retention.ms", "604800000", "0x10", {"check"}),
    ("retention.ms", "604800000", "1" * 30, {"check"}),
    ("retention.ms", "604800000", "1" * 5000, {"check"}),
    ("retention.ms", "604800000", UNKNOWN, {"check"}),
    ("retention.ms", "604800000", [1], {"check"}),
    ("retention.ms", "-1", None, {"lost"}),
    ("retention.ms", "60000", None, set()),
    ("retention.ms", None, "604800001", set()),
    ("retention.ms", None, "604799999", {"lost"}),
    ("retention.bytes", "-1", None, set()),
    ("retention.bytes", "5", None, set()),
    ("retention.bytes", None, "5", {"lost"}),
    ("cleanup.policy", "compact,delete", "delete, compact", set()),
    ("cleanup.policy", "compact,delete", "compact", set()),
    ("cleanup.policy", "delete", "compact,delete", {"lost"}),
    ("cleanup.policy", "delete", UNKNOWN, {"check"}),
    ("unclean.leader.election.enable", "false", "true", {"check"}),
    ("min.insync.replicas", "2", "1", {"check"}),
]


@pytest.mark.parametrize(("key", "old", "new", "verdict"), RETENTION)
def test_a_topic_that_keeps_less(key: str, old: object, new: object, verdict: set[str]) -> None:
    before, after = ({"name": "t", "config": {} if value is None else {key: value}} for value in (old, new))
    assert verdicts(step(TOPIC, before, after), step(CONFIG_MAP, BROKERS, BROKERS, "same")) == verdict


def test_a_removed_retention_is_to_be_checked_where_the_brokers_files_are_not_shown() -> None:
    assert verdicts(step(TOPIC, {"config": {"retention.ms": "-1"}}, {"config": {}})) == {"check"}
    assert verdicts(step(TOPIC, {"config": {"retention.ms": "-1"}}, {"config": UNKNOWN})) == {"check"}
    assert verdicts(step(TOPIC, {"replicationFactor": 3}, {"replicationFactor": 1})) == {"check"}


def test_a_connector_of_the_same_name_that_captures_something_else_is_not_called_kept() -> None:
    old, new = ({"name": "a", "config": {"slot.name": slot}} for slot in ("one", "two"))
    assert verdicts(step(CONNECTOR, old, new, "replace")) == {"check"}
    assert verdicts(step(CONNECTOR, {"name": "a", "config": Hidden("x")}, None, "delete")) == {"check"}
    assert verdicts(step(CONNECTOR, {"config": {}}, {"config": {"table.exclude.list": "a.b"}})) == {"check"}


def test_a_type_that_is_not_known_is_named_as_not_judged() -> None:
    def findings(*steps: Step) -> Findings:
        return Findings.of(Preview(steps=steps, complete=True, succeeded=True))

    assert [one.type for one in findings(step(DATABASE, {"a": 1}, {"a": 2})).unjudged] == [DATABASE]
    assert findings(step(TOPIC, {"a": 1}, {"a": 2})).unjudged == ()
    assert findings(step(DATABASE, {"backupRetentionPeriod": 7}, {"backupRetentionPeriod": 0})).unjudged == ()
    assert verdicts(step(DATABASE, {"deletionProtection": True}, {})) == {"check"}
    assert verdicts(step(DATABASE, {"backupRetentionPeriod": 7}, {"backupRetentionPeriod": "1"})) == {"check"}
