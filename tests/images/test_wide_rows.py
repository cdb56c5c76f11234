"""Rows of 100 kB fit the worker's direct buffers, by Parquet's own writer with the properties that the program gives its tables."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from settings.archive import ArchiveSettings
from settings.names import Names
from settings.shop import TABLES
from settings.streaming import ConnectSettings
from specification.archive.tables import CHECK_EACH_ROW, properties

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

pytestmark = pytest.mark.sandbox

# A table for each task of a backlog of four hours
FILES, ROWS, LENGTH = 12, 1_500, 100_000
JVM = ConnectSettings().jvm


@pytest.fixture(scope="module")
def write(
    staged: Path, compiled: Callable[[str, list[Path]], str], tmp_path_factory: pytest.TempPathFactory
) -> Callable[[Mapping[str, str]], subprocess.CompletedProcess[str]]:
    """Return a function that writes rows into tables with some properties, within the worker's default memory."""
    path = compiled("rows", [*staged.glob("plugins/iceberg/*.jar")])

    def run(given: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
        bounds = [f"-Xmx{JVM.heap_mib}m", f"-XX:MaxDirectMemorySize={JVM.direct_mib}m"]
        numbers = [str(tmp_path_factory.mktemp("rows")), *map(str, (FILES, ROWS, LENGTH))]
        pairs = [f"{key}={value}" for key, value in given.items()]
        command = ["java", *bounds, "-cp", path, "dataingestion.connect.WideRowsProbe", *numbers, *pairs]
        return subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)

    return run


def test_wide_rows_take_a_small_part_of_the_direct_buffers(write: Callable[[Mapping[str, str]], subprocess.CompletedProcess[str]]) -> None:
    done = write(properties(Names(), TABLES[0], ArchiveSettings(bucket="archive")))
    assert done.returncode == 0, done.stderr
    (taken,) = [int(line.removeprefix("direct=")) for line in done.stdout.splitlines() if line.startswith("direct=")]
    assert taken < JVM.direct_mib * 2**20 / 4


def test_with_parquets_own_hundred_rows_to_a_page_they_do_not_fit(
    write: Callable[[Mapping[str, str]], subprocess.CompletedProcess[str]],
) -> None:
    """Or the property would have no reason."""
    done = write({**properties(Names(), TABLES[0], ArchiveSettings(bucket="archive")), CHECK_EACH_ROW: "100"})
    assert done.returncode != 0
    assert "direct buffer memory" in done.stderr
