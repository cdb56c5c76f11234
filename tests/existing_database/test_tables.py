"""The command ``tables`` on a real database."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from pipeline.existing_database import document, tables
from stack.settings.archived_types import archive_type
from stack.settings.names import Names
from tests.existing_database.conftest import PASSWORD, TABLES
from tests.images.type_matrix import ALIKE, BYTES, EXTENSIONS, OWN, SETUP, TEXT

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.existing_database.tables import Outcome
    from tests.existing_database.conftest import Existing

AWKWARD = """
CREATE TABLE public.keyless (note text);
CREATE TABLE public."Quoted" (id int PRIMARY KEY);
CREATE TABLE public.awkward (id int PRIMARY KEY, amount money, state text DEFAULT 'new', day date, "when" timestamptz,
  doubled int GENERATED ALWAYS AS (id * 2) STORED, tags money[], place point);
CREATE UNLOGGED TABLE public.volatile (id int PRIMARY KEY);
CREATE TABLE public.sales_orders (id int PRIMARY KEY);
CREATE TABLE public.users_child () INHERITS (public.users);
"""


def looked(existing: Existing, path: Path, *include: str, exclude: tuple[str, ...] = (), check: bool = False) -> Outcome:
    """Run the command once."""
    outcome = tables.run(existing.target, path, include, exclude, check=check)
    assert PASSWORD not in "\n".join(outcome.lines)
    return outcome


def test_the_first_run_writes_the_model_and_a_second_leaves_the_file_alone(existing: Existing, tmp_path: Path) -> None:
    path = tmp_path / "tables" / "prod.yaml"
    first = looked(existing, path)
    assert first.good, first.lines
    assert {table.qualified: table for table in document.read(path.read_text(encoding="utf-8"))} == {
        table.qualified: table for table in TABLES
    }
    written = path.stat()
    second = looked(existing, path)
    assert second.good
    assert second.lines == (f"{path} is up to date: 2 table(s).",)
    assert path.stat().st_mtime_ns == written.st_mtime_ns


def test_a_change_of_the_schema_is_shown_as_a_difference(existing: Existing, tmp_path: Path) -> None:
    path = tmp_path / "prod.yaml"
    looked(existing, path)
    before = path.read_text(encoding="utf-8")
    existing.sql("ALTER TABLE public.users ADD COLUMN phone varchar(20); CREATE TABLE public.new (id int PRIMARY KEY);")
    compared = looked(existing, path, check=True)
    assert not compared.good
    assert "+  - {name: phone, type: varchar(20), nullable: true}" in compared.lines
    assert path.read_text(encoding="utf-8") == before
    refreshed = looked(existing, path)
    assert refreshed.good
    assert "+  - {name: phone, type: varchar(20), nullable: true}" in refreshed.lines
    assert "· not captured: public.new" in refreshed.lines
    assert looked(existing, path, check=True).good


def test_what_cannot_be_captured_is_reported_and_not_written(existing: Existing, tmp_path: Path) -> None:
    existing.sql(AWKWARD)
    outcome = looked(existing, tmp_path / "prod.yaml")
    assert not outcome.good
    told = "\n".join(outcome.lines)
    for reason in (
        "✗ public.keyless: the table has no primary key",
        "· public.awkward: column amount: type money",
        "· public.awkward: column doubled: generated",
        "· public.awkward: column tags: type money[]",
        "· public.awkward: column place: type point",
        "✗ public.volatile: the table is UNLOGGED",
        "✗ public.users_child: the table inherits",
        "✗ public.users: public.users_child inherits from the table",
    ):
        assert reason in told
    written = {table.in_database: table for table in document.read((tmp_path / "prod.yaml").read_text(encoding="utf-8"))}
    assert set(written) == {"public.Quoted", "public.awkward", "public.sales_orders", "sales.orders"}
    assert written["public.awkward"].renamed == {"day": "day_value", "when": "when_value"}
    assert set(written["public.awkward"].left_out) >= {"amount", "doubled", "tags"}
    assert {table.archive_name for table in written.values()} == {"quoted", "awkward", "sales_orders", "sales_orders_2"}


STRANGE = """
CREATE TABLE public."Odd" (id int PRIMARY KEY, "firstName" text, year int, state text DEFAULT $$x$$, n int);
CREATE TABLE public.odd (id int PRIMARY KEY);
CREATE UNLOGGED TABLE public.volatile (id int PRIMARY KEY);
CREATE TABLE public."User" (id int PRIMARY KEY, "firstName" text, first_name text, "FirstName" jsonb);
CREATE TABLE public."2024_orders" (id int PRIMARY KEY, "größe" text, "user" text, "order" int, "__op" text, "订单" text);
CREATE TABLE public.keyless (id text, note text);
CREATE TABLE public.child () INHERITS (public.keyless);
CREATE TYPE public.mood AS ENUM ('sad', 'ok');
CREATE DOMAIN public.short AS varchar(5);
CREATE TABLE public.types (id int PRIMARY KEY, a numeric, b numeric(10, -2), c numeric(3, 5), d public.mood, e public.short, f tstzrange,
  g varchar(255)[], h bit(1), i interval year to month, j "char", k oid, l inet, m xid8, n jsonb, o bytea, p money, q char(3), r time,
  s uuid,  t xml, u point, v tsvector, w json, x macaddr, y char, z timetz,
  aa numeric(50, 2), ab cidr, ac bit varying(4), ad name, ae jsonpath);
CREATE SCHEMA "My Shop";
CREATE TABLE "My Shop".one (id int PRIMARY KEY);
CREATE TABLE "My Shop"."Two" (id int PRIMARY KEY, "when" timestamptz);
"""


def cures_of(outcome: Outcome) -> list[str]:
    """Return the statements among the printed cures, in their order."""
    return [line[4:] for line in outcome.lines if re.match(r"  → ALTER |    ALTER ", line)]


@pytest.mark.full
def test_the_printed_cures_run_as_they_are_in_their_order_and_make_every_table_faithful(existing: Existing, tmp_path: Path) -> None:
    existing.sql(STRANGE)
    path = tmp_path / "prod.yaml"
    outcome = looked(existing, path, "*")
    for cure in cures_of(outcome):
        existing.sql(cure)
    again = looked(existing, path, "*")
    assert again.good, again.lines
    names = {table.qualified: table.in_database for table in document.read(path.read_text(encoding="utf-8"))}
    assert names.items() >= {
        ("public.odd", "public.odd"),
        ("public.odd_2", "public.Odd"),
        ("public.user_value", "public.User"),
        ("public.tbl_2024_orders", "public.2024_orders"),
        ("public.child", "public.child"),
        ("my_shop.two", "my_shop.Two"),
        ("my_shop.one", "my_shop.one"),
    }


def test_patterns_choose(existing: Existing, tmp_path: Path) -> None:
    path = tmp_path / "prod.yaml"
    assert looked(existing, path, "sales.*").good
    assert [table.qualified for table in document.read(path.read_text(encoding="utf-8"))] == ["sales.orders"]
    nothing = looked(existing, path, "nowhere.*")
    assert not nothing.good
    assert "nothing written" in nothing.lines[-1]


def test_the_pipelines_own_table_is_not_captured(existing: Existing, tmp_path: Path) -> None:
    existing.sql(f"CREATE TABLE {Names().heartbeat_table} (id int PRIMARY KEY);")
    assert looked(existing, tmp_path / "prod.yaml").lines[-1].startswith(f"{tmp_path / 'prod.yaml'} written: 2 table(s)")


def test_a_database_that_cannot_be_reached_leaves_the_file_alone(
    existing: Existing, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGPASSWORD", "wrong")
    outcome = looked(existing, tmp_path / "prod.yaml")
    assert not outcome.good
    assert "refuses user or password" in outcome.lines[0]
    assert not (tmp_path / "prod.yaml").exists()


def test_a_file_with_other_content_is_not_overwritten(existing: Existing, tmp_path: Path) -> None:
    path = tmp_path / "prod.yaml"
    path.write_text("just words\n", encoding="utf-8")
    assert not looked(existing, path).good
    assert path.read_text(encoding="utf-8") == "just words\n"


def test_every_type_of_the_matrix_is_in_the_model_as_what_arrives(existing: Existing, tmp_path: Path) -> None:
    """Their values arrive: tests/images/test_type_matrix.py."""
    typed = {**TEXT, **BYTES, **ALIKE}
    existing.sql("".join(f"CREATE EXTENSION {extension};" for extension in EXTENSIONS) + SETUP)
    columns = ", ".join(f"c{number} {kind}" for number, kind in enumerate(typed))
    existing.sql(f"CREATE TABLE public.marks (id integer PRIMARY KEY, {columns});")
    path = tmp_path / "prod.yaml"
    for cure in cures_of(looked(existing, path, "public.marks")):
        existing.sql(cure)
    path.unlink()
    outcome = looked(existing, path, "public.marks")
    assert outcome.good, outcome.lines
    (model,) = document.read(path.read_text(encoding="utf-8"))
    archived = {kind: column.archive_type for kind, column in zip(typed, model.columns[1:], strict=True)}
    wanted = dict.fromkeys(TEXT, "string") | dict.fromkeys(BYTES, "binary")
    wanted |= {domain: archive_type(base) or "" for domain, (base, _) in ALIKE.items()}
    assert archived == wanted
    own = {kind for kind, column in zip(typed, model.columns[1:], strict=True) if column.archived_as}
    assert own == {kind for kind in typed if kind.removesuffix("[]") in OWN}


MIXED = """
CREATE SCHEMA far;
CREATE DOMAIN far.code AS integer;
CREATE DOMAIN public.code AS varchar(9);
CREATE TABLE far.price (id integer PRIMARY KEY);
CREATE DOMAIN public.price AS numeric(10,2) CHECK (VALUE >= 0);
CREATE DOMAIN public."timestamp" AS timestamptz;
CREATE DOMAIN far.email AS text;
CREATE DOMAIN public.email AS varchar(255);
CREATE DOMAIN far.tags AS text[];
CREATE TYPE public.tags AS ENUM ('a');
CREATE TYPE far.mood AS ENUM ('calm');
CREATE TYPE public.mood AS (a integer);
CREATE TYPE public.sum AS (amount money, currency text);
CREATE TYPE public.sums AS (of money[]);
CREATE TYPE public.span AS RANGE (subtype = money);
CREATE DOMAIN public.total AS public.sum;
CREATE TYPE public.order_line AS (total public.total, number integer);
CREATE TYPE public.reference AS (of regclass[]);
CREATE TYPE public.plain AS (place point, held numeric, lasts interval);
CREATE TABLE public.marks (id integer PRIMARY KEY, mixed public.code NOT NULL DEFAULT 'a', priced public.price, at public."timestamp",
  email public.email, tags far.tags, tag public.tags, mood far.mood, codes public.code[], sum public.sum, span public.span,
  line public.order_line, lines public.order_line[],
  sums public.sums, refers public.reference, plain public.plain, cash money[], paid money DEFAULT 0);
"""


def test_what_debezium_or_a_session_would_change_is_left_out_by_a_cure_that_runs(existing: Existing, tmp_path: Path) -> None:
    """What becomes of such values otherwise: tests/images/test_types_of_one_name.py."""
    existing.sql(MIXED)
    path = tmp_path / "prod.yaml"
    outcome = looked(existing, path, "public.marks")
    (model,) = document.read(path.read_text(encoding="utf-8"))
    assert {name: reason.rpartition(", ")[0] or reason for name, reason in model.left_out.items()} == {
        "mixed": "the domain public.code shares its name with far.code",
        "priced": "the domain public.price shares its name with far.price",
        "at": 'the domain public."timestamp" shares its name with pg_catalog."timestamp"',
        "sum": "type public.sum has money inside",
        "span": "type public.span has money inside",
        "line": "type public.order_line has money inside",
        "lines": "type public.order_line[] has money inside",
        "sums": "type public.sums has money inside",
        "refers": "type public.reference has regclass inside, whose text follows names that may change",
        "cash": "type money[] cannot be archived faithfully: Debezium reads it by the server's locale",
        "paid": "type money cannot be archived faithfully: Debezium reads it by the server's locale",
    }
    for cure in cures_of(outcome):
        existing.sql(cure)
    path.unlink()
    assert looked(existing, path, "public.marks").good
    (model,) = document.read(path.read_text(encoding="utf-8"))
    types = {column.name: column.type for column in model.columns}
    assert model.left_out == {}
    assert (types["mixed"], types["priced"], types["cash"], types["paid"]) == (
        "varchar(9)",
        "numeric(10,2)",
        "numeric(23,4)[]",
        "numeric(23,4)",
    )


# What Prisma, Sequelize, Hibernate, Django and Rails make of two everyday classes, as they name and type them by default
MADE_BY_TOOLS = """
CREATE TYPE public."Role" AS ENUM ('USER', 'ADMIN');
CREATE TABLE public."User" (id SERIAL NOT NULL, "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP, email TEXT NOT NULL, name TEXT,
  role public."Role" NOT NULL DEFAULT 'USER', tags TEXT[], settings JSONB DEFAULT '{}', balance DECIMAL(65,30) NOT NULL DEFAULT 0,
  avatar BYTEA, CONSTRAINT "User_pkey" PRIMARY KEY (id));
CREATE TABLE public."_PostToUser" ("A" INTEGER NOT NULL, "B" INTEGER NOT NULL, CONSTRAINT "_PostToUser_AB_pkey" PRIMARY KEY ("A", "B"));
CREATE TABLE public."_prisma_migrations" (id varchar(36) PRIMARY KEY, checksum varchar(64) NOT NULL, finished_at timestamptz, logs text,
  started_at timestamptz NOT NULL DEFAULT now(), applied_steps_count integer NOT NULL DEFAULT 0);
CREATE TABLE public."Users" (id SERIAL PRIMARY KEY, "firstName" VARCHAR(255), price DOUBLE PRECISION DEFAULT 0.5,
  "isActive" BOOLEAN DEFAULT true, "createdAt" TIMESTAMP WITH TIME ZONE NOT NULL, "updatedAt" TIMESTAMP WITH TIME ZONE NOT NULL);
CREATE TABLE public."SequelizeMeta" (name VARCHAR(255) NOT NULL PRIMARY KEY);
CREATE TABLE public.app_user (id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, created_date timestamp(6), status smallint
  CHECK (status BETWEEN 0 AND 2), amount numeric(38,2), uid uuid, duration numeric(21,0), photo oid,
  kind varchar(255) CHECK (kind IN ('A')));
CREATE TABLE public.auth_user (id integer GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, password varchar(128) NOT NULL,
  last_login timestamptz, is_superuser boolean NOT NULL, username varchar(150) NOT NULL UNIQUE, address inet, data jsonb NOT NULL,
  hours time, amount numeric(10, 2), day date, number smallint CHECK (number >= 0));
CREATE TABLE public.django_session (session_key varchar(40) PRIMARY KEY, session_data text NOT NULL, expire_date timestamptz NOT NULL);
CREATE TABLE public.ar_internal_metadata (key character varying NOT NULL PRIMARY KEY, value character varying,
  created_at timestamp(6) without time zone NOT NULL, updated_at timestamp(6) without time zone NOT NULL);
CREATE TABLE public.schema_migrations (version character varying NOT NULL PRIMARY KEY);
CREATE TABLE public.users (id bigserial PRIMARY KEY, name character varying DEFAULT '' , score double precision, meta json, blob bytea,
  "order" integer, "group" character varying, created_at timestamp(6) without time zone NOT NULL);
"""


@pytest.mark.full
def test_what_tools_make_by_default_is_captured_without_a_change(existing: Existing, tmp_path: Path) -> None:
    existing.sql(f"DROP TABLE public.users; DROP SCHEMA sales CASCADE; {MADE_BY_TOOLS}")
    path = tmp_path / "prod.yaml"
    outcome = looked(existing, path, "*")
    assert outcome.good, outcome.lines
    written = {table.in_database: table for table in document.read(path.read_text(encoding="utf-8"))}
    assert len(written) == 11
    assert [table.left_out for table in written.values() if table.left_out] == []
    assert len({table.archive_name for table in written.values()}) == 11
    assert looked(existing, path, check=True).good
