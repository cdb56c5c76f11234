"""Every kind of statement with an example, for the document and for the tests, on tables of an existing database."""

from __future__ import annotations

from typing import Final

from pipeline.ddl.compatibility import Level
from pipeline.ddl.stack import Stack
from stack.settings.names import Names
from stack.settings.tables import Column, Table

TABLES: Final = (
    Table(
        name="orders",
        columns=(
            Column(name="id", type="integer"),
            Column(name="customer", type="integer"),
            Column(name="amount", type="numeric(10,2)"),
            Column(name="weight", type="real", nullable=True),
            Column(name="code", type="varchar(20)", nullable=True),
            Column(name="note", type="text", nullable=True),
            Column(name="status", type="public.status", archived_as="text", nullable=True),
            Column(name="placed", type="timestamp", nullable=True),
            Column(name="due", type="date", nullable=True),
        ),
    ),
    Table(
        name="events",
        primary_key=("at", "id"),
        columns=(
            Column(name="id", type="bigint"),
            Column(name="at", type="timestamptz"),
            Column(name="kind", type="text", nullable=True),
        ),
    ),
    Table(
        name="visits",
        primary_key=("code",),
        key="unique index",
        columns=(Column(name="code", type="text"), Column(name="seen", type="integer", nullable=True)),
    ),
)
"""Tables of the examples: one as usual, one with partitions, and one whose key is a unique index."""

EXAMPLE: Final = Stack(
    name="prod",
    is_managed=False,
    has_iceberg=True,
    level=Level.FULL,
    level_is_told=True,
    registry_user="operator",
    names=Names(),
    tables=TABLES,
)

ROWS: Final[dict[str, tuple[str, ...]]] = {
    "Columns": (
        "ALTER TABLE orders ADD COLUMN colour text",
        "ALTER TABLE orders ADD COLUMN seen timestamptz",
        "ALTER TABLE orders ADD COLUMN pieces integer NOT NULL DEFAULT 1",
        "ALTER TABLE orders ADD COLUMN made timestamptz NOT NULL DEFAULT now()",
        "ALTER TABLE orders ADD COLUMN token uuid DEFAULT gen_random_uuid()",
        "ALTER TABLE orders ADD COLUMN until date NOT NULL DEFAULT (CURRENT_DATE + 30)",
        "ALTER TABLE orders ADD COLUMN tags text[] NOT NULL DEFAULT '{}'",
        "ALTER TABLE orders ADD COLUMN pieces integer NOT NULL",
        "ALTER TABLE orders ADD COLUMN number bigint GENERATED ALWAYS AS IDENTITY",
        "ALTER TABLE orders ADD COLUMN gross numeric(10,2) GENERATED ALWAYS AS (amount * 1.2) STORED",
        "ALTER TABLE orders ADD COLUMN spent money",
        "ALTER TABLE orders ADD COLUMN mood public.mood",
        'ALTER TABLE orders ADD COLUMN "firstName" text',
        "ALTER TABLE orders DROP COLUMN note",
        "ALTER TABLE orders DROP COLUMN customer",
        "ALTER TABLE orders DROP COLUMN id",
        "ALTER TABLE orders RENAME COLUMN note TO remark",
        "ALTER TABLE visits RENAME COLUMN code TO name",
    ),
    "Types": (
        "ALTER TABLE orders ALTER COLUMN customer TYPE bigint",
        "ALTER TABLE orders ALTER COLUMN customer TYPE smallint",
        "ALTER TABLE orders ALTER COLUMN weight TYPE double precision",
        "ALTER TABLE events ALTER COLUMN id TYPE integer",
        "ALTER TABLE orders ALTER COLUMN amount TYPE numeric(12,2)",
        "ALTER TABLE orders ALTER COLUMN amount TYPE numeric(8,2)",
        "ALTER TABLE orders ALTER COLUMN amount TYPE numeric(12,4)",
        "ALTER TABLE orders ALTER COLUMN amount TYPE numeric",
        "ALTER TABLE orders ALTER COLUMN code TYPE text",
        "ALTER TABLE orders ALTER COLUMN code TYPE varchar(10)",
        "ALTER TABLE orders ALTER COLUMN placed TYPE timestamptz",
        "ALTER TABLE orders ALTER COLUMN due TYPE timestamp",
        "ALTER TABLE orders ALTER COLUMN customer TYPE text",
        "ALTER TABLE orders ALTER COLUMN code TYPE text USING upper(code)",
        "ALTER TYPE public.status ADD VALUE 'lost'",
        "ALTER TYPE public.status RENAME VALUE 'new' TO 'fresh'",
        "CREATE DOMAIN sales.amount AS integer",
    ),
    "NULL and defaults": (
        "ALTER TABLE orders ALTER COLUMN note SET NOT NULL",
        "ALTER TABLE orders ALTER COLUMN customer DROP NOT NULL",
        "ALTER TABLE orders ALTER COLUMN customer SET DEFAULT 7",
        "ALTER TABLE orders ALTER COLUMN note SET DEFAULT md5(random()::text)",
        "ALTER TABLE orders ALTER COLUMN customer DROP DEFAULT",
    ),
    "Keys": (
        "ALTER TABLE orders DROP CONSTRAINT orders_pkey, ADD PRIMARY KEY (customer)",
        "ALTER TABLE orders DROP CONSTRAINT orders_pkey",
        "ALTER TABLE orders DROP CONSTRAINT orders_customer_check",
        "ALTER TABLE orders ADD CHECK (amount > 0)",
        "CREATE INDEX CONCURRENTLY ON orders (customer)",
        "DROP INDEX visits_code_key",
    ),
    "Tables": (
        "ALTER TABLE orders RENAME TO purchases",
        "ALTER TABLE orders SET SCHEMA sales",
        "ALTER TABLE orders RENAME TO orders_old; ALTER TABLE orders_new RENAME TO orders",
        "ALTER TABLE orders RENAME TO swapped; ALTER TABLE visits RENAME TO orders; ALTER TABLE swapped RENAME TO visits",
        "DROP TABLE orders",
        "DROP TABLE orders; CREATE TABLE orders (id integer PRIMARY KEY)",
        "TRUNCATE orders",
        "CREATE TABLE events_2027 PARTITION OF events FOR VALUES FROM ('2027-01-01') TO ('2028-01-01')",
        "ALTER TABLE events ATTACH PARTITION events_2027 FOR VALUES FROM ('2027-01-01') TO ('2028-01-01')",
        "ALTER TABLE events DETACH PARTITION events_2020",
        "ALTER TABLE orders SET UNLOGGED",
        "ALTER TABLE orders SET LOGGED",
        "ALTER TABLE orders REPLICA IDENTITY FULL",
        "ALTER TABLE orders REPLICA IDENTITY DEFAULT",
        "ALTER TABLE orders ENABLE ROW LEVEL SECURITY",
        "CREATE TABLE scratch (id integer)",
        "ALTER TABLE scratch ADD COLUMN note text",
        "DROP TABLE scratch",
    ),
    "Publication": (
        "ALTER PUBLICATION dbz_publication DROP TABLE orders",
        "ALTER PUBLICATION dbz_publication SET TABLE orders, events, visits, dbz_heartbeat",
        "ALTER PUBLICATION dbz_publication SET TABLE orders WHERE (amount > 0), events, visits, dbz_heartbeat",
        "ALTER PUBLICATION dbz_publication ADD TABLE scratch",
        "ALTER PUBLICATION dbz_publication SET (publish = 'insert')",
        "DROP PUBLICATION dbz_publication",
        "DROP PUBLICATION of_somebody_else",
    ),
    "Others": (
        "INSERT INTO orders (id, customer, amount) VALUES (1, 2, 3)",
        "VACUUM FULL orders",
        "SELECT pg_drop_replication_slot('debezium_slot')",
        "DO $$ BEGIN END $$",
    ),
}
"""Examples by subject; a row is one text, of one statement or more."""
