"""The image's counters of commits: one bean for each table, with what Iceberg's own catalog reports."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from stack.configs.classes import COMMIT_COUNTERS
from stack.specification.archive.sink import COUNTED_COMMITS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

pytestmark = pytest.mark.sandbox


@pytest.fixture(scope="module")
def shown(
    staged: Path, compiled: Callable[[str, list[Path]], str], tmp_path_factory: pytest.TempPathFactory
) -> Mapping[str, Mapping[str, str]]:
    """Run the probe against the image's own jars, and return the figures by moment and table."""
    path = compiled("sink", [*staged.glob("plugins/iceberg/*.jar")])
    command = ["java", "-XX:TieredStopAtLevel=1", "-cp", path, "dataingestion.connect.CommitsProbe"]
    warehouse = str(tmp_path_factory.mktemp("warehouse"))
    done = subprocess.run([*command, warehouse], capture_output=True, text=True, timeout=170, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    found: dict[str, dict[str, str]] = {}
    for line in done.stdout.splitlines():
        if line.startswith("RESULT "):
            _, moment, table, figures = line.split(" ", 3)
            found.setdefault(moment, {})[table] = figures
    return found


def test_a_table_without_a_commit_has_zeros_and_another_reporter_shows_nothing(shown: Mapping[str, Mapping[str, str]]) -> None:
    assert shown["begun"] == {"archive.users": "0 0 0 0", "archive.orders": "0 0 0 0"}


def test_commits_of_every_catalog_count_with_their_rows(shown: Mapping[str, Mapping[str, str]]) -> None:
    assert shown["committed"] == {"archive.users": "3 3 13 took", "archive.orders": "0 0 0 0"}


def test_a_report_that_cannot_be_read_counts_nothing_and_ends_no_commit(shown: Mapping[str, Mapping[str, str]]) -> None:
    assert shown["harmless"] == shown["committed"]


def test_a_name_with_special_characters_has_a_bean(shown: Mapping[str, Mapping[str, str]]) -> None:
    assert len(shown["strange"]) == 3


def test_no_count_is_lost_between_threads(shown: Mapping[str, Mapping[str, str]]) -> None:
    assert shown["threads"] == {"4000": "8000 20000 3"}


def test_the_sink_names_the_class_of_the_image(staged: Path) -> None:
    assert set(COUNTED_COMMITS.values()) == {COMMIT_COUNTERS}
    listed = subprocess.run(
        ["jar", "--list", "--file", str(staged / "plugins/iceberg/compiled.jar")], capture_output=True, text=True, timeout=60, check=True
    )
    assert f"{COMMIT_COUNTERS.replace('.', '/')}.class" in listed.stdout.splitlines()
