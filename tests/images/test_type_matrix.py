"""Every type that becomes text or bytes: its values arrive as PostgreSQL writes them, when a row is read and when it changes."""

from __future__ import annotations

import json
import struct
from typing import TYPE_CHECKING

import pytest

from images import java_compiler
from stack.configs.session import OPTIONS, SOURCE
from tests.existing_database.server import running
from tests.images.source_task import CONVERTED, NULL, PASSWORD, Source
from tests.images.type_matrix import ALIKE, BYTES, DEFAULTS, EXTENSIONS, PLAINLY, SETUP, TEXT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from tests.existing_database.server import Server

pytestmark = pytest.mark.sandbox

# Defaults of a server, and of the role, that change the text of values
UNUSUAL = """
wal_level = logical
timezone = 'Asia/Kolkata'
intervalstyle = 'sql_standard'
datestyle = 'German, DMY'
extra_float_digits = 0
bytea_output = 'escape'
"""
CAPTURED = (
    "ALTER TABLE public.marks REPLICA IDENTITY FULL; GRANT SELECT ON public.marks TO capture; "
    "CREATE PUBLICATION publication FOR TABLE public.marks; SELECT pg_create_logical_replication_slot('slot', 'pgoutput');"
)
# Runs of a query before the driver has the server prepare it, and runs of a backfill
_PREPARED, _CHUNKS = 5, 12
_PLAIN = " ".join(f"SET {setting};" for setting in OPTIONS.removeprefix("-c ").split(" -c "))


@pytest.fixture(scope="module")
def class_path(staged: Path, compiled: Callable[[str, list[Path]], str]) -> Iterator[str]:
    """Compile the probe against the image's own jars."""
    with java_compiler.jars([staged / "plugins-archives", staged / "plugins/debezium-postgres"]) as jars:
        yield compiled("source", jars)


@pytest.fixture
def server() -> Iterator[Server]:
    """Return a server whose settings are as unusual as they can be."""
    with running("image") as started:
        started.configure(UNUSUAL)
        started.sql(
            f"CREATE ROLE capture LOGIN REPLICATION PASSWORD '{PASSWORD}'; "
            "ALTER ROLE capture SET intervalstyle = 'postgres_verbose'; ALTER ROLE capture SET timezone = 'America/St_Johns';"
        )
        for extension in EXTENSIONS:
            started.sql(f"CREATE EXTENSION {extension};")
        started.sql(SETUP)
        yield started


class Matrix:
    """A table with a column of each type, and rows that hold the literals one after another."""

    def __init__(self, server: Server) -> None:
        """Create the table."""
        self._server = server
        typed = {**TEXT, **BYTES, **PLAINLY, **{domain: literals for domain, (_, literals) in ALIKE.items()}}
        self.types = {f"c{number}": (kind, literals) for number, (kind, literals) in enumerate(typed.items())}
        self.same = {f"b{number}": (base, literals) for number, (base, literals) in enumerate(ALIKE.values())}
        self.all = {**self.types, **self.same}
        self.rows = max(len(literals) for _, literals in self.all.values()) + 1
        columns = ", ".join(f"{name} {kind}" for name, (kind, _) in self.all.items())
        server.sql(f"CREATE TABLE public.marks (id integer PRIMARY KEY, other integer NOT NULL DEFAULT 0, {columns}); {CAPTURED}")

    def insert(self, first: int) -> None:
        """Insert all rows; one of NULLs is the last."""
        for number in range(self.rows):
            given = {name: literals[number] for name, (_, literals) in self.all.items() if number < len(literals)}
            shown = ", ".join("'" + literal.replace("'", "''") + "'" for literal in given.values())
            names = "".join(f", {name}" for name in given)
            self._server.sql(f"INSERT INTO public.marks (id{names}) VALUES ({first + number}{', ' if given else ''}{shown});")

    def told(self, first: int) -> list[dict[str, str]]:
        """Return what PostgreSQL's own output functions write of the rows."""
        shown = ", ".join(
            f"CASE WHEN {name}::text IS NULL THEN '{NULL}' ELSE encode(convert_to(format('%s', {name}), 'UTF8'), 'hex') END"
            for name in self.types
        )
        found = self._server.sql(f"{_PLAIN} SELECT {shown} FROM public.marks WHERE id BETWEEN {first} AND {first + 99} ORDER BY id;")
        return [dict(zip(self.types, map(_text, line.split("|")), strict=True)) for line in found.splitlines()]


def _text(written: str) -> str:
    return written if written == NULL else bytes.fromhex(written).decode()


def _spelt(kind: str, text: str) -> str:
    """Return the text of a value, for a number or a boolean in one spelling: the probe writes those as Java does."""
    if kind == "boolean":
        return {"t": "true", "f": "false"}.get(text, text)
    if kind not in {"real", "double precision"} or text == NULL:
        return text
    number = float(text)
    return repr(number if kind == "double precision" else struct.unpack("f", struct.pack("f", number))[0])


def wrong(matrix: Matrix, told: Sequence[dict[str, str]], arrived: Sequence[dict[str, str]]) -> list[str]:
    """Return each value that did not arrive as PostgreSQL writes it."""
    found = []
    for wanted, row in zip(told, arrived, strict=True):
        for name, (kind, _) in matrix.types.items():
            base = {domain: f"b{number}" for number, domain in enumerate(ALIKE)}.get(kind)
            right = row[base] if base else _spelt(kind, wanted[name])
            if _spelt(kind, row.get(name, "nothing")) != right:
                found.append(f"{kind}: {row.get(name, 'nothing')[:80]!r} instead of {right[:80]!r}")
    return found


def test_every_value_arrives_as_postgresql_writes_it(server: Server, class_path: str, tmp_path: Path) -> None:
    matrix = Matrix(server)
    matrix.insert(0)
    told = matrix.told(0)
    source = Source(server, class_path, tmp_path, {**CONVERTED, **SOURCE, "tombstones.on.delete": "false"})
    read = source.changes(matrix.rows)
    matrix.insert(100)
    server.sql("UPDATE public.marks SET other = 1 WHERE id >= 100; DELETE FROM public.marks WHERE id >= 100;")
    changed = source.changes(3 * matrix.rows)
    found = {
        # a statement changes rows in the order in which they lie
        state: wrong(matrix, told, sorted(rows, key=lambda row: int(row["id"])))
        for state, rows in {
            "read": [change.after for change in read],
            "inserted": [change.after for change in changed if change.op == "c"],
            "updated": [change.after for change in changed if change.op == "u"],
            "before": [change.before for change in changed if change.op == "u"],
            "deleted": [change.before for change in changed if change.op == "d"],
        }.items()
    }
    assert not any(found.values()), "\n".join(f"{state}: {line}" for state, lines in found.items() for line in lines)
    assert {source.types[name] for name, (kind, _) in matrix.types.items() if kind in TEXT} == {"STRING null null null"}
    assert {source.types[name] for name, (kind, _) in matrix.types.items() if kind in BYTES} == {"BYTES null null null"}
    for number, domain in enumerate(ALIKE):
        assert source.types[f"b{number}"] == source.types[next(name for name, (kind, _) in matrix.types.items() if kind == domain)]


def test_a_worker_of_another_time_zone_does_not_start(server: Server, class_path: str, tmp_path: Path) -> None:
    """The driver would make it the zone of its sessions, and write times in arrays and ranges by it."""
    server.sql(f"CREATE TABLE public.marks (id integer PRIMARY KEY); INSERT INTO public.marks VALUES (1); {CAPTURED}")
    failure = Source(server, class_path, tmp_path, {**CONVERTED, **SOURCE}, zone="America/St_Johns").failure()
    assert "The worker's time zone is America/St_Johns" in failure


def test_a_label_that_an_enum_gets_later_arrives_also_of_one_that_had_none(server: Server, class_path: str, tmp_path: Path) -> None:
    """A change of an empty enum's column stopped Debezium's own converter."""
    server.sql("CREATE TABLE public.marks (id integer PRIMARY KEY, mood public.mood, nothing public.nothing);")
    server.sql(f"INSERT INTO public.marks VALUES (1, 'calm'); {CAPTURED}")
    source = Source(server, class_path, tmp_path, {**CONVERTED, **SOURCE})
    (row,) = source.rows(1)
    assert (row["mood"], row["nothing"]) == ("calm", NULL)
    server.sql("ALTER TYPE public.mood ADD VALUE 'wild'; ALTER TYPE public.nothing ADD VALUE 'thing';")
    server.sql("INSERT INTO public.marks VALUES (2, 'wild', 'thing');")
    (row,) = source.rows(1)
    assert (row["mood"], row["nothing"]) == ("wild", "thing")


def test_a_default_of_any_type_stops_nothing_and_changes_no_value(server: Server, class_path: str, tmp_path: Path) -> None:
    columns = {f"c{number}": f"{kind} NOT NULL DEFAULT {value}" for number, (kind, value) in enumerate(DEFAULTS.items())}
    later = "".join(f", ADD COLUMN later_{name} {definition}" for name, definition in columns.items()).removeprefix(", ")
    server.sql(f"CREATE TABLE public.marks (id integer PRIMARY KEY, {', '.join(map(' '.join, columns.items()))}); {CAPTURED}")
    server.sql("INSERT INTO public.marks (id) VALUES (1);")
    source = Source(server, class_path, tmp_path, {**CONVERTED, **SOURCE})
    (read,) = source.rows(1)
    server.sql(f"ALTER TABLE public.marks {later}; INSERT INTO public.marks (id) VALUES (2);")
    (changed,) = source.rows(1)
    assert {name: changed[f"later_{name}"] for name in columns} == {name: read[name] for name in columns}
    shown = ", ".join(f"encode(convert_to(format('%s', {name}), 'UTF8'), 'hex')" for name in columns)
    told = [bytes.fromhex(text).decode() for text in server.sql(f"{_PLAIN} SELECT {shown} FROM public.marks WHERE id = 1;").split("|")]
    differ = {kind: (read[name], text) for name, kind, text in zip(columns, DEFAULTS, told, strict=True) if read[name] != text}
    assert differ == {"public.moment": ("2026-01-02T03:04:05.123456", "2026-01-02 03:04:05.123456")}


def test_without_the_keys_of_the_session_values_change_in_silence(server: Server, class_path: str, tmp_path: Path) -> None:
    """Reason for the keys: a later version may need fewer, and this test fails."""
    server.sql(f"CREATE TABLE public.marks (id integer PRIMARY KEY, place pg_lsn, ratio float8, data bytea); {CAPTURED}")
    source, row = Source(server, class_path, tmp_path, CONVERTED), "'0/1', 0.30000000000000004, '\\x00ff'"
    server.sql(f"INSERT INTO public.marks VALUES (1, {row});")
    (read,) = source.rows(1)
    server.sql(f"INSERT INTO public.marks VALUES (2, {row});")
    (changed,) = source.rows(1)
    assert (read["place"], changed["place"]) == ("0/1", NULL)
    assert (read["ratio"], changed["ratio"]) == ("0.3", "0.3")
    assert (read["data"], changed["data"] == read["data"]) == ("\\x00ff", False)


def test_a_backfill_reads_values_as_a_snapshot_does(server: Server, class_path: str, tmp_path: Path) -> None:
    """It runs one prepared query many times, of which the driver would ask the server for binary values."""
    columns = {
        f"c{number}": (kind, literals[-1]) for number, (kind, literals) in enumerate({**TEXT, **BYTES, **PLAINLY}.items()) if literals
    }
    typed = ", ".join(f"{name} {kind}" for name, (kind, _) in columns.items())
    shown = ", ".join("'" + literal.replace("'", "''") + "'" for _, literal in columns.values())
    server.sql(f"CREATE TABLE public.marks (id integer PRIMARY KEY, {typed});")
    for number in range(_CHUNKS):
        server.sql(f"INSERT INTO public.marks VALUES ({number}, {shown});")
    signal = {"id": "1", "type": "execute-snapshot", "data": {"data-collections": ["public.marks"], "type": "INCREMENTAL"}}
    (tmp_path / "signals").write_text(json.dumps(signal) + "\n", encoding="utf-8")
    server.sql(
        f"CREATE TABLE public.signals (id text PRIMARY KEY, type text, data text); GRANT ALL ON public.signals TO capture; {CAPTURED} "
        "ALTER PUBLICATION publication ADD TABLE public.signals;"
    )
    keys = {
        "snapshot.mode": "no_data",
        "signal.enabled.channels": "file,source",
        "signal.file": str(tmp_path / "signals"),
        "signal.data.collection": "public.signals",
        "signal.poll.interval.ms": "500",
        "incremental.snapshot.chunk.size": "1",
    }
    # the marks of its windows are changes too
    changes = Source(server, class_path, tmp_path, {**CONVERTED, **SOURCE, **keys}).changes(3 * _CHUNKS - 2)
    read = [change.after for change in changes if change.op == "r"]
    assert len(read) > _PREPARED
    first, last = read[0], read[-1]
    texts = ", ".join(f"encode(convert_to(format('%s', {name}), 'UTF8'), 'hex')" for name in columns)
    told = [bytes.fromhex(text).decode() for text in server.sql(f"{_PLAIN} SELECT {texts} FROM public.marks WHERE id = 0;").split("|")]
    for row in (first, last):
        assert [
            (kind, row[name][:80], text[:80])
            for (name, (kind, _)), text in zip(columns.items(), told, strict=True)
            if _spelt(kind, row[name]) != _spelt(kind, text)
        ] == []


def test_an_infinite_interval_arrives_as_zero_and_one_beyond_32_bits_of_hours_stops_the_source(
    server: Server, class_path: str, tmp_path: Path
) -> None:
    """Reason for the check on a column of the type; the other one is told in docs/fidelity.md."""
    server.sql(f"CREATE TABLE public.marks (id integer PRIMARY KEY, lasts interval); {CAPTURED}")
    source = Source(server, class_path, tmp_path, {**CONVERTED, **SOURCE})
    server.sql("INSERT INTO public.marks VALUES (1, 'infinity');")
    (row,) = source.rows(1)
    assert row["lasts"] == "PT0S"
    server.sql("INSERT INTO public.marks VALUES (2, '2147483648:00:00');")
    assert "2147483648" in source.failure()
