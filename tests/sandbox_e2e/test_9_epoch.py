"""Brokers that were lost and built anew: the sink refuses to lose rows in silence, and a new epoch archives every one of them.

At its end the pipeline is made anew in its first epoch, since no epoch is ever lowered.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import pytest

from recording.program import load as load_program
from recording.stackfile import stack_config
from sandbox import cloud
from sandbox.adapter import Adapter, ResourceError
from sandbox.equality import connect, wait_until_equal
from sandbox.paths import CHECKOUT, STATE
from sandbox.progress import Progress
from sandbox.stack_settings import STACK
from settings.shop import TABLES
from tests.sandbox_e2e.conftest import NAMESPACE

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Iterator, Sequence

    from reading.archive import Archive
    from sandbox.kubernetes import Kube

    Command = Callable[..., subprocess.CompletedProcess[str]]

pytestmark = pytest.mark.sandbox

TIMEOUT_S = 300.0
EPOCH = 2
STREAMING = "data-ingestion:streaming"


@pytest.fixture
def first_epoch_again(kube: Kube, command: Command) -> Iterator[None]:
    """Remove the pipeline after the test and make it again: its number is refused for the stack file's by then."""
    yield
    Adapter(STATE, kube).down(Progress(), force=True)
    done = command("up")
    assert done.returncode == 0, done.stderr


def _up(kube: Kube, epoch: int) -> None:
    """Bring the stack about as ``sandbox up`` does, in an epoch."""
    account = cloud.known()
    assert account is not None
    config = stack_config(CHECKOUT, STACK)
    values = {**config.values, STREAMING: json.dumps({**json.loads(config.values[STREAMING]), "epoch": epoch})}
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(os.environ, "AWS_ACCESS_KEY_ID", account.access_key_id)
        patch.setitem(os.environ, "AWS_SECRET_ACCESS_KEY", account.secret_access_key)
        Adapter(STATE, kube).up(load_program(CHECKOUT), config.project, STACK, values, Progress())


def _insert(outputs: dict[str, Any], emails: Sequence[str]) -> None:
    with connect(outputs) as database:
        for email in emails:
            database.execute("INSERT INTO users (email, first_name, last_name) VALUES (%s, 'Written', '0')", [email])


def _build_brokers_anew(kube: Kube, command: Command) -> None:
    """Delete the brokers' volumes, and end workers and registry, which would go on with what no topic holds any more."""

    def run(*arguments: str) -> None:
        done = command("kubectl", "--", *arguments, "--namespace", NAMESPACE)
        assert done.returncode == 0, done.stderr

    run("scale", "deployment/connect", "deployment/schema-registry", "--replicas=0")
    run("scale", "statefulset/kafka", "--replicas=0")
    run("wait", "--for=delete", "pod/kafka-0", "pod/kafka-1", "pod/kafka-2", "--timeout=120s")
    run("delete", "pvc", "data-kafka-0", "data-kafka-1", "data-kafka-2")
    run("scale", "statefulset/kafka", "--replicas=3")
    kube.wait_ready("StatefulSet", NAMESPACE, "kafka", TIMEOUT_S)


def _identities(archive: Archive, *parts: str) -> int:
    """Return how many rows have the identity of another one."""
    question = f"SELECT count(*) - count(DISTINCT ({', '.join(parts)})) AS number FROM changes"
    return sum(int(archive.query(table.archive_name, question)[0]["number"]) for table in TABLES)


@pytest.mark.usefixtures("first_epoch_again")
def test_brokers_built_anew_are_refused_and_a_new_epoch_archives_every_row(
    outputs: dict[str, Any], archive: Archive, kube: Kube, command: Command, mark: str, owner_sql: Callable[[str], str]
) -> None:
    before, between, after = ([f"{mark}-{word}-{number}" for number in range(20)] for word in ("before", "between", "after"))
    _insert(outputs, before)
    wait_until_equal(outputs, archive, TABLES, TIMEOUT_S)

    _build_brokers_anew(kube, command)
    with pytest.raises(ResourceError) as refused:
        _up(kube, 1)
    assert "the table would ignore every file until then. Raise streaming.epoch by one" in " ".join(str(refused.value).split())
    with connect(outputs) as database:
        # a reader who took rows of the first epoch for the present ones would still find it
        database.execute("DELETE FROM users WHERE email = %s", [before[0]])
    _insert(outputs, between)

    _up(kube, EPOCH)
    _insert(outputs, after)
    wait_until_equal(outputs, archive, TABLES, TIMEOUT_S)
    assert archive.epoch("users") == EPOCH
    question = "SELECT DISTINCT email, coalesce(__epoch, 1) AS epoch FROM changes WHERE starts_with(email, ?)"
    found = {(row["email"], row["epoch"]) for row in archive.query("users", question, [mark])}
    wanted = {(email, 1) for email in before} | {(email, EPOCH) for email in [*before[1:], *between, *after]}
    assert wanted <= found, f"{len(wanted - found)} rows are missing, for example {sorted(wanted - found)[:3]}"
    place = ("__topic", "__kafka_partition", "__kafka_offset")
    assert _identities(archive, *place) > 0, "new brokers have given no offset again, so that this test shows nothing"
    assert _identities(archive, "coalesce(__epoch, 1)", *place) == 0
    assert owner_sql("SELECT slot_name FROM pg_replication_slots") == "debezium_slot_epoch2"

    lower = command("up")
    assert lower.returncode != 0
    assert "is lower than 2" in " ".join(lower.stderr.split())
