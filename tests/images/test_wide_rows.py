"""Long rows fit the worker's memory, by Parquet's own writer with the properties that the program gives its tables."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from stack.settings.archive import ArchiveSettings
from stack.settings.names import Names
from stack.settings.streaming import ConnectSettings
from stack.specification.archive.tables import CHECK_EACH_ROW, properties

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., subprocess.CompletedProcess[str]]

pytestmark = pytest.mark.sandbox

# Tables of a backlog, rows of all, and the length of a row in bytes
FILES, ROWS, LENGTH = 12, 1_500, 100_000
MANY, FEW, LONG = 32, 96, 1_000_000
CODEC = "write.parquet.compression-codec"
JVM = ConnectSettings().jvm


@pytest.fixture(scope="module")
def write(staged: Path, compiled: Callable[[str, list[Path]], str], tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Return a function that writes rows into tables with some properties, within the worker's default memory."""
    path = compiled("rows", [*staged.glob("plugins/iceberg/*.jar")])

    def run(given: dict[str, str], sizes: tuple[int, int, int] = (FILES, ROWS, LENGTH)) -> subprocess.CompletedProcess[str]:
        bounds = [f"-Xmx{JVM.heap_mib}m", f"-XX:MaxDirectMemorySize={JVM.direct_mib}m"]
        numbers = [str(tmp_path_factory.mktemp("rows")), *map(str, sizes)]
        pairs = [f"{key}={value}" for key, value in given.items()]
        command = ["java", *bounds, "-cp", path, "dataingestion.connect.WideRowsProbe", *numbers, *pairs]
        return subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)

    return run


PROPERTIES = properties(Names(), "topics/x", ArchiveSettings(bucket="archive"))


def taken(done: subprocess.CompletedProcess[str]) -> int:
    """Return the most direct buffers that a run took, in bytes."""
    assert done.returncode == 0, done.stderr
    (most,) = [int(line.removeprefix("direct=")) for line in done.stdout.splitlines() if line.startswith("direct=")]
    return most


def test_no_table_takes_direct_buffers_for_its_rows_however_many_are_open(write: Run) -> None:
    for sizes in ((FILES, ROWS, LENGTH), (MANY, FEW, LONG)):
        assert taken(write(PROPERTIES, sizes)) < 2**20


def test_a_few_open_files_of_snappy_fit_and_many_with_rows_of_a_megabyte_do_not(write: Run) -> None:
    """Or the codec would have no reason."""
    snappy = {**PROPERTIES, CODEC: "snappy"}
    assert 0 < taken(write(snappy)) < JVM.direct_mib * 2**20 / 4
    done = write(snappy, (MANY, FEW, LONG))
    assert done.returncode != 0
    assert "direct buffer memory" in done.stderr


def test_with_parquets_own_hundred_rows_to_a_page_they_do_not_fit(write: Run) -> None:
    """Or the property would have no reason."""
    done = write({**PROPERTIES, CODEC: "snappy", CHECK_EACH_ROW: "100"})
    assert done.returncode != 0
    assert "direct buffer memory" in done.stderr
