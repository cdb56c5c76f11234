"""Steps, levels and consequences of single statements."""

from __future__ import annotations

import pytest

from pipeline.ddl.compatibility import Level
from pipeline.ddl.judge import judge
from pipeline.ddl.stack import Stack
from pipeline.ddl.subjects import Answer
from pipeline.recording.recorder import ROOT
from pipeline.recording.stackfile import stack_config
from stack.judgement.stack import parse_text
from stack.settings.tables import Column, Table
from tests.ddl.stacks import EXISTING, MANAGED, one, outcomes

WIDER = "ALTER TABLE orders ALTER COLUMN customer TYPE bigint"


def test_a_wider_number_needs_the_model_a_weaker_level_for_one_change_and_the_own_level_again() -> None:
    steps = one(WIDER).steps
    found = [
        next(number for number, step in enumerate(steps) if part in step)
        for part in (
            "type: bigint",
            "make up STACK=prod",
            "REGISTRY=",
            (
                "--request PUT --header 'Content-Type: application/json' --data '{\"compatibility\": \"BACKWARD\"}' "
                '"$REGISTRY/config/postgres.public.orders-value"'
            ),
            f"{WIDER};",
            "UPDATE public.orders SET customer = customer WHERE ctid",
            '"$REGISTRY/subjects/postgres.public.orders-value/versions/latest"',
            '--request DELETE "$REGISTRY/config/postgres.public.orders-value"',
        )
    ]
    assert found == sorted(found)
    assert not [step for step in steps if "-key" in step]


def test_a_column_of_the_key_concerns_both_subjects() -> None:
    verdict = one("ALTER TABLE orders ALTER COLUMN id TYPE bigint")
    assert [(subject.name, subject.answer) for subject in verdict.subjects] == [
        ("postgres.public.orders-value", Answer.REFUSED),
        ("postgres.public.orders-key", Answer.REFUSED),
    ]
    assert sum("--request PUT" in step for step in verdict.steps) == sum("--request DELETE" in step for step in verdict.steps) == 2


@pytest.mark.parametrize(
    ("level", "outcome"),
    [
        (Level.BACKWARD, "STEPS"),
        (Level.NONE, "STEPS"),
        (Level.FORWARD, "STOPS"),
        (Level.FULL, "STOPS"),
        (Level.BACKWARD_TRANSITIVE, "UNKNOWN"),
        (Level.FULL_TRANSITIVE, "STOPS"),
    ],
)
def test_the_level_decides(level: Level, outcome: str) -> None:
    assert one(WIDER, level=level).outcome.name == outcome


def test_a_transitive_level_is_no_matter_where_the_schema_stays() -> None:
    assert one("ALTER TABLE orders ALTER COLUMN code TYPE text", level=Level.FULL_TRANSITIVE).outcome.name == "FOLLOWS"
    verdict = one("ALTER TABLE orders ADD COLUMN colour text", level=Level.FULL_TRANSITIVE)
    assert "not known here" in verdict.reason[0]


def test_a_time_that_the_sink_would_make_text_of_comes_from_the_model_first_and_then_follows() -> None:
    text = "ALTER TABLE orders ADD COLUMN seen timestamptz"
    verdict = one(text)
    assert verdict.steps == (
        "in the table file (source.tables), table orders, add: {name: seen, type: timestamptz, nullable: true}",
        "make up STACK=prod",
        f"{text};",
    )
    orders = EXISTING.tables[0]
    declared = orders.model_copy(update={"columns": (*orders.columns, Column(name="seen", type="timestamptz", nullable=True))})
    assert one(text, tables=(declared, *EXISTING.tables[1:])).outcome.name == "FOLLOWS"
    assert one(text, has_iceberg=False).outcome.name == "FOLLOWS"
    assert one("ALTER TABLE users ADD COLUMN seen timestamp", MANAGED).steps == (
        'in stack/settings/shop.py (or the file in source.tables), table users, add: Column(name="seen", type="timestamp", nullable=True),',
        "make up STACK=dev",
    )


def test_a_name_that_the_archive_cannot_have_comes_from_the_model_first_and_then_follows() -> None:
    text = 'ALTER TABLE orders ADD COLUMN "firstName" text, ADD COLUMN year integer'
    lines = [verdict.steps[0].partition("add: ")[2] for judged in judge(EXISTING, text) for verdict in judged.verdicts]
    assert lines == [
        "{name: first_name, databaseName: firstName, type: text, nullable: true}",
        "{name: year_value, databaseName: year, type: integer, nullable: true}",
    ]
    orders = EXISTING.tables[0]
    further = Column(name="first_name", database_name="firstName", type="text", nullable=True)
    declared = orders.model_copy(update={"columns": (*orders.columns, further)})
    assert one('ALTER TABLE orders ADD COLUMN "firstName" text', tables=(declared,)).outcome.name == "FOLLOWS"
    assert one("ALTER TABLE users ADD COLUMN year integer", MANAGED).steps[0].startswith("choose another name")


def test_a_renamed_column_keeps_its_name_in_the_archive_once_the_model_says_so() -> None:
    text = "ALTER TABLE orders RENAME COLUMN note TO remark"
    assert one(text).steps[0].endswith("write: {name: note, databaseName: remark, type: text, nullable: true}")
    orders = EXISTING.tables[0]
    columns = [column.model_copy(update={"database_name": "remark"}) if column.name == "note" else column for column in orders.columns]
    declared = orders.model_copy(update={"columns": tuple(columns)})
    assert one(text, tables=(declared,)).outcome.name == "FOLLOWS"


def test_a_column_whose_values_would_change_is_left_out_first_and_then_follows() -> None:
    verdict = one("ALTER TABLE orders ADD COLUMN spent money")
    assert verdict.steps[:3] == (
        "in the table file (source.tables), table orders, add: leftOut: {spent: Debezium reads it by the server's locale}",
        "make up STACK=prod",
        "ALTER TABLE orders ADD COLUMN spent money;",
    )
    left_out = EXISTING.tables[0].model_copy(update={"left_out": {"spent": "Debezium reads it by the server's locale"}})
    assert one("ALTER TABLE orders ADD COLUMN spent money", tables=(left_out,)).outcome.name == "FOLLOWS"
    for kind in ("point", "public.raster"):
        assert one(f"ALTER TABLE orders ADD COLUMN place {kind}").outcome.name in {"STEPS", "UNKNOWN"}, kind


@pytest.mark.parametrize("kind", ["hstore", "public.geometry(Point,4326)", "vector(3)", "vector(3)[]"])
def test_a_column_of_a_type_of_an_extension_follows_and_the_model_has_it_without_its_size(kind: str) -> None:
    verdict = one(f"ALTER TABLE orders ADD COLUMN place {kind}")
    spelt = kind.replace("(Point,4326)", "").replace("(3)", "")
    assert verdict.outcome.name == "FOLLOWS"
    assert spelt in verdict.model[0]
    assert "archivedAs: text" in verdict.model[0]
    assert "(" not in verdict.model[0].partition("type:")[2]


def test_rows_with_a_default_are_read_again() -> None:
    assert one("ALTER TABLE orders ADD COLUMN pieces integer DEFAULT 1").steps[-1] == (
        ".venv/bin/python -m pipeline backfill start --stack prod --table public.orders"
    )


@pytest.mark.parametrize(
    ("definition", "rewritten"),
    [
        ("integer", False),
        ("integer DEFAULT 5", False),
        ("timestamptz DEFAULT now()", False),
        ("uuid DEFAULT gen_random_uuid()", True),
        ("timestamptz DEFAULT clock_timestamp()", True),
        ("serial", True),
        ("integer GENERATED ALWAYS AS (1) STORED", True),
    ],
)
def test_a_volatile_default_writes_the_table_anew_and_sends_none_of_it(definition: str, rewritten: bool) -> None:  # noqa: FBT001 - a case
    database = " ".join(one(f"ALTER TABLE orders ADD COLUMN pieces {definition}").database)
    assert ("written anew under the lock; none of its rows is sent" in database) == rewritten


@pytest.mark.parametrize(
    ("text", "rewritten"),
    [
        ("ALTER TABLE orders ALTER code TYPE varchar(40)", False),
        ("ALTER TABLE orders ALTER code TYPE text", False),
        ("ALTER TABLE orders ALTER code TYPE varchar(10)", True),
        ("ALTER TABLE orders ALTER amount TYPE numeric(12,2)", False),
        ("ALTER TABLE orders ALTER amount TYPE numeric(12,4)", True),
        ("ALTER TABLE orders ALTER customer TYPE bigint", True),
    ],
)
def test_a_type_change_says_whether_the_table_is_written_anew(text: str, rewritten: bool) -> None:  # noqa: FBT001 - a case
    assert ("the whole table is written anew" in " ".join(one(text).database)) == rewritten


@pytest.mark.parametrize(
    ("before", "after", "outcome"),
    [
        ("json", "jsonb", "STEPS"),
        ("text", "uuid", "STEPS"),
        ("char(3)", "char(5)", "STEPS"),
        ("varchar(20)", "text", "FOLLOWS"),
        ("smallint", "integer", "FOLLOWS"),
    ],
)
def test_rows_whose_text_a_conversion_may_change_are_read_again(before: str, after: str, outcome: str) -> None:
    columns = (Column(name="id", type="integer"), Column(name="note", type=before, nullable=True))
    verdict = one(f"ALTER TABLE orders ALTER note TYPE {after}", tables=(Table(name="orders", columns=columns),))
    assert (verdict.outcome.name, any("backfill start" in step for step in verdict.steps)) == (outcome, outcome == "STEPS")


def test_files_without_a_table_take_any_type_and_iceberg_only_wider_ones() -> None:
    assert one("ALTER TABLE orders ALTER amount TYPE numeric(12,4)", has_iceberg=False).outcome.name == "FOLLOWS"
    assert "a reader casts" in one("ALTER TABLE orders ALTER amount TYPE numeric(12,4)", has_iceberg=False).archive[0]
    letters = one("ALTER TABLE orders ALTER amount TYPE numeric(12,4)")
    assert "dead letters" in letters.archive[0]
    assert letters.steps[1] == "ALTER TABLE public.orders ADD COLUMN amount_2 numeric(12,4);"


def test_what_is_taken_from_a_created_database_comes_back() -> None:
    assert outcomes("ALTER TABLE products DROP COLUMN description", MANAGED) == ["STEPS"]
    assert outcomes("ALTER TABLE users DROP COLUMN last_name", MANAGED) == ["STOPS"]
    assert outcomes("ALTER TABLE users RENAME TO people", MANAGED) == ["STOPS"]
    assert outcomes("ALTER TABLE users RENAME COLUMN last_name TO name", MANAGED) == ["STOPS"]


def test_another_key_in_one_statement_names_both_subjects_steps_and_the_model() -> None:
    (judged,) = judge(MANAGED, "ALTER TABLE users DROP CONSTRAINT users_pkey CASCADE, ADD PRIMARY KEY (email)")
    key = judged.verdicts[1]
    assert key.subjects[1].answer is Answer.REFUSED
    assert {one.field for one in key.subjects[1].conflicts} == {"id", "email"}
    assert 'primary_key=("email",)' in key.model[0].replace("'", '"')
    assert outcomes("ALTER TABLE users DROP CONSTRAINT users_pkey, ADD CONSTRAINT users_pkey PRIMARY KEY (id)", MANAGED) == ["FOLLOWS"] * 2


def test_an_enum_label_concerns_the_tables_with_the_type() -> None:
    assert one("ALTER TYPE status ADD VALUE 'lost'").table == "public.orders"
    assert one("ALTER TYPE public.status RENAME VALUE 'a' TO 'b'").steps[-1].endswith("--table public.orders")
    assert one("ALTER TYPE other RENAME VALUE 'a' TO 'b'").outcome.name == "UNKNOWN"


def test_the_heartbeat_table_and_the_slot_belong_to_the_source() -> None:
    assert outcomes("DROP TABLE dbz_heartbeat") == ["STOPS"]
    assert outcomes("ALTER PUBLICATION dbz_publication DROP TABLE public.dbz_heartbeat") == ["STOPS"]
    dropped = "SELECT pg_drop_replication_slot('debezium_slot')"
    for text in (dropped, f"EXPLAIN ANALYZE {dropped}", f"EXPLAIN (VERBOSE, ANALYZE) {dropped}", f"{dropped} INTO gone"):
        assert outcomes(text) == ["STOPS"], text
    assert outcomes("ALTER PUBLICATION dbz_publication RENAME TO other") == ["STOPS"]
    assert outcomes(f"EXPLAIN {dropped}") == ["UNCONCERNED"], "nothing is run"


def test_a_right_that_all_roles_lose_may_be_the_source_s() -> None:
    for text in ("REVOKE SELECT ON orders FROM PUBLIC", "REVOKE CONNECT ON DATABASE shop FROM PUBLIC"):
        assert outcomes(text) == ["UNKNOWN"], text
    assert outcomes("GRANT SELECT ON orders TO PUBLIC") == ["UNCONCERNED"]


def test_the_last_column_of_a_table_named_as_another_program_does_is_found_in_its_schema() -> None:
    tables = (Table(name="orders", database_schema="sales", columns=(Column(name="id", type="bigint"),)),)
    assert (
        one("ALTER TABLE sales.orders RENAME TO purchases", tables=tables)
        .steps[2]
        .endswith("write: name: orders, databaseName: purchases (topic and archive keep their names)")
    )


@pytest.mark.parametrize("stack", ["dev", "prod", "sandbox"])
def test_a_shipped_stack_is_known_without_anything_that_runs(stack: str) -> None:
    known = Stack.of(stack, parse_text(stack_config(ROOT, stack).values))
    assert known.level is Level.FULL
    assert known.is_managed == (stack != "prod")
    assert outcomes("ALTER TABLE users ADD COLUMN nickname text", known) == ["FOLLOWS"]
