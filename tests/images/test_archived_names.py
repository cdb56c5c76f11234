"""Rows of any table get the names that the archive has, from the settings of the program, on a real server and in Debezium itself."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from settings.names import Names
from settings.tables import Column, Table
from specification.services import Address
from specification.streaming.debezium import source_config
from tests.existing_database.server import running
from tests.images.source_task import PASSWORD, connection

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.existing_database.server import Server

pytestmark = pytest.mark.sandbox

STRANGE = 'Größe, "von" $1'
SETUP = f"""
CREATE ROLE capture LOGIN REPLICATION PASSWORD '{PASSWORD}';
CREATE TABLE public."User" (id int PRIMARY KEY, "firstName" text DEFAULT 'x', year int DEFAULT 5, n int NOT NULL DEFAULT 7, secret point);
CREATE TABLE public."2024-orders" ("Code" text NOT NULL, "{STRANGE.replace('"', '""')}" text, UNIQUE ("Code"));
CREATE TABLE public.plain (id int PRIMARY KEY, note text DEFAULT 'x');
ALTER TABLE public."User" REPLICA IDENTITY FULL;
ALTER TABLE public."2024-orders" REPLICA IDENTITY FULL;
ALTER TABLE public.plain REPLICA IDENTITY FULL;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO capture;
CREATE PUBLICATION publication FOR TABLE public."User", public."2024-orders", public.plain;
SELECT pg_create_logical_replication_slot('slot', 'pgoutput');
INSERT INTO public."User" VALUES (1, NULL, NULL), (2, 'Emmy', 1882);
INSERT INTO public."2024-orders" VALUES ('a', NULL);
INSERT INTO public.plain VALUES (1, NULL);
"""
TABLES = (
    Table(
        name="user_value",
        database_name="User",
        columns=(
            Column(name="id", type="integer"),
            Column(name="first_name", database_name="firstName", type="text", nullable=True),
            Column(name="year_value", database_name="year", type="integer", nullable=True),
            Column(name="n", type="integer"),
        ),
        left_out={"secret": "type point cannot be archived faithfully"},
    ),
    Table(
        name="tbl_2024_orders",
        database_name="2024-orders",
        primary_key=("code",),
        key="unique index",
        columns=(
            Column(name="code", database_name="Code", type="text"),
            Column(name="size", database_name=STRANGE, type="text", nullable=True),
        ),
    ),
    Table(name="plain", columns=(Column(name="id", type="integer"), Column(name="note", type="text", nullable=True))),
)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """Return a server with tables that most schemas have some of."""
    with running("image") as started:
        started.configure("wal_level = logical\n")
        started.sql(SETUP)
        yield started


def _escaped(text: str) -> str:
    return "".join(f"\\u{ord(letter):04x}" if ord(letter) > 126 else "\\\\" if letter == "\\" else letter for letter in text)


def test_names_are_the_archives_nulls_stay_and_a_unique_index_is_a_key(server: Server, class_path: str, tmp_path: Path) -> None:
    config = source_config(Names(), TABLES, Address(host="localhost", port=server.port), "http://registry")
    wanted = (
        "connector.class",
        "plugin.name",
        "topic.prefix",
        "table.include",
        "column.exclude",
        "message.key",
        "transforms.",
        "publication.",
    )
    chosen = {key: value for key, value in config.items() if key.startswith(wanted)}
    given = {**chosen, **connection(server)}
    path = tmp_path / "config"
    path.write_text("".join(f"{key}={_escaped(str(value))}\n" for key, value in given.items()), encoding="ascii")
    command = ["java", "-XX:TieredStopAtLevel=1", "-cp", class_path, "dataingestion.connect.NamesProbe", str(path), "4"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    rows = sorted(line[2:] for line in done.stdout.splitlines() if line.startswith("@ "))
    user, orders, plain = (f"postgres.public.{name}" for name in ("user_value", "tbl_2024_orders", "plain"))
    assert rows == [
        f"{plain}|{plain}.Key id=1|{plain}.Value id=1 note=null",
        f"{orders}|{orders}.Key code=a|{orders}.Value code=a size=null",
        f"{user}|{user}.Key id=1|{user}.Value id=1 first_name=null year_value=null n=7",
        f"{user}|{user}.Key id=2|{user}.Value id=2 first_name=Emmy year_value=1882 n=7",
    ]
