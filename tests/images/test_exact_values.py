"""Values arrive from PostgreSQL itself as they are in it, in the snapshot and as changes alike, or as what the sink sets aside."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.existing_database.server import running
from tests.images.source_task import CONVERTED, PASSWORD, Source

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from tests.existing_database.server import Server

pytestmark = pytest.mark.sandbox

# A default of the kind cannot be read by Debezium alone; rows of the second table have a value that it takes for NULL
SETUP = f"""
CREATE ROLE capture LOGIN REPLICATION PASSWORD '{PASSWORD}';
CREATE TABLE public.marks (id integer PRIMARY KEY, local timestamp, short timestamp(3), zoned timestamptz, day date, amount numeric(10,2),
  since timestamp NOT NULL DEFAULT '2020-01-01 00:00:00.123456', until date NOT NULL DEFAULT '0044-03-15 BC',
  share numeric(4,1) NOT NULL DEFAULT 'NaN', ended timestamp NOT NULL DEFAULT 'infinity');
ALTER TABLE public.marks REPLICA IDENTITY FULL;
GRANT SELECT ON public.marks TO capture;
CREATE PUBLICATION publication FOR TABLE public.marks;
SELECT pg_create_logical_replication_slot('slot', 'pgoutput');
"""
DAY = 86_400_000
# PostgreSQL's text of a time, that of its day and an amount; then local, zoned, day in days and amount as they arrive
TIMES: Mapping[tuple[str, str, str], tuple[str, str, int, str]] = {
    ("2026-01-02 03:04:05.123456", "2026-01-02", "7.10"): ("2026-01-02T03:04:05.123456", "2026-01-02T03:04:05.123456Z", 20455, "7.10"),
    ("1500-03-01 00:00:00.000001", "1500-03-01", "-7"): ("1500-03-01T00:00:00.000001", "1500-03-01T00:00:00.000001Z", -171605, "-7.00"),
    ("0001-01-01 00:00:00", "0001-01-01", "0"): ("0001-01-01T00:00:00.000000", "0001-01-01T00:00:00.000000Z", -719162, "0.00"),
    ("0044-03-15 12:00:00 BC", "0044-03-15 BC", "99999999.99"): (
        "-0043-03-15T12:00:00.000000",
        "-0043-03-15T12:00:00.000000Z",
        -735160,
        "99999999.99",
    ),
    ("4714-11-24 00:00:00 BC", "4714-11-24 BC", "1"): ("-4713-11-24T00:00:00.000000", "-4713-11-24T00:00:00.000000Z", -2440588, "1.00"),
    ("294276-12-31 23:59:59.999", "5874897-12-31", "1"): (
        "+294276-12-31T23:59:59.999000",
        "+294276-12-31T23:59:59.999000Z",
        2145042905,
        "1.00",
    ),
    ("infinity", "infinity", "NaN"): ("infinity", "infinity", 2**31 - 1, "100000000.00"),
    ("-infinity", "-infinity", "NaN"): ("-infinity", "-infinity", -(2**31), "100000000.00"),
}
# Types in Connect that are Debezium's own, so that the registry sees no other schema
SAME = {
    "id": "INT32 null null null",
    "day": "INT32 org.apache.kafka.connect.data.Date 1 null",
    "amount": "BYTES org.apache.kafka.connect.data.Decimal 1 {scale=2, connect.decimal.precision=10}",
}


@pytest.fixture
def server() -> Iterator[Server]:
    """Return a server with a captured table."""
    with running("image") as started:
        started.configure("wal_level = logical\ntimezone = UTC\n")
        started.sql(SETUP)
        yield started


def insert(server: Server, first: int, rows: Sequence[tuple[str, str, str]]) -> None:
    values = (f"({first + number}, '{time}', '{time}', '{day}', '{amount}')" for number, (time, day, amount) in enumerate(rows))
    server.sql(f"INSERT INTO public.marks (id, local, zoned, day, amount) VALUES {', '.join(values)};")


def test_every_time_day_and_number_arrives_as_it_is_in_the_snapshot_and_as_a_change(
    server: Server, class_path: str, tmp_path: Path
) -> None:
    source, found = Source(server, class_path, tmp_path, CONVERTED), list[list[dict[str, str]]]()
    for first in (0, 100):
        insert(server, first, list(TIMES))
        found.append(source.rows(len(TIMES)))
    assert source.types.items() >= SAME.items()
    for rows in found:
        told = {
            wanted: (row["local"], row["zoned"], int(row["day"]) // DAY, row["amount"]) for wanted, row in zip(TIMES, rows, strict=True)
        }
        assert told == TIMES
        defaults = {(row["since"], int(row["until"]) // DAY, row["share"], row["ended"]) for row in rows}
        assert defaults == {("2020-01-01T00:00:00.123456", -735160, "1000.0", "infinity")}
        assert {row["short"] for row in rows} == {"null"}


@pytest.mark.parametrize("keys", [{}, {"event.converting.failure.handling.mode": "fail"}])
def test_without_the_converter_one_nan_stops_the_source(server: Server, class_path: str, tmp_path: Path, keys: dict[str, str]) -> None:
    """What the converter is for: a later version of Debezium may know a better way, and this test fails."""
    insert(server, 0, [("2026-01-02", "2026-01-02", "1")])
    assert "share" in Source(server, class_path, tmp_path, keys).failure()


def test_nan_in_a_numeric_without_digits_is_text(server: Server, class_path: str, tmp_path: Path) -> None:
    server.sql("ALTER TABLE public.marks ADD COLUMN ratio numeric; INSERT INTO public.marks (id, ratio) VALUES (1, 'NaN');")
    (row,) = Source(server, class_path, tmp_path, CONVERTED).rows(1)
    assert row["ratio"] == "NaN"


def test_without_the_converter_values_change_in_silence(server: Server, class_path: str, tmp_path: Path) -> None:
    server.sql("ALTER TABLE public.marks DROP COLUMN share;")
    rows = [("2026-01-02 03:04:05.123456", "0044-03-15 BC", "NaN"), ("infinity", "infinity", "1")]
    insert(server, 0, rows)
    source = Source(server, class_path, tmp_path, {})
    cut, endless = source.rows(2)
    assert source.types.items() >= SAME.items()
    assert cut["local"] == "1767323045123"
    assert int(cut["day"]) // DAY == -703383, "the year 44 of this era"
    assert cut["amount"] == "null"
    assert abs(int(endless["day"]) // DAY) < 2**31 - 1, "some day"
