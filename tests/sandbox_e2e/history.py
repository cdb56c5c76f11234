"""Breaks of the history, made in the sandbox, and the way back to its first epoch."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from pipeline.checks.progress import Progress
from pipeline.reading.saved_outputs import STACK
from pipeline.recording.stackfile import stack_config
from sandbox import cloud, connectors
from sandbox.adapter import Adapter
from sandbox.equality import connect
from sandbox.paths import STATE
from sandbox.stack_settings import settings
from stack.judgement.stack import parse_text
from tests.sandbox_e2e import runbook

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sandbox.kubernetes import Kube
    from stack.settings.names import Names

    Command = Callable[..., subprocess.CompletedProcess[str]]
    Sql = Callable[[str], str]

TIMEOUT_S = 300.0
STACK_FILE = runbook.checkout() / f"Pulumi.{STACK}.yaml"
SEGMENT_MIB = 16


@contextmanager
def first_epoch_again(kube: Kube, command: Command) -> Iterator[str]:
    """Yield the stack file; if an epoch was begun, put it back and make the pipeline anew: the old number is refused by then."""
    before = STACK_FILE.read_text(encoding="utf-8")
    yield before
    if STACK_FILE.read_text(encoding="utf-8") == before:
        return
    STACK_FILE.write_text(before, encoding="utf-8")
    account = cloud.known()
    assert account is not None
    with pytest.MonkeyPatch.context() as patch:
        # without them nothing of the emulated AWS would be deleted, and a third access key is beyond its quota
        patch.setitem(os.environ, "AWS_ACCESS_KEY_ID", account.access_key_id)
        patch.setitem(os.environ, "AWS_SECRET_ACCESS_KEY", account.secret_access_key)
        Adapter(STATE, kube).down(Progress(), force=True)
    done = command("up")
    assert done.returncode == 0, done.stderr


def names() -> Names:
    """Return the names of the epoch in which the sandbox is."""
    return parse_text(stack_config(runbook.checkout(), STACK).values).names


def epoch(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run ``python -m pipeline epoch …`` as a user would."""
    return subprocess.run(
        [sys.executable, "-m", "pipeline", "epoch", *arguments, "--stack", STACK],
        cwd=runbook.checkout(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )


def stop_source(outputs: dict[str, Any], owner_sql: Sql, slot: str) -> str:
    """Stop the source, whose slot is inactive then, and return its name."""
    name, deadline = names().source_connector, time.monotonic() + TIMEOUT_S
    connectors.client(outputs).stop(name)
    while owner_sql(f"SELECT active FROM pg_replication_slots WHERE slot_name = '{slot}'") != "f":
        assert time.monotonic() < deadline, f"{slot} stays active"
        time.sleep(1)
    return name


def lose(owner_sql: Sql, slot: str) -> None:
    """Write more log than the slot may hold back."""
    segments = settings().source.slot_wal_keep_mib // SEGMENT_MIB + 4
    owner_sql(f"SELECT pg_logical_emit_message(false, 'test', 'x'), pg_switch_wal() FROM generate_series(1, {segments})")
    owner_sql("CHECKPOINT")
    assert owner_sql(f"SELECT wal_status FROM pg_replication_slots WHERE slot_name = '{slot}'") == "lost"


@contextmanager
def locked(outputs: dict[str, Any], table: str) -> Iterator[Callable[[], None]]:
    """Hold a table so that nobody can read it, until the given function is called or the block ends."""
    with connect(outputs) as connection:
        connection.execute("BEGIN")
        connection.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
        yield lambda: connection.execute("ROLLBACK")
