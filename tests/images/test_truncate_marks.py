"""A TRUNCATE becomes a row of the table's own history that says nothing but that, whatever types and names the columns have."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from stack.settings.tables import Column, Table
from tests.existing_database.server import running
from tests.images.source_task import PASSWORD, chained

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.existing_database.server import Server

pytestmark = pytest.mark.sandbox

# Each column allows no NULL; its type, and what stands for none as the sink gets it
ZEROS = {
    "id": ("uuid", "00000000-0000-0000-0000-000000000000"),
    "seen": ("timestamptz", "1970-01-01T00:00:00.000000Z"),
    "noted": ("timestamp", "1970-01-01T00:00:00.000000"),
    "born": ("date", "0"),
    "price": ("numeric(12,2)", "0.00"),
    "amount": ("numeric", ""),
    "sold": ("boolean", "false"),
    "photo": ("bytea", "bytes:0"),
    "ratio": ("double precision", "0.0"),
    "share": ("real", "0.0"),
    "total": ("bigint", "0"),
    "many": ("integer", "0"),
    "few": ("smallint", "0"),
    "details": ("jsonb", ""),
    "tags": ("text[]", ""),
    "opens": ("time", ""),
    "remark": ("text", ""),
}
KINDS = Table(name="kinds", columns=tuple(Column(name=name, type=kind) for name, (kind, _zero) in ZEROS.items()))
OTHERS = Table(name="others", columns=(Column(name="id", type="integer"), Column(name="note", type="text", nullable=True)))
# The database has a column more, of a type that is not archived, as after ALTER TABLE and before the model leaves it out
SHAPES = Table(name="shapes", columns=(Column(name="id", type="integer"),))
SETUP = f"""
CREATE ROLE capture LOGIN REPLICATION PASSWORD '{PASSWORD}';
CREATE TABLE kinds ({", ".join(f'"{name}" {kind} NOT NULL' for name, (kind, _zero) in ZEROS.items())}, PRIMARY KEY (id));
CREATE TABLE others (id int PRIMARY KEY, note text DEFAULT 'x');
CREATE TABLE shapes (id int PRIMARY KEY, place point NOT NULL);
CREATE TABLE unwatched (id int PRIMARY KEY);
ALTER TABLE kinds REPLICA IDENTITY FULL;
ALTER TABLE others REPLICA IDENTITY FULL;
ALTER TABLE shapes REPLICA IDENTITY FULL;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO capture;
CREATE PUBLICATION publication FOR TABLE kinds, others, shapes;
SELECT pg_create_logical_replication_slot('slot', 'pgoutput');
INSERT INTO others VALUES (1, NULL);
"""


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """Return a server with tables of many types."""
    with running("image") as started:
        started.configure("wal_level = logical\n")
        started.sql(SETUP)
        yield started


def test_a_truncate_is_a_mark_in_the_history_of_each_table(server: Server, class_path: str, tmp_path: Path) -> None:
    with chained(server, class_path, tmp_path, (KINDS, OTHERS), 5) as chain:
        assert next(chain).endswith("id=1 note=null __deleted=false __op=r")
        server.sql("BEGIN; INSERT INTO others VALUES (2); TRUNCATE kinds, others, unwatched; INSERT INTO others VALUES (3, 'y'); COMMIT")
        rows = list(chain)
    kinds, others = (f"postgres.public.{name}" for name in ("kinds", "others"))
    zeros = " ".join(f"{name}={zero}" for name, (_kind, zero) in ZEROS.items())
    assert sorted(rows[1:3]) == [
        f"{kinds}|none|{kinds}.Value {zeros} __deleted=true __op=t",
        f"{others}|none|{others}.Value id=0 note=null __deleted=true __op=t",
    ]
    assert [rows[0], rows[3]] == [
        f"{others}|{others}.Key id=2|{others}.Value id=2 note=x __deleted=false __op=c",
        f"{others}|{others}.Key id=3|{others}.Value id=3 note=y __deleted=false __op=c",
    ]


def test_a_column_of_several_fields_that_the_model_does_not_know_yet_stops_no_truncate(
    server: Server, class_path: str, tmp_path: Path
) -> None:
    server.sql("INSERT INTO shapes VALUES (1, '(1,2)')")
    with chained(server, class_path, tmp_path, (SHAPES,), 2) as chain:
        assert "__op=r" in next(chain)
        server.sql("TRUNCATE shapes")
        (mark,) = list(chain)
    assert mark.startswith("postgres.public.shapes|none|postgres.public.shapes.Value id=0 place=")
    assert mark.endswith("__deleted=true __op=t")
