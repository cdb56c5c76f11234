"""Rows of any table get the names that the archive has, from the settings of the program, on a real server and in Debezium itself."""

from __future__ import annotations

import re
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
# Part of a point's text that is another one each time
BYTES = re.compile(r",wkb=(\[B@\w+|java[^]]*\])")
LATER = Table(
    name="later",
    columns=(
        Column(name="id", type="integer"),
        Column(name="n", database_name="N", type="integer", nullable=True),
        Column(name="born", type="date", nullable=True),
        Column(name="place", type="text", nullable=True),
    ),
)


@pytest.fixture
def server() -> Iterator[Server]:
    """Return a server with tables that most schemas have some of."""
    with running("image") as started:
        started.configure("wal_level = logical\n")
        started.sql(SETUP)
        yield started


def test_names_are_the_archives_nulls_stay_and_a_unique_index_is_a_key(server: Server, class_path: str, tmp_path: Path) -> None:
    with chained(server, class_path, tmp_path, TABLES, 4) as chain:
        rows = sorted(chain)
    user, orders, plain = (f"postgres.public.{name}" for name in ("user_value", "tbl_2024_orders", "plain"))
    assert rows == [
        f"{plain}|{plain}.Key id=1|{plain}.Value id=1 note=null __deleted=false __op=r",
        f"{orders}|{orders}.Key code=a|{orders}.Value code=a size=null __deleted=false __op=r",
        f"{user}|{user}.Key id=1|{user}.Value id=1 first_name=null year_value=null n=7 __deleted=false __op=r",
        f"{user}|{user}.Key id=2|{user}.Value id=2 first_name=Emmy year_value=1882 n=7 __deleted=false __op=r",
    ]


def test_a_null_from_before_set_not_null_stays_null_and_a_deletion_by_the_key_alone_says_nothing(
    server: Server, class_path: str, tmp_path: Path
) -> None:
    """The source starts after all of it; without replica identity FULL the log has nothing but the key of a deleted row."""
    server.sql(
        'CREATE TABLE public.later (id int PRIMARY KEY, "N" int DEFAULT 7, born date, place point); '
        "GRANT SELECT ON public.later TO capture; ALTER PUBLICATION publication ADD TABLE public.later; "
        "ALTER TABLE public.later REPLICA IDENTITY FULL; "
        "INSERT INTO public.later VALUES (1, NULL, '1970-01-01', NULL), (2, 2, NULL, '(1,2)'); DELETE FROM public.later; "
        """ALTER TABLE public.later ALTER "N" SET NOT NULL, ALTER born SET NOT NULL, ALTER place SET NOT NULL; """
        "INSERT INTO public.later VALUES (3, 3, '1970-01-01', '(1,2)'); "
        "ALTER TABLE public.later REPLICA IDENTITY DEFAULT; DELETE FROM public.later; ALTER TABLE public.later REPLICA IDENTITY FULL;"
    )
    with chained(server, class_path, tmp_path, (LATER,), 6, "no_data") as chain:
        rows = [BYTES.sub("", row).removeprefix("postgres.public.later|postgres.public.later.Key ") for row in chain]
    value = "|postgres.public.later.Value"
    assert rows == [
        f"id=1{value} id=1 n=null born=0 place=null __deleted=false __op=c",
        f"id=2{value} id=2 n=2 born=null place=Struct{{x=1.0,y=2.0}} __deleted=false __op=c",
        f"id=1{value} id=1 n=null born=0 place=null __deleted=true __op=d",
        f"id=2{value} id=2 n=2 born=null place=Struct{{x=1.0,y=2.0}} __deleted=true __op=d",
        f"id=3{value} id=3 n=3 born=0 place=Struct{{x=1.0,y=2.0}} __deleted=false __op=c",
        f"id=3{value} id=3 n=0 born=0 place=Struct{{x=0.0,y=0.0}} __deleted=true __op=d",
    ]
