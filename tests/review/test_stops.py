"""What a change stops, makes older or no longer denies stands under Data."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pipeline.review.digest import digest
from pipeline.review.findings import Findings
from pipeline.review.markdown import markdown
from pipeline.review.preview import Preview
from pipeline.review.secrecy import Hidden
from stack.unknown import UNKNOWN
from tests.review.steps import BUCKET, CONNECTOR, SET, step, verdicts

STRIMZI, DEPLOYMENT = "kubernetes:kafka.strimzi.io/v1beta2:KafkaConnector", "kubernetes:apps/v1:Deployment"
POLICY, ROLE = "aws:s3/bucketPolicy:BucketPolicy", "aws:iam/rolePolicy:RolePolicy"


def connector(**said: Any) -> dict[str, Any]:
    return {"name": "source", "config": {"connector.class": "io.debezium.connector.postgresql.PostgresConnector"}, **said}


STATES: list[tuple[str, dict[str, Any], dict[str, Any], bool]] = [
    (CONNECTOR, connector(), connector(state="PAUSED"), True),
    (CONNECTOR, connector(state="RUNNING"), connector(state="stopped"), True),
    (CONNECTOR, connector(state="RUNNING"), connector(state=UNKNOWN), True),
    (CONNECTOR, connector(state="PAUSED"), connector(state="STOPPED"), True),
    (CONNECTOR, connector(state="PAUSED"), connector(state="RUNNING"), False),
    (CONNECTOR, connector(state="PAUSED"), connector(state="PAUSED", other="x"), False),
    (CONNECTOR, connector(), connector(state="RUNNING"), False),
    (STRIMZI, {"spec": {"tasksMax": 1}}, {"spec": {"tasksMax": 1, "state": "paused"}}, True),
    (STRIMZI, {"spec": {"tasksMax": 1}}, {"spec": {"tasksMax": 1, "pause": True}}, True),
    (STRIMZI, {"spec": {"pause": True}}, {"spec": {"pause": False}}, False),
    (STRIMZI, {"spec": {"tasksMax": 1}}, {"spec": {"tasksMax": 2}}, False),
    ("confluentcloud:index/connector:Connector", {"status": "RUNNING"}, {"status": "PAUSED"}, True),
    ("example:index:Pump", {"state": "RUNNING"}, {"state": "PAUSED"}, False),
]


@pytest.mark.parametrize(("kind", "old", "new", "told"), STATES)
def test_a_connector_that_is_paused_or_stopped_is_told(kind: str, old: dict[str, Any], new: dict[str, Any], told: bool) -> None:  # noqa: FBT001 - a parameter
    assert ("check" in verdicts(step(kind, old, new))) is told


def worker(replicas: int | None, image: str = "confluentinc/cp-kafka-connect:8.0.0") -> dict[str, Any]:
    pod = {"containers": [{"name": "c", "image": image}]}
    return {"metadata": {"name": "connect"}, "spec": {"template": {"spec": pod}, **({} if replicas is None else {"replicas": replicas})}}


@pytest.mark.parametrize(("old", "new", "told"), [(1, 0, True), (None, 0, True), (3, 1, False), (0, 0, False), (0, 1, False)])
def test_a_worker_without_pods_is_told(old: int | None, new: int, told: bool) -> None:  # noqa: FBT001 - a parameter
    assert ("check" in verdicts(step(DEPLOYMENT, worker(old), worker(new)))) is told
    assert not verdicts(step(DEPLOYMENT, worker(old, "nginx:1.27"), worker(new, "nginx:1.27")))


def server(image: str, command: list[str] | None = None) -> dict[str, Any]:
    one = {"name": "postgresql", "image": image, **({"command": command} if command else {})}
    return {"metadata": {"name": "postgresql"}, "spec": {"replicas": 1, "template": {"spec": {"containers": [one]}}}}


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("postgres:17.2", "postgres:16.6", "does not start on the data of 17"),
        ("postgres:16.6", "postgres:17.2", "before pg_upgrade"),
        ("postgres:17.2", "postgres:17.1", "older minor release"),
        ("postgres:17.2-bookworm", "postgres:17.0-alpine", "older minor release"),
        ("pgvector/pgvector:pg17", "pgvector/pgvector:pg16", "does not start"),
        ("localhost/data-ingestion/postgres:17-1", "localhost/data-ingestion/postgres:16-1", "does not start"),
        ("registry.example.com/a/postgres:17.4@sha256:" + "0" * 64, "registry.example.com/b/postgres:17.2", "older minor release"),
        ("postgres:17.2", "postgres:17.5", ""),
        ("postgres:17", "postgres:17.5", ""),
        ("localhost/data-ingestion/postgres:17-2", "localhost/data-ingestion/postgres:17-1", ""),
        ("postgres:17.2", "postgres:17.2@sha256:" + "0" * 64, ""),
        ("redis:7.4", "redis:6.2", ""),
        ("postgres-exporter:0.15.0", "postgres-exporter:0.14.0", ""),
    ],
)
def test_an_older_postgresql_is_told(old: str, new: str, told: str) -> None:
    found = Findings.of(Preview(steps=(step(SET, server(old), server(new)),), complete=True, succeeded=True))
    reasons = [fate.why for _step, fate in found.losses if fate.what == "what the server stores"]
    assert [told in one for one in reasons] == ([True] if told else [])


def test_the_path_of_the_server_has_its_version_too() -> None:
    old, new = (server("localhost/own:3", [f"/usr/lib/postgresql/{major}/bin/postgres", "-D", "/d"]) for major in (17, 16))
    assert "check" in verdicts(step(SET, old, new))
    assert not verdicts(step(SET, new, new))


DENY = {"Sid": "Tls", "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": ["arn:aws:s3:::b", "arn:aws:s3:::b/*"]}
PLAIN = {"Condition": {"Bool": {"aws:SecureTransport": "false"}}}
ALLOW = {
    "Sid": "Read",
    "Effect": "Allow",
    "Principal": {"AWS": "arn:aws:iam::123456789012:role/r"},
    "Action": "s3:GetObject",
    "Resource": "*",
}


def document(*said: dict[str, Any]) -> dict[str, Any]:
    return {"bucket": "b", "policy": json.dumps({"Version": "2012-10-17", "Statement": list(said)})}


@pytest.mark.parametrize("kind", [POLICY, ROLE, "aws:kms/key:Key", "aws-native:s3:BucketPolicy"])
@pytest.mark.parametrize(
    ("new", "told"),
    [
        ([ALLOW], True),
        ([], True),
        ([{**DENY, "Action": "s3:GetObject"}], True),
        ([{**DENY, "Resource": "arn:aws:s3:::b/*"}], True),
        ([{**DENY, "Principal": {"AWS": "arn:aws:iam::123456789012:role/r"}}], True),
        ([{**DENY, "Effect": "Allow"}], True),
        ([{**DENY, **PLAIN, "Sid": "Other"}], True),
        ([DENY, ALLOW], False),
        ([ALLOW, {**DENY, "Sid": "Renamed"}], False),
        ([{**DENY, "Resource": "arn:aws:s3:::b*"}], False),
        ([{**DENY, "Principal": {"AWS": "*"}, "Action": ["S3:*"]}], False),
        ([{**DENY, "Action": "*"}], False),
    ],
)
def test_a_statement_that_no_longer_denies_is_told(kind: str, new: list[dict[str, Any]], told: bool) -> None:  # noqa: FBT001 - a parameter
    bucket = step(BUCKET, {"bucket": "b"}, {"bucket": "b"}, "same")
    assert ("check" in verdicts(step(kind, document(DENY), document(*new)), bucket)) is told


def test_a_condition_that_goes_denies_more_and_an_unknown_policy_is_told() -> None:
    assert not verdicts(step(POLICY, document({**DENY, **PLAIN}), document(DENY)))
    for hidden in (UNKNOWN, Hidden("x")):
        assert verdicts(step(POLICY, document(DENY), {"bucket": "b", "policy": hidden})) == {"check"}
    assert not verdicts(step(POLICY, document(ALLOW), {"bucket": "b", "policy": UNKNOWN}))


def test_a_policy_that_goes_with_its_bucket_is_not_told() -> None:
    gone = step(POLICY, document(DENY), None, "delete")
    assert verdicts(gone, step(BUCKET, {"bucket": "b"}, {"bucket": "b"}, "same")) == {"check"}
    assert not verdicts(gone, step(BUCKET, {"bucket": "b"}, None, "delete"))
    moved = step(POLICY, document(DENY), {"bucket": UNKNOWN, "policy": UNKNOWN}, "replace")
    assert not verdicts(moved, step(BUCKET, {"bucket": "b"}, {"bucket": "c"}, "replace"))


def test_all_of_them_stand_under_data() -> None:
    steps = (
        step(CONNECTOR, connector(), connector(state="PAUSED")),
        step(SET, server("postgres:17.2"), server("postgres:16.6")),
        step(POLICY, document(DENY), document(ALLOW)),
    )
    text = markdown(digest(Findings.of(Preview(steps=steps, complete=True, succeeded=True)), "s"))
    data = text.partition("### Data")[2].partition("\n### ")[0]
    for told in ("the connector is paused", "does not start on the data of 17", "policy no longer denies what statement Tls denied"):
        assert told in data
