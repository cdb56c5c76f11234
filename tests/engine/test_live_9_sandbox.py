"""`make sandbox ENGINE=pulumi` and `sandbox pulumi -- …` as a user meets them: killed, continued, changed, refused, taken down.

The last of the live tests: it takes the ground down with the pipeline.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sandbox.paths import CHECKOUT, STATE
from sandbox.pulumi.stack import PLACE
from tests.command_blocks import tried
from tests.engine.project import STACK

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sandbox.kubernetes import Kube

pytestmark = [pytest.mark.engine, pytest.mark.full]

COMMAND = [sys.executable, "-m", "pipeline", "sandbox"]
UP = [*COMMAND, "up", "--engine", "pulumi"]
STACK_FILE = CHECKOUT / f"Pulumi.{STACK}.yaml"
SETTINGS = STACK_FILE.read_text()


@pytest.fixture(scope="module", autouse=True)
def _the_checkouts_settings(kube: Kube) -> Iterator[None]:
    """Return the stack file as it was, and no sandbox afterwards."""
    assert kube
    yield
    STACK_FILE.write_text(SETTINGS)
    run("down")


def run(*arguments: str, timeout_s: float = 900) -> subprocess.CompletedProcess[str]:
    """Run one command of the sandbox."""
    return subprocess.run([*COMMAND, *arguments], cwd=CHECKOUT, capture_output=True, text=True, timeout=timeout_s, check=False)


def pulumi(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run one command of the CLI by the sandbox."""
    return run("pulumi", "--", *arguments, "--non-interactive", "--color", "never")


def engines() -> set[int]:
    """Every process that has the engine's home in its environment."""
    mark = f"PULUMI_HOME={PLACE / 'home'}".encode()
    found = set()
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            # One that is dead and not yet taken notice of has no command line.
            if mark in path.read_bytes().split(b"\0") and (path.parent / "cmdline").read_bytes():
                found.add(int(path.parent.name))
        except OSError:
            continue
    return found


def test_a_run_that_is_killed_is_continued_by_the_next(figure: Callable[[str], None]) -> None:
    """With its CLI, in the middle of what takes longest; nothing that it had started outlives the next run."""
    with subprocess.Popen(UP, cwd=CHECKOUT, stderr=subprocess.PIPE, text=True, start_new_session=True) as first:
        assert first.stderr is not None
        for line in first.stderr:
            if "StatefulSet kafka-kafka: waiting for" in line:
                break
        os.killpg(first.pid, signal.SIGKILL)
        for pid in engines():
            if Path(Path(f"/proc/{pid}/cmdline").read_text().split("\0")[0]).name == "pulumi":
                os.kill(pid, signal.SIGKILL)
    started = time.monotonic()
    second = run("up", "--engine", "pulumi")
    assert second.returncode == 0, second.stderr[-6000:]
    figure(f"make sandbox ENGINE=pulumi after one that was killed: {time.monotonic() - started:.0f} s")
    assert "this run continues it" in second.stderr
    assert "public.users" in second.stdout, "the rows that arrived are shown"
    assert engines() == set()
    again = pulumi("preview", "--expect-no-changes")
    assert again.returncode == 0, again.stdout[-4000:]
    assert "pending operations" not in again.stdout + again.stderr


def test_a_second_run_finds_everything_and_needs_not_be_told_the_engine(figure: Callable[[str], None]) -> None:
    started = time.monotonic()
    done = run("up")
    assert done.returncode == 0, done.stderr[-4000:]
    figure(f"make sandbox again, by the engine: {time.monotonic() - started:.0f} s")
    assert "0 created, 0 updated, 0 deleted" in done.stderr
    assert "Previewing, judged by the policy pack" in done.stderr


def test_a_set_value_is_written_to_the_checkouts_file_and_of_two_updates_at_once_the_second_says_who_holds_the_lock() -> None:
    assert pulumi("config", "set", "--path", "data-ingestion:source.debezium.pollIntervalMs", "60").returncode == 0
    assert "pollIntervalMs: 60" in STACK_FILE.read_text()
    shown = pulumi("preview", "--diff")
    assert shown.returncode == 0, shown.stdout[-3000:]
    assert '"60"' in shown.stdout
    assert "1 to update" in shown.stdout
    first = subprocess.Popen(
        [*COMMAND, "pulumi", "--", "up", "--yes", "--skip-preview"],
        cwd=CHECKOUT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    locks = PLACE / "backend/.pulumi/locks"
    _until(lambda: any(locks.rglob("*.json")))
    second = pulumi("up", "--yes", "--skip-preview")
    assert second.returncode != 0
    assert f"created by {os.environ.get('USER', 'root')}@" in second.stdout + second.stderr
    assert "pulumi cancel" in second.stdout + second.stderr
    said, _ = first.communicate(timeout=300)
    assert first.returncode == 0, said[-3000:]
    assert "1 updated" in said
    assert pulumi("stack", "output", "namespace").stdout.strip() == "data-ingestion"
    assert "encryptionsalt" not in STACK_FILE.read_text()


def test_a_violation_ends_the_run_before_anything_is_changed() -> None:
    assert pulumi("config", "set", "--path", "data-ingestion:streaming.connect.memoryMib", "1100").returncode == 0
    done = run("up")
    assert done.returncode == 1
    assert "budget.memoryMib" in done.stderr
    assert "encryptionsalt" not in STACK_FILE.read_text()
    assert pulumi("config", "rm", "--path", "data-ingestion:streaming.connect.memoryMib").returncode == 0


@pytest.mark.long
def test_a_connector_that_fails_ends_the_run_with_its_reason_and_the_cure(sql: Callable[[str], str]) -> None:
    there = run("up", "--engine", "pulumi")
    assert there.returncode == 0, there.stderr[-4000:]
    sql("ALTER ROLE debezium PASSWORD 'somebody changed it by hand'")
    assert pulumi("config", "set", "--path", "data-ingestion:source.debezium.pollIntervalMs", "70").returncode == 0
    failed = run("up")
    assert failed.returncode == 1
    assert "error: Connector streaming-source-connector could not be updated" in failed.stderr
    assert "password authentication failed" in failed.stderr
    assert "check that the worker mounts the Secret with which the role was created" in failed.stderr
    assert "Traceback" not in failed.stderr
    assert pulumi("config", "set", "--path", "data-ingestion:rotation.debezium", "mended").returncode == 0
    mended = run("up")
    assert mended.returncode == 0, mended.stderr[-4000:]


def test_down_goes_by_the_engine_and_leaves_nothing(figure: Callable[[str], None]) -> None:
    started = time.monotonic()
    done = run("down")
    assert done.returncode == 0, done.stderr[-4000:]
    figure(f"make sandbox-down by the engine: {time.monotonic() - started:.0f} s")
    order = [line for line in done.stderr.splitlines() if "✓ Delete" in line]
    for name in ("Connector archive-sink-connector", "Bucket archive-bucket"):
        assert any(name in line for line in order), f"{name}\n{done.stderr[-6000:]}"
    assert not STATE.exists()
    assert engines() == set()


def test_without_a_ground_the_cli_is_refused_with_the_cure() -> None:
    done = pulumi("preview")
    assert done.returncode == 1
    assert "make one with 'make sandbox ENGINE=pulumi'" in done.stderr


@pytest.mark.long
@pytest.mark.parametrize("script", sorted({block.script for block in tried("tried by tests/engine/test_live_9_sandbox.py")}))
def test_the_commands_that_the_documents_show_work_as_they_stand(script: str) -> None:
    STACK_FILE.write_text(SETTINGS)
    line = ["bash", "-euo", "pipefail", "-c", script]
    done = subprocess.run(line, cwd=CHECKOUT, capture_output=True, text=True, timeout=1500, check=False)
    assert done.returncode == 0, f"{script}\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}"
    assert not STATE.exists()


def _until(true: Callable[[], bool], timeout_s: float = 60.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not true():
        assert time.monotonic() < deadline, "it did not come to that in time"
        time.sleep(0.05)
