"""The first snapshot of long rows stays within the heap that the model counts for the source."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from stack.capacity.quantity import MIB
from stack.capacity.sink import FRAMEWORK_MIB, source_heap
from stack.settings.tables import Column, Table
from tests.existing_database.server import running
from tests.images.source_task import PASSWORD, program_keys

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

from tests.existing_database.server import Server

pytestmark = pytest.mark.sandbox

ROWS = 1000
RECORD_MIB = 4
DOCS = Table(name="docs", columns=(Column(name="id", type="integer"), Column(name="body", type="text")))
# 288 kB each, 288 MB in all
SETUP = f"""
CREATE ROLE capture LOGIN REPLICATION PASSWORD '{PASSWORD}';
CREATE TABLE docs (id int PRIMARY KEY, body text NOT NULL);
ALTER TABLE docs REPLICA IDENTITY FULL;
ALTER TABLE docs ALTER body SET STORAGE EXTERNAL;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO capture;
CREATE PUBLICATION publication FOR TABLE docs;
SELECT pg_create_logical_replication_slot('slot', 'pgoutput');
INSERT INTO docs SELECT n, repeat(md5(n::text), 9000) FROM generate_series(1, {ROWS}) AS n;
"""


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """Return a server with a table of long rows."""
    with running("image") as started:
        started.configure("wal_level = logical\nmax_wal_size = 2GB\n")
        started.sql(SETUP)
        yield started


def _read(server: Server, class_path: str, folder: Path, keys: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Read the table on the heap that the program's keys need beside a worker without connectors, with some keys as given."""
    path = folder / "config"
    own = program_keys(server, path, (DOCS,), RECORD_MIB)
    with path.open("a", encoding="ascii") as file:
        file.writelines(f"{key}={value}\n" for key, value in keys.items())
    heap = source_heap(own) // MIB + FRAMEWORK_MIB
    options = [f"-Xmx{heap}m", "-XX:+ExitOnOutOfMemoryError", "-Duser.timezone=UTC", "-cp", class_path]
    line = ["java", *options, "dataingestion.connect.CountProbe", str(path), str(ROWS)]
    return subprocess.run(line, capture_output=True, text=True, timeout=200, check=False)


def test_the_snapshot_of_long_rows_fits_into_the_modelled_heap(server: Server, class_path: str, tmp_path: Path) -> None:
    done = _read(server, class_path, tmp_path, {})
    assert done.stdout.startswith("> 0 "), done.stderr[-3000:]


def test_debeziums_own_number_of_rows_does_not_fit(server: Server, class_path: str, tmp_path: Path) -> None:
    """Otherwise the test above would prove nothing."""
    done = _read(server, class_path, tmp_path, {"snapshot.fetch.size": "10240"})
    assert "OutOfMemoryError" in done.stderr + done.stdout, done.stdout + done.stderr[-3000:]
