"""The engine's events as progress, counts and reasons."""

from __future__ import annotations

import io
from typing import Any

from pulumi.automation import EngineEvent

from pipeline.checks.progress import Progress
from sandbox.pulumi.events import Events, plain

URN = "urn:pulumi:sandbox::p::cdc:streaming:Streaming$kubernetes:apps/v1:StatefulSet::kafka-kafka"
OTHER = "urn:pulumi:sandbox::p::aws:s3/bucket:Bucket::archive-bucket"


def step(kind: str, urn: str = URN, operation: str = "create", **more: Any) -> EngineEvent:
    """Return one event about a resource."""
    inputs = {"metadata": {"namespace": "data-ingestion", "name": "kafka"}} if "kubernetes" in urn else {}
    new = {"type": "t", "urn": urn, "id": "", "parent": "", "provider": "", "custom": True, "inputs": inputs}
    metadata = {"op": operation, "urn": urn, "type": "t", "provider": "", "new": new}
    return EngineEvent.from_json({"sequence": 1, "timestamp": 1, kind: {"metadata": metadata, **more}})


def said(message: str, severity: str, urn: str = URN, **more: Any) -> EngineEvent:
    """Return one diagnostic."""
    body = {"message": message, "color": "raw", "severity": severity, "urn": urn, **more}
    return EngineEvent.from_json({"sequence": 1, "timestamp": 1, "diagnosticEvent": body})


def shown(*events: EngineEvent) -> tuple[Events, str]:
    """Return a run's record of these events and its output without a terminal."""
    stream = io.StringIO()
    told = Events(Progress(stream))
    for event in events:
        told(event)
    return told, stream.getvalue()


def test_a_resource_begins_waits_and_ends_in_its_own_lines() -> None:
    events, text = shown(step("resourcePreEvent"), said("1 of 3 pods ready", "info#err", ephemeral=True), step("resOutputsEvent"))
    lines = [line.strip() for line in text.splitlines()]
    assert lines[0] == "… StatefulSet kafka-kafka"
    assert lines[1].startswith("StatefulSet kafka-kafka: waiting for 1 of 3 pods ready")
    assert lines[2].startswith("✓ StatefulSet kafka-kafka (")
    assert (events.created, events.objects[URN]) == (["StatefulSet kafka-kafka"], ("data-ingestion", "kafka"))


def test_every_operation_is_counted_where_a_person_expects_it() -> None:
    operations = ["create", "update", "create-replacement", "delete-replaced", "delete", "same"]
    events, _ = shown(*[step("resOutputsEvent", operation=operation) for operation in operations])
    assert [len(listed) for listed in (events.created, events.updated, events.deleted, events.unchanged)] == [1, 2, 1, 1]


def test_a_failure_has_its_own_reasons_without_consequential_errors() -> None:
    events, text = shown(
        step("resourcePreEvent"),
        said("<{%fg 1%}>BucketNotEmpty<{%reset%}>: it holds objects", "error"),
        step("resOpFailedEvent", status=1, steps=1),
        said("update failed", "error", urn=""),
        said("Resource monitor has terminated, shutting down", "error", urn=OTHER),
    )
    assert events.failures() == [(URN, "create", "BucketNotEmpty: it holds objects")]
    assert "✗ StatefulSet kafka-kafka" in text


def test_what_the_program_itself_says_comes_last() -> None:
    events, _ = shown(said("archive.bucket is missing", "error", urn=""))
    assert events.failures() == [("", "", "archive.bucket is missing")]


def test_a_mandatory_policy_is_a_violation_and_an_advisory_one_a_note() -> None:
    def policy(level: str) -> EngineEvent:
        body = {"message": "4097 MiB", "color": "raw", "policyName": "memory-budget", "policyPackName": "p", "policyPackVersion": "1"}
        return EngineEvent.from_json(
            {"sequence": 1, "timestamp": 1, "policyEvent": {**body, "policyPackVersionTag": "1", "enforcementLevel": level}}
        )

    events, _ = shown(policy("mandatory"), policy("advisory"))
    assert events.violations == events.notes == ["memory-budget: 4097 MiB"]


def test_colours_are_taken_out() -> None:
    assert plain("<{%bold%}><{%fg 13%}>x<{%reset%}> 50 %") == "x 50 %"
