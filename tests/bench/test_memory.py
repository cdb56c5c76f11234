"""Memory of pods and of the node, as a table."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from sandbox.bench import memory
from sandbox.bench.figures import FiguresError
from sandbox.bench.memory import Part, Usage
from sandbox.cluster.processes import Process
from sandbox.memory import PodMemory
from stack.capacity.quantity import MIB

NOW = dt.datetime(2026, 11, 21, 15, 0, tzinfo=dt.UTC)


def pod(**limits: str) -> dict[str, Any]:
    """Return a Pod object with one container for each limit."""
    return {
        "metadata": {"namespace": "data-ingestion", "name": "connect-0", "uid": "7"},
        "spec": {"containers": [{"name": name, "resources": {"limits": {"memory": limit}}} for name, limit in limits.items()]},
        "status": {
            "startTime": "2026-11-21T14:30:00Z",
            "containerStatuses": [{"name": name, "containerID": f"containerd://{name}-id"} for name in limits],
        },
    }


@pytest.fixture
def groups(monkeypatch: pytest.MonkeyPatch) -> dict[str, PodMemory]:
    """Replace the node's control groups by a dictionary and return it."""
    known: dict[str, PodMemory] = {}
    monkeypatch.setattr("sandbox.memory.of_pod", known.get)
    return known


def test_the_size_of_a_process_is_its_share_of_the_pages_it_has() -> None:
    assert memory.proportional_bytes("55d0-7ffd ---p 00000000 00:00 0 [rollup]\nRss: 99 kB\nPss:  12 kB\nPss_Dirty: 4 kB\n") == 12 * 1024


def test_a_kernel_without_the_figure_is_an_error_and_not_zero() -> None:
    with pytest.raises(FiguresError, match="no Pss in smaps_rollup"):
        memory.proportional_bytes("Rss: 99 kB\n")


def test_this_machines_kernel_reports_the_figure() -> None:
    assert memory.proportional_bytes(Path("/proc/self/smaps_rollup").read_text(encoding="ascii")) > 0


def test_a_pod_of_one_container_is_one_row(groups: dict[str, PodMemory]) -> None:
    groups["7"] = PodMemory(100, 200)
    assert memory.of_pod(pod(kafka="1Mi")) == [
        Usage("data-ingestion", "connect-0", whole=True, working_set=100, peak=200, limit=MIB, started="2026-11-21T14:30:00Z")
    ]


def test_each_container_of_several_has_a_row_and_a_limit_of_its_own(groups: dict[str, PodMemory]) -> None:
    groups |= {"7": PodMemory(100, 200), "7/connect-id": PodMemory(90, 180), "7/restarter-id": PodMemory(10, 20)}
    found = [(usage.name, usage.working_set, usage.limit, usage.whole) for usage in memory.of_pod(pod(connect="3Mi", restarter="1Mi"))]
    assert found == [
        ("connect-0", 100, 4 * MIB, True),
        ("connect-0, connect", 90, 3 * MIB, False),
        ("connect-0, restarter", 10, MIB, False),
    ]


@pytest.mark.usefixtures("groups")
def test_a_pod_that_has_ended_has_no_figures_rather_than_zeros() -> None:
    (usage,) = memory.of_pod(pod(kafka="1Mi"))
    assert memory.pod_table([usage], NOW).rows[0] == ("data-ingestion/connect-0", "-", "-", "1", "-", "30")


def test_the_sum_holds_the_pipelines_pods_and_no_container_twice() -> None:
    def usage(namespace: str, *, whole: bool) -> Usage:
        return Usage(namespace, "a", whole, 2 * MIB, 3 * MIB, 4 * MIB, "")

    usages = [usage("data-ingestion", whole=True), usage("data-ingestion", whole=False), usage("kube-system", whole=True)]
    rows = memory.pod_table(usages, NOW).rows
    assert rows[0] == ("data-ingestion/a", "2", "3", "4", "75%", "-")
    assert rows[-1] == ("all pods of data-ingestion", "2", "-", "4", "-", "-")


def test_shims_are_listed_apart_from_the_runtime_and_the_largest_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = {1: 5 * MIB, 2: 4 * MIB, 3: 4 * MIB, 4: None}
    monkeypatch.setattr(memory, "_proportional", sizes.get)
    found = [
        Process(1, "containerd", "", leader=True),
        Process(2, "containerd", "", leader=False),
        Process(3, "containerd", "", leader=False),
        Process(4, "etcd", "", leader=True),
    ]
    parts = memory.of_node(found)
    assert parts == [Part("containerd, shims", 2, 8 * MIB), Part("containerd", 1, 5 * MIB)]
    assert memory.node_table(parts).rows[-1] == ("the whole node", "3", "13")
