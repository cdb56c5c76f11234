"""The program's SQL on a real PostgreSQL server: whatever the table model accepts, the server takes, and takes again."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import ValidationError

from stack.judgement.creation import creation_problems, derived_name
from stack.judgement.stack import SettingsError, parse
from stack.settings.default_sql import default_fault
from stack.settings.model import Settings
from stack.settings.tables import Column, Table
from stack.specification.source.sql import roles_sql, schema_sql
from tests.declared import STACKS, settings_of
from tests.existing_database import server as servers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.existing_database.server import Server

MANAGED = [name for name in sorted(STACKS) if settings_of(name).source.is_managed]


@pytest.fixture(scope="module", params=servers.SERVERS)
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    """Yield a server of this machine's PostgreSQL and one of the sandbox's image, with a password file for each role."""
    with servers.running(request.param) as running:
        for role in ("app", "debezium", "catalog", "audit"):
            (running.folder / role).write_text("not-to-be-shown", encoding="utf-8")
        yield running


def create(server: Server, settings: Settings) -> None:
    """Run the program's SQL twice, as two starts of the pod do, then the sample rows."""
    names = settings.names
    for _ in range(2):
        catalog = settings.archive.has_catalog_database
        server.sql(roles_sql(names, server.inside, catalog=catalog, is_read=settings.is_read, is_watched=settings.monitoring.enabled))
        server.sql(schema_sql(names, settings.source.tables, is_watched=settings.monitoring.enabled), names.database)
    if settings.source.sample_rows:
        server.sql(settings.source.sample_rows, names.database)


def drop(server: Server, settings: Settings) -> None:
    """Drop the databases, so that the next stack begins without tables."""
    for database in (settings.names.database, settings.names.catalog_database):
        server.sql(f"DROP DATABASE IF EXISTS {database} WITH (FORCE);")


def stack(*tables: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Return a stack with these tables, large enough for them."""
    return {"archive": {"bucket": "archive"}, "source": {"tables": list(tables)}, **more}


def table(name: str = "things", /, **columns: Any) -> dict[str, Any]:
    """Return a table with further columns: a type, or all keys."""
    given = {key: value if isinstance(value, dict) else {"type": value} for key, value in columns.items()}
    return {"name": name, "columns": [{"name": "id", "type": "bigint"}, *({"name": key, **value} for key, value in given.items())]}


@pytest.mark.parametrize("name", MANAGED)
def test_the_sql_of_every_stack_of_the_tests_runs(server: Server, name: str) -> None:
    settings = settings_of(name)
    create(server, settings)
    expected = {*(one.qualified for one in settings.source.tables), settings.names.heartbeat_table}
    published = server.sql("SELECT schemaname || '.' || tablename FROM pg_publication_tables", settings.names.database).split()
    assert set(published) == expected
    drop(server, settings)


def test_the_audits_role_reads_the_log_and_the_catalog_and_no_table(server: Server) -> None:
    """Also the catalog's tables that are created after the role, since the program creates them later."""
    settings = parse({"archive": {"bucket": "archive", "catalog": "jdbc"}, "audit": {"schedule": "@hourly"}})
    names = settings.names
    create(server, settings)
    server.sql("CREATE TABLE iceberg_tables (name text);", names.catalog_database, names.catalog_role)
    create(server, settings)

    def may(privilege: str, table: str, database: str) -> bool:
        asked = f"SELECT has_table_privilege('{names.audit_role}', '{table}', '{privilege}')"
        return server.sql(asked, database) == "t"

    assert server.sql(f"SELECT rolreplication, rolsuper FROM pg_roles WHERE rolname = '{names.audit_role}'") == "t|f"
    assert server.sql(f"SELECT has_database_privilege('{names.audit_role}', '{names.database}', 'CONNECT')") == "t"
    for table in (*(table.qualified for table in settings.source.tables), names.heartbeat_table):
        assert not any(may(privilege, table, names.database) for privilege in ("SELECT", "INSERT", "UPDATE", "DELETE"))
    assert may("SELECT", "iceberg_tables", names.catalog_database)
    assert not any(may(privilege, "iceberg_tables", names.catalog_database) for privilege in ("INSERT", "UPDATE", "DELETE", "TRUNCATE"))
    drop(server, settings)


@pytest.mark.parametrize("sql_type", ["timestamp", "timestamptz", "date", "bigint", "integer", "numeric(20,3)", "uuid", "boolean", "text"])
def test_a_row_with_updated_at_can_be_changed_whatever_its_type(server: Server, sql_type: str) -> None:
    """``now()`` fits a time only; elsewhere every UPDATE would fail."""
    settings = parse(stack(table(updated_at={"type": sql_type, "nullable": True}, n="integer")))
    create(server, settings)
    trigger = "CREATE TRIGGER touch_updated_at BEFORE UPDATE ON things FOR EACH ROW EXECUTE FUNCTION touch_updated_at();"
    if not settings.source.tables[0].touches_updated_at:
        server.sql(trigger, settings.names.database)
        create(server, settings)
    changed = "INSERT INTO things (id, n) VALUES (1, 1); UPDATE things SET n = 2; SELECT updated_at IS NOT NULL FROM things;"
    assert server.sql(changed, settings.names.database) == ("t" if sql_type in {"timestamp", "timestamptz", "date"} else "f")
    drop(server, settings)


TYPES = (
    *("smallint", "integer", "bigint", "boolean", "real", "double precision", "text", "uuid", "date", "timestamp", "timestamptz"),
    *("varchar(3)", "varchar(255)", "numeric(4,2)", "numeric(38,0)"),
)
ATOMS = (
    *("0", "-1", "1.5", "1e3", "70000", "3000000000", "'x'", "'abcd'", "''", "'0'", "'1.5'", "'true'", "'2026-11-28'", "true", "false"),
    *("NULL", "now()", "current_timestamp", "CURRENT_DATE", "localtimestamp", "gen_random_uuid()", "random()", "open", "x.y", "'a''b'"),
    *("'2026-11-28 10:00:00+00'", "interval '1 day'", "'f47ac10b-58cc-4372-a567-0e02b2c3d479'", "lower('A')", "length('abc')", "id"),
    *(
        "clock_timestamp()",
        "md5('x')",
        "'infinity'",
        "'2026-13-01'",
        "nextval('none')",
        "unknown()",
        "(SELECT 1)",
        "ARRAY[1]",
        "$1",
        "E'x'",
    ),
    *("extract(epoch from now())", "date_trunc('day', now())", "to_timestamp(0)", "coalesce(null, 1)", "timezone('utc', now())", "99.999"),
)
FORMS = (
    *("{}", "({})", "{}::text", "{}::bigint", "{}::date", "CAST({} AS integer)", "{} + 1", "{} || 'x'", "{} AT TIME ZONE 'utc'"),
    *("{} + interval '1 day'", "-{}", "{} * 1000", "({} * 1000)::bigint", "{} -- later", "{};", "{} x", "{}::timestamptz", "{}::boolean"),
)


def test_every_default_that_is_accepted_is_one_that_postgresql_takes_and_stores(server: Server) -> None:
    """Of all combinations of types, values and forms; the others would stop the init container, or every INSERT."""
    drawn = [(kind, form.format(atom)) for kind in TYPES for form in FORMS for atom in ATOMS]
    accepted = [(kind, default) for kind, default in drawn if default_fault(kind, default) is None]
    lines = [
        f"CREATE TEMP TABLE t (a {kind} NOT NULL DEFAULT {one}); INSERT INTO t DEFAULT VALUES; DROP TABLE t;" for kind, one in accepted
    ]
    done = server.psql("\\set ON_ERROR_STOP off\n" + "\n".join(lines))
    assert "ERROR" not in done.stderr
    assert len(accepted) > 500


EVERYDAY = [
    *((kind, "0") for kind in ("smallint", "integer", "bigint", "numeric(10,2)", "real", "double precision")),
    *(
        ("text", one)
        for one in ("''", "'pending'", "'it''s'", "'a'::text", "gen_random_uuid()::text", "current_user", "md5(random()::text)")
    ),
    *(("timestamptz", one) for one in ("now()", "CURRENT_TIMESTAMP", "clock_timestamp()", "now() + interval '30 days'", "'epoch'")),
    *(("timestamp", one) for one in ("now()", "localtimestamp", "(now() AT TIME ZONE 'utc')", "timezone('utc', now())")),
    *(("date", one) for one in ("current_date", "CURRENT_DATE + 7", "now()::date", "'2026-01-01'")),
    *(("boolean", one) for one in ("true", "false", "TRUE", "'t'")),
    ("uuid", "gen_random_uuid()"),
    ("varchar(20)", "'new'::character varying"),
    ("bigint", "(extract(epoch from now()) * 1000)::bigint"),
    ("numeric(12,4)", "0.0000"),
    ("integer", "-1"),
]


@pytest.mark.parametrize(("sql_type", "default"), EVERYDAY)
def test_everyday_defaults_are_accepted(sql_type: str, default: str) -> None:
    assert default_fault(sql_type, default) is None


# words of the grammar in quotes, and operators in place of words, as pg_dump writes them
QUOTED = [
    *(
        f'CHECK (("{name}"({value}, {further}))'
        for value in ("name", "(name)::text", '"name"')
        for name, further in (
            ("substring", "1, 2) <> ''::text"),
            ("left", "2) = 'ab'::text"),
            ("right", "2) <> name"),
            ("position", "'@'::text) > 0"),
        )
    ),
    *(f"CHECK ((name {sign} 'a%'::text))" for sign in ("~~", "!~~", "~~*", "!~~*")),
    *(f"CHECK ((TRIM({side} FROM name) <> ''::text))" for side in ("BOTH", "LEADING", "TRAILING", "BOTH ' '::text")),
    *("CHECK ((POSITION(('@'::text) IN (name)) > 1))", "CHECK ((OVERLAY(name PLACING 'x'::text FROM 1 FOR 2) <> name))"),
    *("CHECK ((name ~ similar_to_escape('[a-z]+'::text)))", """CHECK (("substring"(name, '^[a-z]+'::text) IS NOT NULL))"""),
    *('CHECK ((name COLLATE "C") = lower(name))', 'CHECK (("n" > 0))', 'CONSTRAINT "At Least" CHECK (n > 0)'),
    'REFERENCES "public"."parents"("id")',
]

CONSTRAINTS = [
    *("UNIQUE", "unique", "CHECK (n >= 0)", "CHECK (n > 0 AND n < 100)", "CHECK (name IN ('a', 'b'))", "CHECK (length(name) > 2)"),
    *("CHECK (name ~* '^[a-z]+$')", "CHECK (name LIKE 'a%')", "CHECK (NOT flag OR n > 1)", "CHECK (a < b)", "CHECK (price * n < 1000.5)"),
    *("CHECK (n BETWEEN 1 AND 5)", "CHECK (name <> '')", "CHECK (name = lower(name))", "CHECK (a <= now())", "CHECK (n IS NOT NULL)"),
    *(
        "CHECK ((n % 2) = 0)",
        "CONSTRAINT positive CHECK (n > 0)",
        "REFERENCES parents(id)",
        "REFERENCES public.parents (id) ON DELETE CASCADE",
    ),
    *("REFERENCES parents ON UPDATE CASCADE ON DELETE SET NULL", "UNIQUE CHECK (n > 0)", "NOT NULL", "REFERENCES parents DEFERRABLE"),
    *("UNIQUE NULLS NOT DISTINCT", "REFERENCES parents(id) DEFERRABLE INITIALLY DEFERRED", "CHECK (coalesce(name, '') <> 'x')"),
    *("REFERENCES parents(id) NOT DEFERRABLE", "REFERENCES children(id)"),
    # as pg_dump writes them
    *(
        "CHECK ((name = ANY (ARRAY['a'::text, 'b'::text])))",
        "CHECK (((name)::text = ANY ((ARRAY['a'::character varying, 'b'::character varying])::text[])))",
    ),
    *(
        "CHECK ((name <> ALL (ARRAY['a'::text, 'b'::text])))",
        "CHECK ((n = ANY (ARRAY[(1)::bigint, (2)::bigint])))",
        "CHECK ((n = ANY (ARRAY[1, 2, 3])))",
    ),
    *("CHECK (((n >= 0) AND (name = SOME (ARRAY['x'::text]))))", "CHECK ((price = ANY (ARRAY[1.5, (2)::numeric])))"),
    "CHECK (\nCASE\n    WHEN (name = 'a'::text) THEN (n > 0)\n    ELSE true\nEND)",
    *("CHECK (CASE name WHEN 'a' THEN n > 1 WHEN 'b' THEN n > 2 END)", "CHECK (CASE WHEN flag THEN n ELSE (0)::bigint END > -1)"),
    *("CHECK (((name IS DISTINCT FROM 'a'::text)))", "CHECK (n IS NOT DISTINCT FROM 1)", "CHECK (a IS DISTINCT FROM b OR flag)"),
    *("CHECK (name SIMILAR TO '[a-z]+')", "CHECK (name NOT SIMILAR TO '%x%')", "CHECK (substring(name from 1 for 2) = 'ab')"),
    *(
        "CHECK (substring(name from '^[a-z]') IS NOT NULL)",
        "CHECK (substring(name for 3) <> 'abc')",
    ),
    *QUOTED,
]
BAD_CONSTRAINTS = [
    *("PRIMARY KEY", "-- later", "UNIQUE -- later", "/* x", "REFERENCES later(id)", "REFERENCES parents(name)"),
    *("REFERENCES parents(none)", "GENERATED ALWAYS AS (n * 2) STORED", "GENERATED ALWAYS AS IDENTITY", "DEFAULT 1", "NULL", "CHECK n > 0"),
    *("CHECK (missing > 0)", "CHECK (name > 0)", "CHECK (n)", "CHECK (n > )", "CHECK ((n > 0)", "UNIQUE)", "UNIQUE, extra integer", ";"),
    *("UNIQUE; DROP TABLE parents", "CHECK (unknown(n))", "CHECK (n > (SELECT 1))", "CHECK (sum(n) > 1)", "REFERENCES", "COLLATE nowhere"),
    *(
        "CHECK (name = 1)",
        "CHECK (flag = 1)",
        "REFERENCES parents(id) ON DELETE NOTHING",
        "INITIALLY",
        "CHECK (a = 'no date')",
        "$$",
        "\\gexec",
    ),
    *(
        "CHECK (name = ANY (ARRAY[1, 2]))",
        "CHECK (n = ANY (ARRAY['a'::text]))",
        "CHECK (name = ANY (ARRAY['a'))",
        "CHECK (name = ANY (name))",
    ),
    *(
        "CHECK (CASE WHEN n THEN true END)",
        "CHECK (CASE WHEN flag THEN n ELSE 'x' END > 1)",
        "CHECK (CASE WHEN flag THEN n END)",
        "CHECK (CASE END)",
    ),
    *("CHECK (n IS DISTINCT FROM name)", "CHECK (n IS DISTINCT name)", "CHECK (n SIMILAR TO 'x')", "CHECK (substring(n from 1) = 'x')"),
    *("CHECK (name = ANY (ARRAY[]))", "CHECK (substring(name from flag) = 'x')", "CHECK (CASE WHEN flag THEN name ELSE n END = 'a')"),
    *('CHECK ("substring"(name from 1) <> name)', 'CHECK ("coalesce"(name) = name)', 'CHECK ("trim"(name) = name)', 'CHECK ("N" > 0)'),
    *('CHECK ("user" = name)', 'CHECK (n > 0 "and" n > 1)', "CHECK (position(name, name) > 1)", "CHECK (name COLLATE C = name)"),
    *(
        'CHECK (name COLLATE "xx" = name)',
        'CHECK (n COLLATE "C" = 1)',
        """CHECK (name::"char" = 'a')""",
        "CHECK (n ~~ name)",
        '"check" (n > 0)',
    ),
    *("REFERENCES pg_class(oid)", "CONSTRAINT UNIQUE", "primary  key", "CHECK (n = 'x')", "CHECK (':n' = :n)", "EXCLUDE"),
]


def with_constraint(constraint: str, kind: str = "bigint") -> dict[str, Any]:
    """Return a stack with a constraint on a column of its second table."""
    columns = {"name": "text", "flag": "boolean", "a": "timestamptz", "b": "timestamptz", "price": "numeric(10,2)"}
    child = table("children", n={"type": kind, "nullable": True, "constraint": constraint}, **columns)
    return stack(table("parents", name="text"), child, table("later"))


@pytest.mark.parametrize("constraint", CONSTRAINTS)
def test_a_constraint_that_is_accepted_is_one_that_postgresql_takes(server: Server, constraint: str) -> None:
    settings = parse(with_constraint(constraint))
    assert settings.source.tables[1].columns[1].constraint == constraint
    if "NULLS" in constraint and int(server.sql("SHOW server_version_num")) < 150000:
        pytest.skip("NULLS NOT DISTINCT came with PostgreSQL 15")
    create(server, settings)
    drop(server, settings)


@pytest.mark.parametrize("constraint", BAD_CONSTRAINTS)
def test_a_constraint_that_postgresql_or_the_archive_cannot_take_is_refused(constraint: str) -> None:
    with pytest.raises(SettingsError) as caught:
        parse(with_constraint(constraint))
    assert caught.value.problems[0].path.startswith("source.tables.1")


BAD_TABLES: dict[str, list[dict[str, Any]]] = {
    **{f"a column {name}": [table(**{name: "text"})] for name in ("ctid", "xmin", "xmax", "cmin", "cmax", "tableoid")},
    "a key column twice": [{**table(), "primaryKey": ["id", "id"]}],
    "33 key columns": [{**table(**{f"c{n}": "integer" for n in range(33)}), "primaryKey": [f"c{n}" for n in range(33)]}],
    "1601 columns": [table(**{f"c{n}": "integer" for n in range(1600)})],
    "identity on text": [table(x={"type": "text", "identity": True})],
    "identity with a default": [table(x={"type": "integer", "identity": True, "default": "1"})],
    "a nullable identity": [table(x={"type": "integer", "identity": True, "nullable": True})],
    "varchar beyond the most": [table(x="varchar(10485761)")],
    "a number of 5000 digits": [table(x=f"varchar({'9' * 5000})")],
    "digits of another script": [table(x="varchar(1\u0660)")],
    "numeric with a line break": [table(x="numeric(10,2)\n")],
    "a name with a line break": [table("things\n")],
    "an empty default": [table(x={"type": "text", "default": ""})],
    "a word as default": [table(x={"type": "text", "default": "open"})],
    "the name of a key's index": [table("users"), table("users_pkey")],
    "the name of a key's index, before it": [table("users_pkey"), table("users")],
    "the name of a unique index": [table("users", email={"type": "text", "constraint": "UNIQUE"}), table("users_email_key")],
    "the name of a sequence": [table("users", n={"type": "bigint", "identity": True}), table("users_n_seq")],
    "the name of the heartbeat's index": [table("dbz_heartbeat_pkey")],
    "one name for two constraints": [
        table("users", n={"type": "bigint", "constraint": "CONSTRAINT one UNIQUE"}),
        table("others", n={"type": "bigint", "constraint": "CONSTRAINT one UNIQUE"}),
    ],
}


@pytest.mark.parametrize("kind", BAD_TABLES)
def test_tables_that_postgresql_refuses_are_refused_by_the_preview(kind: str) -> None:
    with pytest.raises(SettingsError) as caught:
        parse(stack(*BAD_TABLES[kind]))
    assert all(problem.path.startswith("source.tables") and problem.rule for problem in caught.value.problems)


@pytest.mark.parametrize("seed", range(20))
def test_random_tables_that_are_accepted_are_created(server: Server, seed: int) -> None:
    """Each column draws its type, default, identity and constraint; a quarter of what is drawn is wrong on purpose."""
    chance = random.Random(seed)  # noqa: S311 - a test
    tables, refused = [], 0
    while len(tables) < 12:
        try:
            tables.append(random_table(chance, len(tables)))
        except ValidationError:
            refused += 1
    settings = Settings.model_validate({"archive": {"bucket": "archive"}})
    settings = settings.model_copy(update={"source": settings.source.model_copy(update={"tables": tuple(tables)})})
    wrong = {problem.path.split(".")[2] for problem in creation_problems(settings) if problem.path.startswith("source.tables.")}
    kept = tuple(one for place, one in enumerate(tables) if str(place) not in wrong)
    settings = settings.model_copy(update={"source": settings.source.model_copy(update={"tables": kept})})
    if not creation_problems(settings):
        create(server, settings)
        drop(server, settings)


def random_table(chance: random.Random, number: int) -> Table:
    """Return a random table, or raise as the model does."""
    names = ["id", "xmin", "updated_at", "name", "value", "n", "flag", "other", "created"]
    columns = []
    for name in chance.sample(names, chance.randint(1, 6)):
        kind = chance.choice(TYPES)
        default = chance.choice(EVERYDAY)[1] if chance.random() < 0.3 else None
        constraint = chance.choice([*CONSTRAINTS, *BAD_CONSTRAINTS]) if chance.random() < 0.2 else ""
        columns.append(
            Column(
                name=name,
                type=kind,
                nullable=chance.random() < 0.2,
                default=default,
                identity=chance.random() < 0.1,
                constraint=constraint.replace("parents", f"t{chance.randrange(12)}"),
            )
        )
    key = tuple(chance.sample([column.name for column in columns], chance.randint(1, min(2, len(columns)))))
    return Table(name=f"t{number}", columns=tuple(columns), primary_key=key)


@pytest.mark.parametrize(("one", "column"), [("a" * 63, ""), ("a" * 63, "b" * 63), ("a" * 40, "b" * 63), ("t", "c"), ("a" * 60, "bc")])
def test_the_names_of_indexes_are_postgresqls_own(server: Server, one: str, column: str) -> None:
    named = f"CREATE TEMP TABLE {one} (id integer PRIMARY KEY, {column or 'x'} integer UNIQUE);"
    indexes = server.sql(f"{named}\nSELECT relname FROM pg_class WHERE relkind = 'i' AND relnamespace = pg_my_temp_schema();").split()
    assert derived_name(one, "", "pkey") in indexes
    assert derived_name(one, column or "x", "key") in indexes
