"""Tables that inherit from a captured one: nothing that is printed makes a write of the application fail."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.checks.check import Level
from stack.settings.tables import Column, Table
from stack.specification.source import external_sql
from tests.existing_database.conftest import TABLES
from tests.existing_database.test_doctor import findings, made_ready, statements, the_script
from tests.existing_database.test_tables import cures_of, looked

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.existing_database.target import Target
    from tests.existing_database.conftest import Existing

_CHILDREN = """
CREATE TABLE public.customers () INHERITS (public.users);
CREATE TABLE public.vip (discount integer) INHERITS (public.customers);
CREATE TABLE public.codes (code text NOT NULL UNIQUE, note text);
ALTER TABLE public.codes REPLICA IDENTITY NOTHING;
"""
_CODES = Table(
    name="codes",
    key="unique index",
    primary_key=("code",),
    columns=(Column(name="code", type="text"), Column(name="note", type="text", nullable=True)),
)
_WRITES = """
INSERT INTO public.users (email) VALUES ('a');
INSERT INTO public.customers (id, email) VALUES (5, 'b');
INSERT INTO public.vip (id, email) VALUES (6, 'c');
INSERT INTO public.codes VALUES ('d');
INSERT INTO sales.orders VALUES (7, '2026-05-01', 1);
UPDATE public.users SET note = 'x'; UPDATE public.customers SET note = 'y'; UPDATE public.vip SET note = 'z';
UPDATE public.codes SET note = 'n';
UPDATE sales.orders SET amount = 2;
DELETE FROM public.vip; DELETE FROM public.customers; DELETE FROM public.users; DELETE FROM public.codes; DELETE FROM sales.orders;
"""


def captured(existing: Existing) -> Target:
    """Return the target after its database has got tables that inherit, and one whose key is a unique index."""
    existing.sql(_CHILDREN)
    return existing.expecting(tables=(*TABLES, _CODES))


def test_after_the_script_every_table_takes_every_write(existing: Existing) -> None:
    target = captured(existing)
    existing.sql(the_script(target))
    existing.sql(_WRITES)
    assert findings(target)["publication"].level is Level.FINE


def test_after_each_statement_that_cures_the_publication_every_table_takes_every_write(existing: Existing) -> None:
    target = captured(existing)
    existing.sql("ALTER TABLE public.codes REPLICA IDENTITY DEFAULT;")
    names = target.names
    existing.sql(statements(findings(target)["role"].cure))
    existing.sql(statements(findings(target)["heartbeat table"].cure))
    others = (
        f"ALTER PUBLICATION {names.publication} DROP TABLE ONLY public.users;",
        f"DROP PUBLICATION {names.publication}; CREATE PUBLICATION {names.publication} FOR ALL TABLES;",
    )
    for broken in ("", *others):
        existing.sql(broken)
        for statement in statements(findings(target)["publication"].cure).splitlines():
            existing.sql(statement)
            if not broken.endswith("ALL TABLES;") or not statement.startswith("ALTER TABLE"):
                existing.sql(_WRITES)
        assert findings(target)["publication"].level is Level.FINE


def test_a_published_child_is_a_failure_and_its_cure_leaves_the_child_out(existing: Existing) -> None:
    target = captured(existing)
    existing.sql(the_script(target))
    existing.sql(f"ALTER PUBLICATION {target.names.publication} ADD TABLE public.customers;")
    found = findings(target)["publication"]
    assert found.level is Level.FAILURE
    assert "an UPDATE or a DELETE of public.customers, public.vip fails, without a replica identity" in found.found
    existing.sql(statements(found.cure))
    existing.sql(_WRITES)
    assert findings(target)["publication"].level is Level.FINE


def test_a_parent_is_not_captured_with_rows_that_only_its_snapshot_reads(existing: Existing, tmp_path: Path) -> None:
    """The cures, printed once each, part parents from children, and the tables are captured one beside the other."""
    made_ready(existing)
    existing.sql(_CHILDREN)
    found = findings(existing.target)["columns"]
    assert found.level is Level.FAILURE
    assert "public.users: public.customers inherits from the table" in found.found
    existing.sql("ALTER TABLE public.users ADD COLUMN more integer;")
    path = tmp_path / "prod.yaml"
    outcome = looked(existing, path, "*")
    assert not outcome.good
    cures = cures_of(outcome)
    assert sum("NO INHERIT" in cure for cure in cures) == 2
    for cure in cures:
        existing.sql(cure)
    assert looked(existing, path, "*").good
    assert findings(existing.target)["columns"].level is not Level.FAILURE


def test_only_changes_nothing_for_a_partitioned_table(existing: Existing) -> None:
    made_ready(existing)
    assert "ONLY sales.orders" in external_sql.create_publication(existing.target.names, TABLES)
    existing.sql("CREATE TABLE sales.orders_2027 PARTITION OF sales.orders FOR VALUES FROM ('2027-01-01') TO ('2028-01-01');")
    existing.sql(statements(findings(existing.target)["replica identity"].cure))
    name = existing.target.names.publication
    existing.sql(f"SELECT pg_create_logical_replication_slot('{existing.target.names.slot}', 'pgoutput');")
    existing.sql("INSERT INTO sales.orders VALUES (7, '2027-05-01', 1);")
    sent = existing.sql(
        f"SELECT count(*) FROM pg_logical_slot_peek_binary_changes('{existing.target.names.slot}', NULL, NULL, 'proto_version', '1', "
        f"'publication_names', '{name}') WHERE get_byte(data, 0) = ascii('I')"
    )
    assert sent == "1"
