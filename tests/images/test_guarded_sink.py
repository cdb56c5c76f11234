"""The image's Iceberg sink compares the positions in its tables' snapshots with the end of its control topic."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from images import java_compiler, staging
from images.store import Store
from sandbox.paths import CACHE

if TYPE_CHECKING:
    from collections.abc import Mapping

pytestmark = pytest.mark.sandbox

IMAGE = Path(staging.__file__).parent / "connect"


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """Run the probe against the image's own jars, and return its lines by name."""
    into, store = tmp_path_factory.mktemp("contents"), Store(CACHE / "jars")
    staging.stage(IMAGE, store, into)
    jars = [*into.glob("libs/*.jar"), *into.glob("plugins/iceberg/*.jar")]
    (compiler,) = (store.path(entry) for entry in staging.entries_of(IMAGE) if ":ecj:" in entry.source)
    java_compiler.compile_sources(compiler, Path(__file__).parent / "java" / "sink", jars, into / "probe.jar")
    command = ["java", "-cp", ":".join(map(str, [*jars, into / "probe.jar"])), "dataingestion.connect.PositionsProbe"]
    done = subprocess.run([*command, str(into / "warehouse")], capture_output=True, text=True, timeout=300, check=True)
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
