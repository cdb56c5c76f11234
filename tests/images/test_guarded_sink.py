"""The image's Iceberg sink compares the positions in its tables' snapshots with the end of its control topic."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

pytestmark = pytest.mark.sandbox


@pytest.fixture(scope="module")
def printed(staged: Path, compiled: Callable[[str, list[Path]], str], tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """Run the probe against the image's own jars, and return its lines by name."""
    path = compiled("sink", [*staged.glob("plugins/iceberg/*.jar")])
    command = ["java", "-cp", path, "dataingestion.connect.PositionsProbe", str(tmp_path_factory.mktemp("warehouse"))]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=True)
    lines = [line.split(" ", 2) for line in done.stdout.splitlines() if line.startswith("RESULT ")]
    return {name: rest for _, name, rest in lines}


def test_a_table_without_a_commit_of_the_sink_refuses_no_topic(printed: Mapping[str, str]) -> None:
    assert printed["empty"] == "{} -"
    assert printed["other"] == "{} -", "the topic of another epoch"


def test_the_position_is_found_behind_the_commit_of_another_writer(printed: Mapping[str, str]) -> None:
    assert printed["at"] == "{0=27} -"


@pytest.mark.parametrize(("name", "end"), [("beyond", 26), ("without", 0)])
def test_a_topic_that_ends_before_the_position_is_refused_with_the_reason_and_the_cure(
    printed: Mapping[str, str], name: str, end: int
) -> None:
    refused = printed[name]
    assert f"iceberg-control ends at offset {end} of partition 0" in refused
    assert "archive.users was committed at 27" in refused
    assert "Raise streaming.epoch" in refused
