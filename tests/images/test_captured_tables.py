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
# An exchange of two names, which is its own cure
SWAP = """BEGIN; ALTER TABLE public.marks RENAME TO swapped; ALTER TABLE public."Odd ,one" RENAME TO marks;
ALTER TABLE public.swapped RENAME TO "Odd ,one"; COMMIT;"""
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
    "CREATE UNLOGGED TABLE public.parted_3 PARTITION OF public.parted FOR VALUES FROM (20) TO (30);"
    "ALTER TABLE public.parted_3 REPLICA IDENTITY FULL;": ("parted_3 is UNLOGGED; run {cure}", "ALTER TABLE parted_3 SET LOGGED"),
    "ALTER PUBLICATION publication SET (publish_via_partition_root = false);": (
        "public.parted has partitions, and the publication publication has their changes under their own names; run {cure}",
        "ALTER PUBLICATION publication SET (publish_via_partition_root = true)",
    ),
    "ALTER PUBLICATION publication SET (publish = 'insert, update, delete');": (
        "the publication publication leaves out inserts, updates, deletes or truncates; run {cure}",
        "ALTER PUBLICATION publication SET (publish = 'insert, update, delete, truncate')",
    ),
    "ALTER PUBLICATION publication DROP TABLE public.marks; ALTER PUBLICATION publication ADD TABLE public.marks WHERE (id > 5);": (
        "public.marks is in the publication publication with some of its rows or columns only; run {cure}",
        "ALTER PUBLICATION publication DROP TABLE public.marks; ALTER PUBLICATION publication ADD TABLE public.marks",
    ),
    "ALTER PUBLICATION publication DROP TABLE public.parted; ALTER PUBLICATION publication ADD TABLE public.parted (id);": (
        "public.parted is in the publication publication with some of its rows or columns only; run {cure}",
        "ALTER PUBLICATION publication DROP TABLE public.parted; ALTER PUBLICATION publication ADD TABLE public.parted",
    ),
    "ALTER TABLE public.marks DROP CONSTRAINT marks_pkey;": (
        "public.marks has no primary key, nor a unique index over columns that are NOT NULL; give it back the one that it had",
        "ALTER TABLE public.marks ADD PRIMARY KEY (id)",
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


def test_a_key_that_includes_other_columns_or_is_checked_at_commit_is_no_fault(server: Server, class_path: str, tmp_path: Path) -> None:
    """As the catalogue of an existing database counts keys: by their own columns, and each primary key."""
    kinds = {
        "including": "id integer, note text, PRIMARY KEY (id) INCLUDE (note)",
        "deferred": "id integer PRIMARY KEY DEFERRABLE INITIALLY DEFERRED, note text",
        "indexed": "id integer NOT NULL, note text, UNIQUE (id) INCLUDE (note)",
    }
    for name, columns in kinds.items():
        server.sql(f"CREATE TABLE public.{name} ({columns}); ALTER TABLE public.{name} REPLICA IDENTITY FULL;")
        server.sql(f"GRANT SELECT ON public.{name} TO capture; ALTER PUBLICATION publication ADD TABLE public.{name};")
    source = Source(server, class_path, tmp_path, table_include_list=",".join(f"public.{name}" for name in kinds))
    server.sql("INSERT INTO public.including VALUES (1);")
    assert source.run().startswith("Struct{id=")


def reads(source: Source, number: int) -> bool:
    """Return whether a row arrives; the slot may still have rows of an earlier test, and a source stops after some."""
    return any(f"Struct{{id={number}}}" in source.run() for _ in range(5))


def test_tables_that_swapped_their_names_stop_a_start_until_they_have_them_back(server: Server, class_path: str, tmp_path: Path) -> None:
    """The stored position says which tables they were, so that no restart of a worker forgets it."""
    source = Source(server, class_path, tmp_path, table_include_list=LISTED)
    server.sql("INSERT INTO public.marks VALUES (101);")
    assert reads(source, 101)
    server.sql(SWAP)
    server.sql("INSERT INTO public.marks VALUES (102);")
    for _ in range(2):
        failure = source.run()
        assert "UncapturedTableException" in failure
        for name, other in (("public.marks", 'public."Odd ,one"'), ('public."Odd ,one"', "public.marks")):
            assert f"{name} is another table than before, which is {other} now; give both back their names, or run " in failure
    server.sql(SWAP)
    assert reads(source, 102), "written by the other name, and read as what it was then"


def test_a_table_that_is_made_again_under_its_name_is_no_swap(server: Server, class_path: str, tmp_path: Path) -> None:
    source = Source(server, class_path, tmp_path, table_include_list=LISTED)
    server.sql("INSERT INTO public.marks VALUES (201);")
    assert reads(source, 201)
    server.sql(
        'DROP TABLE public."Odd ,one"; CREATE TABLE public."Odd ,one" (id integer PRIMARY KEY); '
        'ALTER TABLE public."Odd ,one" REPLICA IDENTITY FULL; GRANT SELECT ON public."Odd ,one" TO capture; '
        'ALTER PUBLICATION publication ADD TABLE public."Odd ,one"; INSERT INTO public.marks VALUES (202);'
    )
    assert reads(source, 202)


@pytest.mark.parametrize(
    ("done", "told", "cure"),
    [
        ("ALTER TABLE public.marks RENAME TO renamed;", "public.marks does not exist", "ALTER TABLE public.renamed RENAME TO marks;"),
        (SWAP, "public.marks is another table than before", SWAP),
    ],
    ids=["renamed", "swapped"],
)
def test_a_table_of_another_name_under_a_running_source_stops_it_within_a_minute(
    server: Server, class_path: str, tmp_path: Path, done: str, told: str, cure: str
) -> None:
    source, ended = Source(server, class_path, tmp_path, table_include_list=LISTED, test_stays=True, test_seconds=100), threading.Event()

    def write() -> None:
        # something is always written: the heartbeat
        while not ended.wait(2):
            server.sql('INSERT INTO public."Odd ,one" SELECT coalesce(max(id), 0) + 1 FROM public."Odd ,one";')

    writer = threading.Thread(target=write)
    writer.start()
    with source.running() as lines:
        next(line for line in lines if line.startswith("# "))
        server.sql(done)
        began = time.monotonic()
        failure = next((line for line in lines if line.startswith("! ")), "")
        spent = time.monotonic() - began
    ended.set()
    writer.join()
    server.sql(cure)
    assert told in failure
    assert spent < 60
