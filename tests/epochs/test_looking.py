"""Facts are read where they are: slots of a real server, positions and bounds of a real table, offsets as the source stores them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg
import pyarrow as pa
import pytest
from pyiceberg.catalog import load_catalog

from pipeline.epoch.facts import Source, at, source
from pipeline.epoch.looking import committed, heartbeat, newest, server
from pipeline.reading.data_files import data_files
from pipeline.reading.log_position import lsn_text
from stack.settings.names import Names
from stack.specification.source.sql import create_heartbeat, drop_former_slots, grant_heartbeat
from tests.existing_database import server as servers

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.existing_database.server import Server

TOPIC, GROUP = "iceberg-control", "connect-s3-sink-connector"
SCHEMA = pa.schema([("id", pa.int64()), ("__source_lsn", pa.int64()), ("__source_ts_ms", pa.int64()), ("__epoch", pa.int32())])


@pytest.fixture(scope="module", params=servers.SERVERS)
def database(request: pytest.FixtureRequest) -> Iterator[Server]:
    """Yield a server with logical slots and a small bound on their log."""
    with servers.running(request.param) as running:
        running.sql(
            "ALTER SYSTEM SET wal_level = logical; ALTER SYSTEM SET max_slot_wal_keep_size = '1MB'; ALTER SYSTEM SET min_wal_size = '32MB';"
        )
        running.sql("ALTER SYSTEM SET max_wal_size = '32MB'; CREATE ROLE debezium LOGIN REPLICATION PASSWORD 'x';")
        running.restart()
        yield running


@pytest.fixture
def login(database: Server) -> Iterator[psycopg.Connection[Any]]:
    """Yield a connection of the role that Debezium has."""
    address = {"host": "localhost", "port": database.port, "dbname": "postgres", "user": "debezium", "password": "x"}
    with psycopg.connect(**address, autocommit=True) as connection:  # type: ignore[arg-type] # libpq's own names
        yield connection


def test_a_slot_is_seen_missing_kept_and_lost(database: Server, login: psycopg.Connection[Any]) -> None:
    before = server(login, "one")
    assert before.slot is None
    assert before.system == database.sql("SELECT system_identifier FROM pg_control_system()")

    database.sql("SELECT pg_create_logical_replication_slot('one', 'pgoutput')")
    kept = server(login, "one").slot
    assert kept is not None
    assert (kept.is_lost, kept.active, kept.wal_status) == (False, False, "reserved")
    assert kept.restart is not None
    assert kept.safe is not None
    assert kept.safe > 0
    assert heartbeat(login, "public.absent") is None

    for _ in range(3):
        database.sql("SELECT pg_logical_emit_message(false, 'x', 'y')")
        database.sql("SELECT pg_switch_wal()")
    database.sql("CHECKPOINT")
    after = server(login, "one")
    assert after.slot is not None
    assert after.slot.is_lost
    assert after.slot.safe is None, "nothing is left, and a zero would look like a figure"
    assert after.end > before.end


def test_the_age_of_a_heartbeat_is_that_of_its_commit(database: Server, login: psycopg.Connection[Any]) -> None:
    database.sql(f"{create_heartbeat(Names())} {grant_heartbeat(Names())}")
    assert heartbeat(login, "public.dbz_heartbeat") is None
    login.execute("INSERT INTO public.dbz_heartbeat VALUES (1, now() - interval '90 s')")
    assert heartbeat(login, "public.dbz_heartbeat") == pytest.approx(90, abs=20)
    database.sql("REVOKE SELECT ON public.dbz_heartbeat FROM debezium")
    assert heartbeat(login, "public.dbz_heartbeat") is None, "what a role may not read is not known"
    database.sql("DROP TABLE public.dbz_heartbeat")


def test_a_lost_slot_can_be_dropped_by_the_statement_of_the_next_epoch(database: Server) -> None:
    """By its owner's role, as the new source does, and the statement is harmless where the slot is gone already."""
    statement = drop_former_slots(Names().of_epoch(2))
    assert statement
    database.sql("SELECT pg_create_logical_replication_slot('debezium_slot', 'pgoutput')")
    for _ in range(3):
        database.sql("SELECT pg_logical_emit_message(false, 'x', 'y')")
        database.sql("SELECT pg_switch_wal()")
    database.sql("CHECKPOINT")
    assert database.sql("SELECT wal_status FROM pg_replication_slots WHERE slot_name = 'debezium_slot'") == "lost"
    for _ in range(2):
        database.sql(statement, user="debezium")
        assert database.sql("SELECT count(*) FROM pg_replication_slots WHERE slot_name = 'debezium_slot'") == "0"


@pytest.fixture
def table(tmp_path: Path) -> Any:
    """Return an archived table in SQLite and a folder."""
    catalog = load_catalog("archive", type="sql", uri=f"sqlite:///{tmp_path}/catalog.db", warehouse=f"file://{tmp_path}/warehouse")
    catalog.create_namespace("archive")
    return catalog.create_table("archive.users", schema=SCHEMA)


def rows(*values: tuple[int, int | None, int | None, int | None]) -> pa.Table:
    return pa.Table.from_pylist([dict(zip(SCHEMA.names, value, strict=True)) for value in values], schema=SCHEMA)


def test_the_furthest_position_of_an_epoch_is_read_from_the_bounds(table: Any) -> None:
    assert newest(data_files(table), 1) == (None, None)
    table.append(rows((1, 90, 1000, None), (2, 70, 2000, None)))
    assert newest(data_files(table), 1) == (90, 2000)
    table.append(rows((3, 40, 3000, 2), (4, None, None, 2)))
    assert newest(data_files(table), 2) == (40, 3000), "positions of another epoch do not compare"


def test_the_position_of_a_table_is_that_of_its_newest_commit_by_the_sink(table: Any) -> None:
    assert committed(table, TOPIC, GROUP) == {}
    key = f"kafka.connect.offsets.{TOPIC}.{GROUP}"
    table.append(rows((1, 90, 1000, 1)), snapshot_properties={key: '{"0": 7}'})
    table.append(rows((2, 91, 1000, 1)), snapshot_properties={key: '{"0": 12, "1": 3}'})
    table.append(rows((3, 92, 1000, 1)))
    assert committed(table, TOPIC, GROUP) == {0: 12, 1: 3}
    assert committed(table, f"{TOPIC}-epoch2", GROUP) == {}


def test_a_stored_offset_gives_its_furthest_place_and_its_server() -> None:
    offset = {
        "lsn": 24023128,
        "lsn_proc": 24023129,
        "lsn_commit": 24023119,
        "ts_usec": 1_000_999,
        "system_identifier": "7346",
        "timeline": 1,
    }
    assert source("RUNNING", "", offset) == Source(state="RUNNING", position=24023129, system="7346", read=1000)
    assert source("RUNNING", "", {"lsn": 5}) == Source(state="RUNNING", position=5)
    assert source("RUNNING", "", {"lsn": 5, "snapshot": True, "last_snapshot_record": False}).snapshot
    assert source(None, "", None) == Source(state=None)


def test_a_reason_is_shown_by_its_first_line_and_judged_by_the_whole() -> None:
    trace = (
        "org.apache.kafka.connect.errors.ConnectException: stopped\n\tat a.b\nCaused by: dataingestion.connect.DatabaseWentBackException: x"
    )
    found = source("FAILED", trace, None)
    assert found.went_back
    assert not found.log_gone
    assert source(
        "FAILED", "io.debezium.DebeziumException: starting at LSN{0/1}, but this is no longer available on the server.", None
    ).log_gone
    assert found.reason == "org.apache.kafka.connect.errors.ConnectException: stopped"


def test_places_and_times_are_written_as_the_database_writes_them() -> None:
    assert lsn_text(0x1_0000_00AB) == "1/AB"
    assert at(1_777_636_800_999) == "2026-05-01T12:00:00+00:00"
