"""Locks of the state in a folder: those of living processes are respected, those of ended ones removed."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sandbox.pulumi import locks

if TYPE_CHECKING:
    from collections.abc import Callable

    Lock = Callable[..., Path]


@pytest.fixture
def lock(tmp_path: Path) -> Lock:
    """Return a function that writes a lock as the CLI does."""
    folder = tmp_path / ".pulumi/locks/organization/p/s"
    folder.mkdir(parents=True)

    def write(pid: int, host: str = socket.gethostname(), name: str = "one") -> Path:
        path = folder / f"{name}.json"
        path.write_text(json.dumps({"pid": pid, "username": "root", "hostname": host, "timestamp": "2026-11-28T00:00:00Z"}))
        return path

    return write


def dead() -> int:
    """Return the number of a process that has ended."""
    process = subprocess.Popen(["true"])
    process.wait()
    return process.pid


def test_a_lock_of_an_ended_process_is_removed(tmp_path: Path, lock: Lock) -> None:
    path = lock(dead())
    assert locks.release_stale(tmp_path, "p", "s") == 1
    assert not path.exists()
    assert locks.release_stale(tmp_path, "p", "s") == 0


def test_a_process_number_reused_by_another_program_is_no_owner(tmp_path: Path, lock: Lock) -> None:
    lock(os.getpid())
    assert locks.release_stale(tmp_path, "p", "s") == 1


def test_a_cli_that_runs_keeps_its_lock(tmp_path: Path, lock: Lock) -> None:
    program = tmp_path / "pulumi"
    shutil.copy(shutil.which("sleep") or "", program)
    with subprocess.Popen([program, "30"]) as running:
        path = lock(running.pid)
        while not Path(f"/proc/{running.pid}/cmdline").read_bytes():
            assert running.poll() is None
        assert locks.release_stale(tmp_path, "p", "s") == 0
        assert path.exists()
        running.kill()


def test_another_machines_lock_and_one_that_cannot_be_read_are_respected(tmp_path: Path, lock: Lock) -> None:
    lock(1, host="another-machine")
    lock(1, name="damaged").write_text("{")
    assert locks.stale(tmp_path, "p", "s") == []
