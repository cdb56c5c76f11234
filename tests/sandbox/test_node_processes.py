"""Processes are found by their mark and ended, by force if needed; a failure shows the component's last output."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest

from sandbox.cluster import NodeError, processes
from sandbox.cluster.watch import Watch

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Use separate marks and logs, so that a running sandbox is not touched."""
    monkeypatch.setattr(processes, "STATE", tmp_path)
    monkeypatch.setattr(processes, "LOGS", tmp_path / "log")
    monkeypatch.setattr(processes, "_NAME", "DATA_INGESTION_SANDBOX_TEST_COMPONENT")
    yield
    processes.stop(processes.find(), grace_s=0)


def test_a_started_component_is_found_with_its_fingerprint() -> None:
    pid = processes.start("etcd", ["sleep", "60"], "abc", {})
    assert processes.leaders() == {"etcd": processes.Process(pid, "etcd", "abc", leader=True)}


def test_a_component_gets_only_the_variables_it_is_given(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "made up")
    pid = processes.start("etcd", ["sleep", "60"], "abc", {"GOGC": "50"})
    environment = (tmp_path / "/proc" / str(pid) / "environ").read_text()
    assert "GOGC=50" in environment
    assert "AWS" not in environment


def test_a_process_that_ignores_the_request_is_killed() -> None:
    processes.start("etcd", ["sh", "-c", "trap '' TERM; exec sleep 60"], "abc", {})
    processes.stop(processes.find(), grace_s=0.2)
    assert processes.find() == []


def test_a_recycled_process_number_is_not_signalled() -> None:
    recycled = processes.Process(os.getpid(), "etcd", "abc", leader=True)
    processes.stop([recycled], grace_s=0)


def test_a_component_that_ends_is_reported_with_its_last_words() -> None:
    watch = Watch()
    processes.start("etcd", ["sh", "-c", "echo data directory is locked; exit 1"], "abc", {})
    with pytest.raises(NodeError, match=r"etcd ended while the node started.*\n.*data directory is locked"):
        watch.until("etcd", lambda: False)
