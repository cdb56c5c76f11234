"""Texts as people write them: quotes, schemas, comments, several statements, and what is no SQL."""

from __future__ import annotations

import pytest

from pipeline.ddl.judge import exit_code, judge
from pipeline.ddl.parsing import LONGEST, BadTextError, parse
from stack.settings.tables import Column, Table
from tests.ddl.stacks import EXISTING, MANAGED, codes, one, outcomes

QUOTED = (
    Table(
        name="user_value",
        database_name="User",
        columns=(
            Column(name="id", type="integer"),
            Column(name="first_name", database_name="firstName", type="text", nullable=True),
            Column(name="year_value", database_name="year", type="integer", nullable=True),
        ),
        left_out={"shape": "type point cannot be archived faithfully"},
    ),
    Table(name="orders", database_schema="sales", columns=(Column(name="id", type="bigint"),)),
)


@pytest.mark.parametrize(
    "text",
    [
        "ALTER TABLE orders ADD colour text",
        "alter table ORDERS add column IF NOT EXISTS colour TEXT",
        "ALTER TABLE ONLY public.orders ADD COLUMN colour text;",
        'ALTER TABLE IF EXISTS "public"."orders" ADD COLUMN "colour" text',
        "/* a /* nested */ comment; */ ALTER TABLE orders -- ; DROP TABLE orders\n ADD COLUMN colour text -- the end",
        "ALTER TABLE ecommerce.public.orders ADD COLUMN colour character varying",
        "\ufeffALTER TABLE orders ADD COLUMN colour text".lstrip("\ufeff"),
        "ALTER TABLE orders ADD COLUMN colour text DEFAULT NULL",
        "SET search_path TO public; ALTER TABLE orders ADD COLUMN colour text",
    ],
)
def test_the_same_statement_in_another_spelling_has_the_same_verdict(text: str) -> None:
    verdict = judge(EXISTING, text)[-1].verdicts[0]
    assert (verdict.outcome.name, verdict.table) == ("FOLLOWS", "public.orders")


def test_names_are_those_of_the_database() -> None:
    changes = {"tables": QUOTED}
    assert one('ALTER TABLE "User" ADD COLUMN note text', **changes).table == "public.user_value"
    assert one("ALTER TABLE user_value ADD COLUMN note text", **changes).outcome.name == "UNCONCERNED"
    renamed = one('ALTER TABLE "User" RENAME COLUMN "firstName" TO "givenName"', **changes)
    assert renamed.model == ("{name: first_name, databaseName: givenName, type: text, nullable: true}",)
    assert one('ALTER TABLE "User" DROP COLUMN "firstName"', **changes).outcome.name == "FOLLOWS"
    assert one('ALTER TABLE "User" DROP COLUMN "firstname"', **changes).outcome.name == "UNKNOWN"
    assert one('ALTER TABLE "User" DROP COLUMN shape', **changes).outcome.name == "FOLLOWS"
    assert one("ALTER TABLE sales.orders ADD COLUMN note text", **changes).table == "sales.orders"


def test_a_name_without_a_schema_that_may_be_another_schemas_is_not_guessed() -> None:
    assert one("ALTER TABLE orders ADD COLUMN note text", tables=QUOTED).outcome.name == "UNKNOWN"
    (_, altered) = judge(EXISTING, "CREATE TEMP TABLE orders (id int); ALTER TABLE orders ADD COLUMN note text")
    assert altered.verdicts[0].outcome.name == "UNKNOWN"


def test_each_action_of_a_statement_has_its_verdict_and_the_highest_code_counts() -> None:
    text = "ALTER TABLE orders ADD COLUMN colour text, ALTER COLUMN customer TYPE bigint, DROP COLUMN note"
    assert outcomes(text) == ["FOLLOWS", "STOPS", "FOLLOWS"]
    judged = judge(EXISTING, f"{text}; CREATE TABLE a (id int); DO $$ BEGIN END $$")
    assert codes(judged) == [1, 0, 2]
    assert exit_code(judged) == 2
    assert [one.statement.number for one in judged] == [1, 2, 3]
    assert judged[1].statement.text == "CREATE TABLE a (id int)"


def test_later_statements_see_what_earlier_ones_have_left() -> None:
    text = "ALTER TABLE orders ADD COLUMN colour integer; ALTER TABLE orders ALTER COLUMN colour TYPE bigint; DROP TABLE orders; "
    assert outcomes(f"{text} ALTER TABLE orders ADD COLUMN more text") == ["FOLLOWS", "STOPS", "STOPS", "UNCONCERNED"]
    assert outcomes("CREATE TYPE mood AS ENUM ('calm'); ALTER TABLE orders ADD COLUMN mood mood") == ["UNCONCERNED", "FOLLOWS"]


def test_a_new_partition_that_is_made_whole_in_the_same_transaction_follows() -> None:
    create = "CREATE TABLE p PARTITION OF events FOR VALUES FROM ('2027-01-01') TO ('2028-01-01')"
    whole = "ALTER TABLE p REPLICA IDENTITY FULL"
    assert outcomes(f"BEGIN; {create}; {whole}; COMMIT")[1] == "FOLLOWS"
    assert outcomes(f"{create}; {whole}")[0] == "STEPS"
    assert outcomes(f"BEGIN; {create}; COMMIT")[1] == "STEPS"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "has no statement"),
        (" ;; -- nothing", "has no statement"),
        ("ALTER TABEL orders ADD COLUMN a int", "line 1, column 7"),
        ("SELECT 1;\nALTER TABLE größe ADD COLUMN", "line 2"),
        ("ALTER TABLE orders ADD COLUMN a int\0; DROP TABLE orders", "null character at position 36"),
        ("SELECT '\ud800'", "UTF-8"),
        ("ALTER TABLE orders ADD COLUMN a text DEFAULT 'open", "line 1"),
        ("SELECT 1" + "+1" * 500_000, "nested too deeply"),
        ("SELECT " + "(" * 100_000 + "1" + ")" * 100_000, "memory exhausted"),
        ("-" * (LONGEST + 1), "divide it"),
    ],
    ids=lambda text: text[:30],
)
def test_what_cannot_be_read_is_refused_with_its_place(text: str, said: str) -> None:
    with pytest.raises(BadTextError) as refused:
        parse(text)
    assert said in str(refused.value)
    assert len(str(refused.value)) < 300


def test_a_megabyte_of_statements_is_judged() -> None:
    text = ";\n".join(f"ALTER TABLE public.orders ADD COLUMN IF NOT EXISTS column_{number} text" for number in range(400))
    text += ";\n" + ";\n".join(f"INSERT INTO public.orders (id) VALUES ({number})" for number in range(24_000))
    assert len(text) > 1_000_000
    judged = judge(EXISTING, text)
    assert (len(judged), exit_code(judged)) == (24_400, 0)
    long = f"ALTER TABLE orders ADD COLUMN note2 text DEFAULT '{'é' * 500_000}'"
    assert codes(judge(EXISTING, long)) == [1]


@pytest.mark.parametrize(
    "text",
    [
        "SELECT 1",
        "SELECT count(*), max(id) FROM orders",
        "COMMENT ON TABLE orders IS 'x'",
        "CREATE INDEX ON orders (customer)",
        "CREATE TABLE other (id int)",
        "CREATE VIEW v AS SELECT 1",
        "GRANT SELECT ON orders TO somebody",
        "VACUUM orders",
        "SET lock_timeout = '5s'",
        "BEGIN",
        "COMMIT",
        "CREATE PUBLICATION mine FOR TABLE orders",
        "ALTER SEQUENCE s RESTART",
        "DROP VIEW v",
    ],
)
def test_a_statement_of_no_concern_is_not_captured(text: str) -> None:
    assert outcomes(text) == ["UNCONCERNED"]


@pytest.mark.parametrize(
    "text",
    [
        "DO $$ BEGIN DROP TABLE orders; END $$",
        "CALL change_everything()",
        "SELECT change_everything()",
        "ROLLBACK",
        "DROP TYPE public.status CASCADE",
        "DROP VIEW v CASCADE",
        "TRUNCATE other",
        "ALTER SYSTEM SET wal_level = replica",
        "ALTER TABLE orders INHERIT other",
        "REVOKE SELECT ON orders FROM debezium",
        "DROP DATABASE ecommerce",
        "CREATE EXTENSION something",
        "EXECUTE prepared",
        "ALTER TABLE orders DROP COLUMN unknown_column",
        "ALTER TABLE orders ADD COLUMN a far.kind",
    ],
)
def test_what_is_not_known_is_never_harmless(text: str) -> None:
    assert outcomes(text)[-1] == "UNKNOWN"
    assert exit_code(judge(EXISTING, text)) == 2


def test_a_created_database_knows_its_constraints_indexes_and_partitions() -> None:
    assert outcomes("ALTER TABLE users DROP CONSTRAINT users_email_key", MANAGED) == ["FOLLOWS"]
    assert outcomes("DROP INDEX some_index", MANAGED) == ["FOLLOWS"]
    assert outcomes("DROP TABLE scratch", MANAGED) == ["UNCONCERNED"]
