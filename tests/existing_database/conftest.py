"""An existing database before its administrator prepares it for capture: a server with a shop's tables."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest

from pipeline.existing_database.target import Target
from stack.settings.names import Names
from stack.settings.tables import Column, Table
from tests.existing_database import server as servers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.existing_database.server import Server

TABLES = (
    Table(
        name="users",
        columns=(
            Column(name="id", type="integer"),
            Column(name="email", type="varchar(255)"),
            Column(name="note", type="text", nullable=True),
        ),
    ),
    Table(
        name="orders",
        database_schema="sales",
        primary_key=("ordered", "number"),
        columns=(Column(name="number", type="bigint"), Column(name="ordered", type="date"), Column(name="amount", type="numeric(10,2)")),
    ),
)
DDL = """
CREATE TABLE public.users (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, email varchar(255) NOT NULL, note text);
CREATE SCHEMA sales;
CREATE TABLE sales.orders (number bigint NOT NULL, ordered date NOT NULL, amount numeric(10,2) NOT NULL, PRIMARY KEY (ordered, number))
  PARTITION BY RANGE (ordered);
CREATE TABLE sales.orders_2026 PARTITION OF sales.orders FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
"""
PASSWORD = "not-to-be-shown"
NUMBERS = itertools.count(1)


@dataclass(frozen=True)
class Existing:
    """An existing database.

    Attributes:
        server: The database's server.
        target: A pipeline's expectations of the database.
    """

    server: Server
    target: Target

    def sql(self, script: str) -> str:
        """Run a script in it as administrator."""
        return self.server.sql(script, self.target.names.database)

    def system(self, statement: str) -> None:
        """Run a statement; one that sets a parameter returns once that is in force."""
        reload = "\nSELECT pg_reload_conf(), pg_sleep(0.2);" if statement.startswith("ALTER SYSTEM") else ""
        self.sql(f"{statement}{reload}")

    def expecting(self, **changes: Any) -> Target:
        """Return the target with other expectations."""
        return replace(self.target, **changes)


@pytest.fixture(scope="session", params=servers.SERVERS)
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    """Yield a server of this machine's PostgreSQL and one of the sandbox's image."""
    with servers.running(request.param) as running:
        yield running


@pytest.fixture
def existing(server: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[Existing]:
    """Yield a fresh database with unique names; the shell's variables lead to it as its administrator."""
    number = next(NUMBERS)
    names = Names(database=f"shop{number}", slot=f"slot{number}", publication=f"publication{number}", debezium_role=f"debezium{number}")
    server.sql(f"CREATE DATABASE {names.database};")
    server.sql(DDL, names.database)
    server.sql(f"ALTER ROLE postgres PASSWORD '{PASSWORD}';")
    monkeypatch.setenv("PGUSER", "postgres")
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    monkeypatch.setenv("PGSSLROOTCERT", str(server.authority))
    yield Existing(server, Target(stack="prod", host="localhost", port=server.port, names=names, tables=TABLES, wal_keep_mib=2048))
    server.sql("SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE NOT active;")
    server.sql(f"DROP DATABASE {names.database} WITH (FORCE);")
