"""Credentials in the life of a stack: one word makes each anew, a wrong one stops an `up` with the cure, none is ever printed."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from tests import change_log
from tests.engine.test_live_1_up import SINK, SOURCE, arrives, ask, proven, states, until

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.engine.conftest import Live

pytestmark = [pytest.mark.engine, pytest.mark.full]

ROLLED = {
    "app": {"source-postgresql"},
    "debezium": {"source-postgresql", "connect-connect"},
    "catalog": {"source-postgresql", "connect-connect"},
    "connect": {"connect-connect"},
    "registry": {"registry-schema-registry", "connect-connect"},
    "archive": {"connect-connect"},
}
"""Workloads that hold each credential."""

MADE_ANEW = {
    "app": {"source-app-password"},
    "debezium": {"source-debezium-password"},
    "catalog": {"source-catalog-password"},
    "connect": {"streaming-connect-password"},
    "registry": {"registry-connect-password", "registry-operator-password"},
    "archive": {"archive-key"},
}
KEPT_SECRETS: dict[str, str] = {}
IN_EVERY_RUN = {"archive", "debezium"}
"""A key of the store, and a role of the database that two workloads hold."""
CREDENTIALS = [name if name in IN_EVERY_RUN else pytest.param(name, marks=pytest.mark.long) for name in sorted(ROLLED)]


@pytest.mark.parametrize("credential", CREDENTIALS)
def test_rotating_a_credential_under_load_rolls_its_holders_and_loses_no_change(
    live: Live, credential: str, sql: Callable[[str], str], figure: Callable[[str], None]
) -> None:
    if not live.resources():
        assert live.up().returncode == 0
    KEPT_SECRETS.update(live.secrets())
    before = {item["urn"].rpartition("::")[2]: item for item in live.resources()}
    live.set(f"rotation.{credential}", "2026-11")
    steps = live.steps()
    replaced = {name for name, operation in steps.items() if operation in {"replace", "create-replacement", "delete-replaced"}}
    assert replaced - {"archive-credentials"} == MADE_ANEW[credential]
    workloads = {"source-postgresql", "registry-schema-registry", "connect-connect", "kafka-kafka"}
    assert {name for name in steps if name in workloads} == ROLLED[credential]
    with change_log.writing(sql, f"while-{credential}-") as writer:
        done = live.up()
    assert done.returncode == 0, done.stdout[-4000:]
    after = {item["urn"].rpartition("::")[2]: item for item in live.resources()}
    for name in MADE_ANEW[credential]:
        key = "secret" if name == "archive-key" else "result"
        assert before[name]["outputs"][key] != after[name]["outputs"][key]
    assert live.steps() == {}
    # A restart of PostgreSQL takes the catalog away from the sink for a moment; the container beside the worker looks each 15 s.
    until(lambda: states(live, SOURCE) == states(live, SINK) == {"RUNNING"})
    assert writer.rounds > 3
    proven(live, writer)
    arrives(live, f"rotated-{credential}-")
    figure(f"changes while the credential {credential} was rotated, each in the archive once: {writer.counts}")


def test_the_replaced_access_key_is_deleted(live: Live, aws: Callable[[str], object]) -> None:
    keys = aws("iam").list_access_keys(UserName="sandbox-archive-connect")["AccessKeyMetadata"]  # type: ignore[attr-defined]
    (now,) = [item["id"] for item in live.resources() if item["urn"].endswith("::archive-key")]
    assert [key["AccessKeyId"] for key in keys] == [now]


def test_a_wrong_password_fails_the_up_with_reason_and_cure_and_the_right_one_repairs_it(
    live: Live, sql: Callable[[str], str], figure: Callable[[str], None]
) -> None:
    sql("ALTER ROLE debezium PASSWORD 'somebody changed it by hand'")
    live.set("source.debezium.pollIntervalMs", "70")
    started = time.monotonic()
    failed = live.up()
    took = time.monotonic() - started
    assert failed.returncode != 0
    assert "password authentication failed" in failed.stdout
    assert "check that the worker mounts the Secret with which the role was created" in failed.stdout
    figure(f"pulumi up with a password that the database refuses failed after {took:.0f} s")
    live.set("rotation.debezium", "2026-12")
    mended = live.up()
    assert mended.returncode == 0, mended.stdout[-4000:]
    assert live.steps() == {}
    assert ask(live, "GET", f"/connectors/{SOURCE}/config").json()["poll.interval.ms"] == "70"
    arrives(live, "mended-")


def test_no_secret_was_ever_printed(live: Live) -> None:
    """In no preview, diff, JSON, update or refresh of all tests before. Kafka's cluster id is random and no secret."""
    KEPT_SECRETS.update(live.secrets())
    (cluster_id,) = [item["outputs"]["clusterId"] for item in live.resources() if item["urn"].endswith("::kafka-ready")]
    KEPT_SECRETS.pop(cluster_id, None)
    assert len(KEPT_SECRETS) > 20
    said = "".join(live.said)
    assert len(said) > 100_000
    assert {owner for text, owner in KEPT_SECRETS.items() if text in said} == set()
