"""A second pipeline that finds database, namespace, storage class and store in place: from the administrator's SQL to the archived row."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest
from confluent_kafka import Consumer, TopicPartition

from pipeline.checks.progress import Progress
from pipeline.dlq.causes import cause
from pipeline.dlq.letter import Place, Record, letter
from sandbox import connectors
from tests.sandbox_e2e import existing_server as server
from tests.sandbox_e2e import records
from tests.sandbox_e2e.existing_pipeline import BUCKET, NAMESPACE, Second, existing, operate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox.kubernetes import Kube

pytestmark = pytest.mark.sandbox

SCHEMA = """\
CREATE TABLE sales.customers (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL, credit numeric(12,2) NOT NULL,
  born date, seen timestamptz NOT NULL DEFAULT now(), vip boolean NOT NULL DEFAULT false,
  noted timestamp NOT NULL DEFAULT '2020-01-01 00:00:00.000001');
CREATE TABLE sales.notes (written timestamptz, body text);
CREATE TYPE sales.mood AS ENUM ('fine', 'so-so');
CREATE TABLE sales."orderItems" ("Id" integer PRIMARY KEY, "unitPrice" numeric NOT NULL, mood sales.mood DEFAULT 'fine', year int DEFAULT 5,
  "größe" char(4), "user" text DEFAULT 'nobody', tags text[], details jsonb, photo bytea, opens time, place point,
  doubled int GENERATED ALWAYS AS ("Id" * 2) STORED);
CREATE TABLE sales."2024-codes" ("Code" text NOT NULL, note text DEFAULT 'x', UNIQUE ("Code"));
CREATE TABLE sales.events (id bigint, day date, body text, PRIMARY KEY (id, day)) PARTITION BY RANGE (day);
CREATE TABLE sales.events_1 PARTITION OF sales.events FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
CREATE TABLE sales.kinds (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), at timestamptz NOT NULL, noted timestamp NOT NULL,
  born date NOT NULL, price numeric(12,2) NOT NULL, sold boolean NOT NULL, photo bytea NOT NULL, ratio double precision NOT NULL,
  share real NOT NULL, count bigint NOT NULL, few smallint NOT NULL, details jsonb NOT NULL, tags text[] NOT NULL,
  remark text NOT NULL DEFAULT 'none');
INSERT INTO sales.kinds
  SELECT gen_random_uuid(), now(), now(), now(), n, true, '\\x00', n, n, n, n, '{}', '{}' FROM generate_series(1, 5) AS n;
INSERT INTO sales."orderItems" VALUES
  (1, 1.50, NULL, NULL, 'a', NULL, '{"a,b",NULL,"\\"q\\""}', '{"a": [1, null]}', '\\x00ff', '24:00', '(1,2)'),
  (2, 'NaN', 'so-so', 2024, 'ü', 'ü', '{}', 'null', '', '00:00:00.000001', NULL);
INSERT INTO sales."2024-codes" VALUES ('A', NULL), ('B', 'y');
INSERT INTO sales.events VALUES (1, '2026-03-01', 'one'), (1, '2026-04-01', NULL);
INSERT INTO sales.customers (name, credit, born, noted)
  SELECT 'customer ' || n, n * 1.25, date '2000-01-01' + n, timestamp '2026-01-02 03:04:05.123456' + n * interval '1.000001 second'
  FROM generate_series(1, 200) AS n;
"""

# The same kinds of values as the first snapshot reads, as changes; the last one of an enum that got a value in the meantime
CHANGES = (
    """INSERT INTO sales."orderItems" SELECT "Id" + 10, "unitPrice", mood, year, "größe", "user", tags, details, photo, opens, place
       FROM sales."orderItems" """,
    """UPDATE sales."orderItems" SET "user" = 'somebody', photo = photo || '\\x01' WHERE "Id" IN (1, 12)""",
    """UPDATE sales."orderItems" SET "Id" = 20 WHERE "Id" = 11""",
    """DELETE FROM sales."orderItems" WHERE "Id" = 2""",
    """INSERT INTO sales."2024-codes" VALUES ('C', NULL)""",
    """UPDATE sales."2024-codes" SET "Code" = 'D' WHERE "Code" = 'B'""",
    """UPDATE sales.events SET body = repeat('long ', 20000) WHERE day = '2026-03-01'""",
    """UPDATE sales.events SET id = 2 WHERE day = '2026-03-01'""",
    """DELETE FROM sales.events WHERE day = '2026-04-01'""",
    """ALTER TYPE sales.mood ADD VALUE 'awful'""",
    """INSERT INTO sales."orderItems" ("Id", "unitPrice", mood) VALUES (30, 1e-20, 'awful')""",
    """INSERT INTO sales."2024-codes" VALUES ('E', 'gone')""",
    """DO $$ BEGIN
         INSERT INTO sales."2024-codes" VALUES ('F', 'gone');
         TRUNCATE sales."2024-codes", sales.kinds;
         INSERT INTO sales."2024-codes" VALUES ('F', 'stays'), ('A', 'again');
       END $$""",
    """INSERT INTO sales.kinds VALUES ('00000000-0000-0000-0000-000000000000', now(), now(), now(), 1, true, '', 0, 0, 0, 0, '1', '{a}')""",
    """INSERT INTO sales.events VALUES (7, '2026-05-01', 'gone')""",
    """TRUNCATE sales.events""",
    """INSERT INTO sales.events VALUES (8, '2026-05-01', 'stays')""",
)

TABLES = "SELECT string_agg(tablename, ',' ORDER BY tablename) FROM pg_tables WHERE schemaname IN ('public', 'sales')"


@pytest.fixture(scope="module")
def second(kube: Kube, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Second]:
    """Return a pipeline that finds its database in place."""
    with existing(kube, tmp_path_factory.mktemp("second"), SCHEMA) as made:
        yield made


def test_1_the_doctor_says_what_is_missing_and_the_sql_holds_no_secret(second: Second) -> None:
    script = operate("sql", environment={})
    assert script.returncode == 0, script.stderr
    assert all(password not in script.stdout for password in second.passwords.values())
    missing = second.database()
    assert any(line["level"] == "failure" for line in missing.values()), missing


def test_2_the_table_file_is_written_and_what_is_left_out_is_reported(second: Second) -> None:
    second.let_in()
    done = second.list_tables()
    assert done.returncode == 1, done.stdout + done.stderr
    for told in ("✗ sales.notes: the table has no primary key", "· sales.orderItems: column place", "· sales.orderItems: column doubled"):
        assert told in done.stdout
    assert {table.in_database: table.qualified for table in second.captured} == {
        "sales.customers": "sales.customers",
        "sales.orderItems": "sales.order_items",
        "sales.2024-codes": "sales.tbl_2024_codes",
        "sales.events": "sales.events",
        "sales.kinds": "sales.kinds",
    }
    (items,) = (table for table in second.captured if table.name == "order_items")
    assert set(items.left_out) == {"place", "doubled"}


def test_3_after_the_printed_sql_the_doctor_has_nothing_left_to_say(second: Second) -> None:
    for _again in range(2):
        second.make_ready()
    assert {name: line["found"] for name, line in second.database().items() if line["level"] == "failure"} == {}


def test_4_rows_of_the_existing_database_arrive_and_nothing_is_made_in_it(second: Second) -> None:
    before = server.psql(TABLES, "shop")
    second.up()
    assert "password" not in second.outputs["postgres"]
    with second.connect() as database:
        database.execute("INSERT INTO sales.customers (name, credit) VALUES ('late', 0.01)")
        database.execute("UPDATE sales.customers SET noted = '1500-03-01 00:00:00.000007' WHERE id = 21")
        database.execute("UPDATE sales.customers SET credit = credit + 1, vip = true WHERE id <= 10")
        database.execute("DELETE FROM sales.customers WHERE id BETWEEN 11 AND 20")
        for statement in CHANGES:
            database.execute(statement)
    archive = second.archive()
    second.wait_until_equal(180)
    for table in second.captured:
        assert archive.duplicates(table.archive_name, table.primary_key) == 0, table.archive_name
    assert archive.operations("sales_customers") == {"r": 200, "c": 1, "u": 11, "d": 10}
    for truncated in ("sales_tbl_2024_codes", "sales_kinds", "sales_events"):
        assert archive.operations(truncated)["t"] == 1, truncated
    assert server.psql(TABLES, "shop") == before
    assert server.psql("SELECT slot_name, active FROM pg_replication_slots") == "shop_slot|t"


def causes(outputs: dict[str, Any], topic: str) -> list[str]:
    """Return the cause of each dead letter in words."""
    consumer = Consumer(
        {"bootstrap.servers": outputs["kafka"]["bootstrapServers"], "group.id": "test", "isolation.level": "read_committed"}
    )
    ends = records.ends(consumer, topic)
    consumer.assign([TopicPartition(topic, number, 0) for number in ends])
    found = [consumer.poll(10.0) for _ in range(sum(ends.values()))]
    consumer.close()
    places = ((message, Place(message.partition() or 0, message.offset() or 0)) for message in found if message is not None)
    return sorted(
        cause(letter(Record(place, 0, message.key(), message.value(), tuple(message.headers() or ())))).words for message, place in places
    )


def test_5_rows_without_a_place_in_the_archive_are_set_aside_with_their_columns_and_the_others_arrive(second: Second) -> None:
    archive, topic = second.archive(), "s3-sink-dlq"
    with second.connect() as database:
        database.execute(
            "INSERT INTO sales.customers (name, credit, born, noted) VALUES ('endless', 1, NULL, 'infinity'), "
            "('unborn', 1, '-infinity', now()), ('nobody', 'NaN', NULL, now()), "
            "('old', 1, '0044-03-15 BC', '0044-03-15 12:00:00.000007 BC'), ('last', 2, NULL, now())"
        )
    query = (
        "SELECT name, epoch_us(noted) AS noted, born - date '1970-01-01' AS born FROM changes "
        "WHERE name IN ('endless', 'unborn', 'nobody', 'old', 'last')"
    )
    deadline = time.monotonic() + 120
    while len(rows := {row["name"]: row for row in archive.query("sales_customers", query)}) < 2 or len(causes(second.outputs, topic)) < 3:
        assert time.monotonic() < deadline, (rows, causes(second.outputs, topic), connectors.failures(second.outputs))
        time.sleep(1)
    assert set(rows) == {"old", "last"}
    assert rows["old"] == {"name": "old", "noted": -63_517_780_799_999_993, "born": -735_160}
    special = "holds a value that the archive has no place for"
    assert [words.partition(": ")[0] for words in causes(second.outputs, topic)] == [
        f"column {name} {special}" for name in ("born", "credit", "noted")
    ]
    assert connectors.failures(second.outputs) == []
    with second.connect() as database:
        database.execute(
            "UPDATE sales.customers SET noted = '2026-01-02 03:04:05.000001', born = NULL, credit = 3 WHERE name <> 'old' AND id > 201"
        )
        database.execute("DELETE FROM sales.customers WHERE name IN ('old', 'last')")
    second.wait_until_equal(120)
    assert len(causes(second.outputs, topic)) == 3, "corrected rows are no letters"


def test_6_a_new_partition_without_full_stops_the_source_with_the_cure_after_which_it_goes_on(second: Second) -> None:
    cure = "ALTER TABLE sales.events_2 REPLICA IDENTITY FULL"
    with second.connect() as database:
        database.execute("CREATE TABLE sales.events_2 PARTITION OF sales.events FOR VALUES FROM ('2027-01-01') TO ('2028-01-01')")
        database.execute("INSERT INTO sales.events VALUES (3, '2027-01-01', 'new')")
        began = time.monotonic()
        while not (failed := connectors.failures(second.outputs)):
            assert time.monotonic() - began < 90
            time.sleep(1)
        assert cure in str(failed[0])
        database.execute(cure)
        database.execute("INSERT INTO sales.events VALUES (4, '2027-01-01', 'later')")
    second.wait_until_equal(240)
    assert connectors.failures(second.outputs) == []
    (events,) = (table for table in second.captured if table.name == "events")
    assert second.archive().duplicates(events.archive_name, events.primary_key) == 0


def test_7_taking_the_pipeline_down_drops_its_slot_and_nothing_else_in_the_database(second: Second) -> None:
    second.engine.down(Progress())
    assert server.psql("SELECT count(*) FROM pg_replication_slots") == "0"
    assert server.psql("SELECT count(*) FROM pg_publication", "shop") == "1"
    assert int(server.psql("SELECT count(*) FROM sales.customers", "shop")) == 194
    left = {kind: second.kube.list(kind, NAMESPACE) for kind in ("Pod", "Service", "StatefulSet", "Deployment")}
    assert not any(left.values()), left
    assert {item["metadata"]["name"] for item in second.kube.list("Secret", NAMESPACE)} == {
        "source-database",
        "catalog-database",
        "object-store",
    }
    assert second.store().list_objects_v2(Bucket=BUCKET)["KeyCount"] > 0
