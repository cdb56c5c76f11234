"""The image's source fails loudly where Debezium goes on in silence without a table, or without a part of its changes."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import pytest

from providers.kafkaconnect.causes import known_cause
from tests.existing_database.server import running
from tests.images.source_task import PASSWORD
from tests.images.test_guarded_connector import Source

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.existing_database.server import Server

pytestmark = pytest.mark.sandbox

LISTED = "public.marks,public.parted,public.Odd\\\\ \\\\,one"
SETUP = f"""
CREATE ROLE capture LOGIN REPLICATION PASSWORD '{PASSWORD}';
CREATE TABLE public.marks (id integer PRIMARY KEY);
CREATE TABLE public."Odd ,one" (id integer PRIMARY KEY);
CREATE TABLE public.parted (id integer PRIMARY KEY, note text) PARTITION BY RANGE (id);
CREATE TABLE public.parted_1 PARTITION OF public.parted FOR VALUES FROM (0) TO (10);
ALTER TABLE public.marks REPLICA IDENTITY FULL;
ALTER TABLE public."Odd ,one" REPLICA IDENTITY FULL;
ALTER TABLE public.parted REPLICA IDENTITY FULL;
ALTER TABLE public.parted_1 REPLICA IDENTITY FULL;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO capture;
CREATE PUBLICATION publication FOR TABLE public.marks, public."Odd ,one", public.parted WITH (publish_via_partition_root = true);
SELECT pg_create_logical_replication_slot('slot', 'pgoutput');
"""
# statement of a person | message, and its cure, which runs as it is printed
FAULTS = {
    "ALTER TABLE public.marks RENAME TO renamed;": (
        "public.marks does not exist; give it back its name, or leave it out of the tables of the stack and run `up`",
        "ALTER TABLE public.renamed RENAME TO marks;",
    ),
    "ALTER PUBLICATION publication DROP TABLE public.marks;": (
        "public.marks is not in the publication publication by this name; run {cure}",
        "ALTER PUBLICATION publication ADD TABLE public.marks",
    ),
    'ALTER TABLE public."Odd ,one" REPLICA IDENTITY DEFAULT;': (
        'public."Odd ,one" has no replica identity FULL; run {cure}',
        'ALTER TABLE public."Odd ,one" REPLICA IDENTITY FULL',
    ),
    "CREATE TABLE public.parted_2 PARTITION OF public.parted FOR VALUES FROM (10) TO (20);": (
        "parted_2 has no replica identity FULL; run {cure}",
        "ALTER TABLE parted_2 REPLICA IDENTITY FULL",
    ),
    "ALTER PUBLICATION publication SET (publish_via_partition_root = false);": (
        "public.parted is not in the publication publication by this name",
        "ALTER PUBLICATION publication SET (publish_via_partition_root = true)",
    ),
}


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """Return a server with three captured tables."""
    with running("image") as started:
        started.configure("wal_level = logical\n")
        started.sql(SETUP)
        yield started


def test_each_fault_stops_a_start_with_its_cure_and_the_cure_lets_it_go_on(server: Server, class_path: str, tmp_path: Path) -> None:
    source = Source(server, class_path, tmp_path, table_include_list=LISTED)
    for number, (done, (told, cure)) in enumerate(FAULTS.items()):
        server.sql(done)
        failure = source.run()
        assert "UncapturedTableException" in failure, (done, failure)
        assert told.format(cure=cure) in failure
        assert known_cause(failure) is known_cause("UncapturedTableException")
        server.sql(f"{cure};")
        server.sql(f"INSERT INTO public.marks VALUES ({number});")
        assert source.run().startswith("Struct{id="), done


def test_a_table_that_is_renamed_under_a_running_source_stops_it_within_a_minute(server: Server, class_path: str, tmp_path: Path) -> None:
    source, ended = Source(server, class_path, tmp_path, table_include_list=LISTED, test_stays=True, test_seconds=100), threading.Event()

    def write() -> None:
        number = 0
        # something is always written: the heartbeat
        while not ended.wait(2):
            number += 1
            server.sql(f'INSERT INTO public."Odd ,one" VALUES ({number});')

    writer = threading.Thread(target=write)
    writer.start()
    with source.running() as lines:
        next(line for line in lines if line.startswith("# "))
        server.sql("ALTER TABLE public.marks RENAME TO renamed;")
        began = time.monotonic()
        failure = next((line for line in lines if line.startswith("! ")), "")
        spent = time.monotonic() - began
    ended.set()
    writer.join()
    server.sql("ALTER TABLE public.renamed RENAME TO marks;")
    assert "public.marks does not exist" in failure
    assert spent < 60
