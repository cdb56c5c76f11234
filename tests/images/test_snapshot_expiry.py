"""Old snapshots of the sink's tables are removed, and never what the sink goes on from; by Iceberg's own classes on tables in a folder."""

from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

pytestmark = pytest.mark.sandbox

COMMITS = 200


@pytest.fixture(scope="module")
def found(
    staged: Path, compiled: Callable[[str, list[Path]], str], tmp_path_factory: pytest.TempPathFactory
) -> Mapping[str, Mapping[str, str]]:
    """Return what the probe printed: name of a case to its figures."""
    path = compiled("sink", [*staged.glob("plugins/iceberg/*.jar")])
    command = ["java", "-cp", path, "dataingestion.connect.ExpiryProbe", str(tmp_path_factory.mktemp("warehouse")), str(COMMITS)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=True)
    lines = (line.partition(" ") for line in done.stdout.splitlines() if "removed=" in line)
    return {name: dict(re.findall(r"(\w+)=(\S+)", rest)) for name, _, rest in lines}


def test_snapshots_within_their_age_stay(found: Mapping[str, Mapping[str, str]]) -> None:
    assert found["within"] | {"bytes": ""} == {
        "removed": "0",
        "held": str(COMMITS),
        "files": str(COMMITS),
        "positioned": "true",
        "bytes": "",
    }


def test_older_ones_go_and_no_file_of_rows_with_them(found: Mapping[str, Mapping[str, str]]) -> None:
    after = found["after"]
    assert (after["removed"], after["held"], after["files"]) == (str(COMMITS - 1), "1", str(COMMITS))
    assert int(after["bytes"]) < int(found["within"]["bytes"]) / 10
    assert found["again"]["removed"] == "0"


def test_the_position_of_the_sink_stays_where_another_writer_has_committed_since(found: Mapping[str, Mapping[str, str]]) -> None:
    foreign = found["foreign"]
    assert (foreign["removed"], foreign["held"], foreign["positioned"], foreign["files"]) == ("1", "3", "true", "4")


def test_a_table_without_snapshots_is_left_alone(found: Mapping[str, Mapping[str, str]]) -> None:
    assert (found["empty"]["removed"], found["empty"]["held"]) == ("0", "0")


def test_rounds_go_on_after_a_table_that_cannot_be_loaded(found: Mapping[str, Mapping[str, str]]) -> None:
    assert (found["rounds"]["held"], found["rounds"]["files"]) == ("1", "4")
