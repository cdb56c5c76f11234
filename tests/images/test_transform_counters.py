"""Counters that a transform shows by KIP-877 become metrics, whatever order it gives its tags in; by Kafka's own classes.

The image's worker has such a transform only where tables have rules of quality; its answer is stored as
tests/monitoring/scrapes/quality.txt; with RECORD_SCRAPES=1 this test writes it anew.
"""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.images.java_process import Java, agent_of, free_ports
from tests.monitoring.exposition import compared, names, series

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.sandbox

COMMENT = (
    "Answer of the agent where Kafka's own classes show counters of a transform, by tests/images/test_transform_counters.py; no worker."
)
CHECKED, INVALID = "quality_rows_checked_total", "quality_rows_invalid_total"


@pytest.fixture(scope="module")
def answer(staged: Path, compiled: Callable[[str, list[Path]], str], tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the answer of the agent of a process with the counters of two tasks."""
    folder, (port,) = tmp_path_factory.mktemp("counters"), free_ports(1)
    (flag,) = agent_of("connect", folder, staged, port).values()
    command = ["java", "-XX:TieredStopAtLevel=1", flag, "-cp", compiled("transforms", []), "dataingestion.connect.CountersProbe"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            java = Java(process.pid, f"http://127.0.0.1:{port}/metrics", folder / "log")
            return java.scraped(lambda text: {CHECKED, INVALID} <= names(text))
        finally:
            process.terminate()


def test_each_task_counts_by_table_and_rule(answer: str) -> None:
    found = {(name, *sorted(labels.items())) for name, labels in series(answer) if name in {CHECKED, INVALID}}
    expected = set()
    for task in "01":
        place = {"connector": "s3-sink-connector", "task": task}
        expected.add((CHECKED, *sorted({**place, "table": "users"}.items())))
        expected.add((INVALID, *sorted({**place, "table": "users", "rule": "email:pattern"}.items())))
        expected.add((INVALID, *sorted({**place, "table": "orders", "rule": "any"}.items())))
    assert found == expected


def test_the_stored_answer_has_no_metric_that_a_worker_does_not_give(answer: str) -> None:
    assert compared("quality.txt", answer, COMMENT, optional={"jvm_gc_last_pause_seconds"}) == set()
