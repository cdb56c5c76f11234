"""Data loss, by resource type and the setting that decides."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from pipeline.review.findings import Findings
from pipeline.review.kinds import base
from pipeline.review.losses import HOLDS, holds_nothing, losses
from pipeline.review.reading import read
from pipeline.review.step import Fate, State, Step
from pipeline.review.surroundings import Surroundings
from tests.declared import STACKS, Declared
from tests.review.previews import text

if TYPE_CHECKING:
    from pipeline.review.loss import Loss


def step(kind: str, fate: Fate, old: dict[str, Any] | None, new: dict[str, Any] | None = None, **state: Any) -> Step:
    """Return one resource of a type, before and after."""
    return Step(
        urn=f"urn:pulumi:s::p::{kind}::one",
        fate=fate,
        old=None if old is None else State(inputs=old, **state),
        new=None if new is None else State(inputs=new),
    )


def loss(of: Step, around: Surroundings) -> Loss | None:
    """Return the only row about a resource, or None."""
    rows = losses(of, around)
    assert len(rows) <= 1, rows
    return rows[0] if rows else None


CONNECTOR, TOPIC, BUCKET = "kafkaconnect:index:Connector", "kafka:index/topic:Topic", "aws:s3/bucket:Bucket"
SET, CLAIM = "kubernetes:apps/v1:StatefulSet", "kubernetes:core/v1:PersistentVolumeClaim"


def stateful(storage_class: str = "fast", retention: str | None = None, size: str = "5Gi") -> dict[str, Any]:
    claim = {"metadata": {"name": "data"}, "spec": {"storageClassName": storage_class, "resources": {"requests": {"storage": size}}}}
    spec: dict[str, Any] = {"replicas": 3, "volumeClaimTemplates": [claim]}
    if retention:
        spec["persistentVolumeClaimRetentionPolicy"] = {"whenDeleted": retention}
    return {"metadata": {"name": "kafka", "namespace": "space"}, "spec": spec}


SOURCE = {"name": "source", "config": {"connector.class": "io.debezium.connector.postgresql.PostgresConnector", "slot.name": "a_slot"}}
SINK = {"name": "sink", "config": {"connector.class": "org.apache.iceberg.connect.IcebergSinkConnector"}}
SPACE = {"metadata": {"name": "space"}}
GOING = Surroundings(leaving=frozenset({"space"}))
KEPT = Surroundings(leaving=frozenset({"space"}), reclaim={"fast": "Retain"})

CASES: dict[str, tuple[Step, Surroundings, str | None, str]] = {
    "a set is deleted": (step(SET, "delete", stateful()), Surroundings(), "kept", "until they are deleted manually"),
    "a set is replaced": (step(SET, "replace", stateful(), stateful()), Surroundings(), "kept", "use the existing claims"),
    "a set with another size": (step(SET, "replace", stateful(), stateful(size="6Gi")), Surroundings(), "kept", "old size and class"),
    "a set that deletes its claims": (step(SET, "delete", stateful(retention="Delete")), Surroundings(), "lost", "whenDeleted: Delete"),
    "a set whose namespace goes": (step(SET, "replace", stateful(), stateful()), GOING, "lost", "namespace space is deleted"),
    "a set whose volumes are retained": (step(SET, "replace", stateful(), stateful()), KEPT, "check", "new pods begin empty"),
    "a set without volumes": (step(SET, "delete", {"spec": {}}), Surroundings(), None, ""),
    "a claim": (step(CLAIM, "delete", {"metadata": {"name": "d"}}), Surroundings(), "lost", "deleted with its claim"),
    "a bucket to be emptied": (step(BUCKET, "delete", {"forceDestroy": True}), Surroundings(), "lost", "forceDestroy"),
    "a bucket not to be emptied": (step(BUCKET, "delete", {"bucket": "b"}), Surroundings(), "check", "S3 refuses"),
    "a bucket that only leaves the stack": (
        step(BUCKET, "delete", {"bucket": "b"}, retained=True),
        Surroundings(),
        "kept",
        "leaves the stack",
    ),
    "a change topic": (step(TOPIC, "delete", {"name": "postgres.public.users"}), Surroundings(), "lost", "nowhere else"),
    "schemas of either registry": (step(TOPIC, "delete", {"name": "_schemas"}), Surroundings(), "lost", "no longer be read"),
    "the state of connectors": (step(TOPIC, "delete", {"name": "connect-status"}), Surroundings(), "kept", "writes it again"),
    "a table that is dropped": (
        step("iceberg:index:Table", "delete", {"deleteOnDestroy": True}),
        Surroundings(),
        "lost",
        "drops the table",
    ),
    "a table that outlives the stack": (step("iceberg:index:Table", "delete", {}), Surroundings(), "kept", "stays in the catalog"),
    "a source connector": (step(CONNECTOR, "delete", SOURCE), Surroundings(), "check", "retains WAL"),
    "a source connector that drops its slot": (
        step(CONNECTOR, "delete", {**SOURCE, "removal": {"config": {"slot.drop.on.stop": "true"}}}),
        Surroundings(),
        "check",
        "the slot is dropped",
    ),
    "a connector of the same name": (step(CONNECTOR, "replace", SINK, SINK), Surroundings(), "kept", "continues where"),
    "a connector of another name": (step(CONNECTOR, "replace", SINK, {**SINK, "name": "b"}), Surroundings(), "check", "from the start"),
    "a connector whose position goes": (
        step(CONNECTOR, "replace", SOURCE, SOURCE),
        Surroundings(without_positions=True),
        "check",
        "snapshot",
    ),
    "the cluster's identity": (
        Step(urn="urn:pulumi:s::p::random:index/randomBytes:RandomBytes::kafka-cluster-id", fate="replace", old=State(inputs={}), new=None),
        Surroundings(),
        "lost",
        "refuse to start",
    ),
    "a password": (step("random:index/randomPassword:RandomPassword", "replace", {}, {}), Surroundings(), "renewed", "a new one"),
    "an unknown type": (step("aws:qldb/ledger:Ledger", "delete", {}), Surroundings(), "check", "does not know"),
    "a network policy": (step("kubernetes:networking.k8s.io/v1:NetworkPolicy", "delete", {}), Surroundings(), None, ""),
    "a component": (step("cdc:archive:Archive", "delete", {}, custom=False), Surroundings(), None, ""),
    "a new topic": (step(TOPIC, "create", None, {"name": "t"}), Surroundings(), None, ""),
}


@pytest.mark.parametrize("name", CASES)
def test_a_deleted_or_replaced_resource(name: str) -> None:
    given, around, verdict, why = CASES[name]
    found = loss(given, around)
    assert (found.verdict if found else None) == verdict
    assert why in (found.why if found else "")


NAMESPACE = "kubernetes:core/v1:Namespace"
ELSEWHERE = {**stateful(), "metadata": {"name": "kafka", "namespace": "elsewhere"}}
RETAINING = step("kubernetes:storage.k8s.io/v1:StorageClass", "same", {"metadata": {"name": "fast"}, "reclaimPolicy": "Retain"})
LONE_CLAIM = {"metadata": {"name": "d", "namespace": "space"}, "spec": {}}
NAMESPACES: dict[str, tuple[dict[str, Any], list[Step], str, str]] = {
    "with a set that stays as it is": (SPACE, [step(SET, "same", stateful(), stateful())], "lost", "StatefulSet kafka"),
    "with a set that goes too": (SPACE, [step(SET, "delete", stateful())], "lost", "StatefulSet kafka"),
    "with a claim": (SPACE, [step(CLAIM, "same", LONE_CLAIM, LONE_CLAIM)], "lost", "PersistentVolumeClaim d"),
    "with volumes that are retained": (SPACE, [RETAINING, step(SET, "same", stateful(), stateful())], "check", "everything in it"),
    "with a set elsewhere": (SPACE, [step(SET, "same", ELSEWHERE, ELSEWHERE)], "check", "everything in it"),
    "with a set that is new": (SPACE, [step(SET, "create", None, stateful())], "check", "everything in it"),
    "with nothing that the stack knows of": (SPACE, [], "check", "everything in it"),
    "of a name that is not told": ({}, [step(SET, "same", stateful(), stateful())], "lost", "StatefulSet kafka"),
}


@pytest.mark.parametrize("name", NAMESPACES)
def test_a_namespace_that_goes(name: str) -> None:
    old, others, verdict, what = NAMESPACES[name]
    going = step(NAMESPACE, "delete", old)
    found = loss(going, Surroundings.of([going, *others]))
    assert found is not None
    assert found.verdict == verdict
    assert what in found.what


def test_a_deleted_namespace_counts_as_data_loss_even_when_its_statefulsets_stay() -> None:
    events = [json.loads(line) for line in text("unchanged.jsonl").splitlines()]
    assert not Findings.of(read(text("unchanged.jsonl"))).loses_data
    (going,) = [
        step
        for event in events
        if (step := event.get("resourcePreEvent", {}).get("metadata", {})).get("urn", "").endswith("::foundation-namespace")
    ]
    going |= {"op": "delete", "new": None}
    for inputs in ({}, {"metadata": {"name": "data-ingestion"}}):
        going["old"]["inputs"] = inputs
        found = Findings.of(read("\n".join(json.dumps(event) for event in events)))
        assert found.loses_data
        ((_, lost),) = found.losses
        assert "StatefulSet kafka, StatefulSet postgresql" in lost.what


CHANGES: dict[str, tuple[str, dict[str, Any], dict[str, Any], str | None]] = {
    "less time": (TOPIC, {"config": {"retention.ms": "200"}}, {"config": {"retention.ms": "100"}}, "lost"),
    "more time": (TOPIC, {"config": {"retention.ms": "100"}}, {"config": {"retention.ms": "200"}}, None),
    "a first limit": (TOPIC, {"config": {"retention.bytes": "-1"}}, {"config": {"retention.bytes": "5"}}, "lost"),
    "no limit any more": (TOPIC, {"config": {"retention.bytes": "5"}}, {"config": {"retention.bytes": "-1"}}, None),
    "another clean-up": (TOPIC, {"config": {"cleanup.policy": "compact"}}, {"config": {"cleanup.policy": "delete"}}, "lost"),
    "more partitions": (TOPIC, {"config": {}, "partitions": 3}, {"config": {}, "partitions": 6}, "check"),
    "another slot": (CONNECTOR, {"config": {"slot.name": "a"}}, {"config": {"slot.name": "b"}}, "check"),
    "another prefix": (CONNECTOR, {"config": {"topic.prefix": "a"}}, {"config": {"topic.prefix": "b"}}, "check"),
    "a table less": (CONNECTOR, {"config": {"table.include.list": "a.b,a.c"}}, {"config": {"table.include.list": "a.b"}}, "check"),
    "a table more": (CONNECTOR, {"config": {"table.include.list": "a.b"}}, {"config": {"table.include.list": "a.b,a.c"}}, None),
    "the order of tables": (CONNECTOR, {"config": {"topics": "a,b"}}, {"config": {"topics": "b,a"}}, None),
    "another pattern of topics": (CONNECTOR, {"config": {"topics.regex": "a.*"}}, {"config": {"topics.regex": "b.*"}}, "check"),
    "deletions skipped": (CONNECTOR, {"config": {}}, {"config": {"skipped.operations": "d"}}, "check"),
    "truncates skipped no more": (CONNECTOR, {"config": {"skipped.operations": "t"}}, {"config": {"skipped.operations": "none"}}, None),
    "no dead letters": (CONNECTOR, {"config": {"errors.deadletterqueue.topic.name": "q"}}, {"config": {}}, "check"),
    "no remote storage": (
        TOPIC,
        {"config": {"remote.storage.enable": "true"}},
        {"config": {"remote.storage.enable": "false"}},
        "check",
    ),
    "deletions seen for less time": (
        TOPIC,
        {"config": {"cleanup.policy": "compact"}},
        {"config": {"cleanup.policy": "compact", "delete.retention.ms": "1000"}},
        "check",
    ),
    "deletions seen for longer": (
        TOPIC,
        {"config": {"cleanup.policy": "compact", "delete.retention.ms": "1000"}},
        {"config": {"cleanup.policy": "compact"}},
        None,
    ),
    "another interval": (CONNECTOR, {"config": {"poll.interval.ms": "50"}}, {"config": {"poll.interval.ms": "60"}}, None),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_in_place(name: str) -> None:
    kind, old, new, verdict = CHANGES[name]
    found = loss(step(kind, "update", old, new), Surroundings())
    assert (found.verdict if found else None) == verdict


@pytest.mark.parametrize("stack", sorted(STACKS))
def test_every_type_that_the_program_declares_is_known(stack: str) -> None:
    kinds = {resource.type for resource in Declared.of(stack).recording.resources if resource.custom}
    assert {kind for kind in kinds if base(kind) not in HOLDS and not holds_nothing(kind)} == set()
