"""A second pipeline that finds database, namespace, storage class and store in place: from the administrator's SQL to the archived row."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import boto3
import psycopg
import pytest
import yaml
from confluent_kafka import Consumer, TopicPartition
from psycopg.rows import dict_row

from dead_letters.causes import cause
from dead_letters.letter import Place, Record, letter
from reading.archive import Archive
from recording.program import load as load_program
from recording.stackfile import stack_config
from sandbox import cloud, connectors
from sandbox.adapter import Adapter
from sandbox.addresses import PODS
from sandbox.equality import wait_until_equal
from sandbox.paths import CHECKOUT
from sandbox.progress import Progress
from settings.tables import Table
from tests.sandbox_e2e import existing_server as server
from tests.sandbox_e2e import records

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sandbox.kubernetes import Kube

pytestmark = pytest.mark.sandbox

STACK = "e2e-existing"
NAMESPACE = "second-pipeline"
BUCKET = "second-archive"
HOST = server.NODE
NUMBERS = {"registry": 18081, "connect": 18083}
BROKERS = (19092, 19093, 19094)

SCHEMA = """\
CREATE ROLE shop_owner LOGIN;
CREATE ROLE iceberg LOGIN;
CREATE DATABASE shop OWNER shop_owner;
CREATE DATABASE iceberg_catalog OWNER iceberg;
\\connect shop
SET ROLE shop_owner;
CREATE SCHEMA sales;
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
)

TABLES = "SELECT string_agg(tablename, ',' ORDER BY tablename) FROM pg_tables WHERE schemaname IN ('public', 'sales')"


def stack_file(tables: Path) -> dict[str, Any]:
    """Return the second pipeline's stack file: the sandbox's, with other ports and existing systems."""
    config = yaml.safe_load((CHECKOUT / "Pulumi.sandbox.yaml").read_text(encoding="utf-8"))["config"]
    both = {name: {"node": number, "host": number} for name, number in NUMBERS.items()}
    config["data-ingestion:host"] |= {**both, "kafka": [{"node": number, "host": number} for number in BROKERS]}
    config["data-ingestion:cluster"] |= {"existingNamespace": True, "identifier": "second"}
    # neither a database of its own nor a storage class: these keys would change nothing
    del config["data-ingestion:host"]["postgres"], config["data-ingestion:cluster"]["provisioner"]
    config["data-ingestion:names"] = {"namespace": NAMESPACE, "database": "shop", "topicPrefix": "shop", "slot": "shop_slot"}
    config["data-ingestion:source"] = {
        "kind": "external",
        "external": {
            "host": HOST,
            "port": server.PORT,
            "addresses": [f"{HOST}/32"],
            "secret": "source-database",
            "catalogSecret": "catalog-database",
        },
        **({"tables": str(tables.relative_to(CHECKOUT))} if tables.exists() else {}),
    }
    config["data-ingestion:streaming"]["kafka"] = {"cpuMillicores": 50, "storageClass": "data-ingestion-streaming"}
    config["data-ingestion:archive"] = {
        "bucket": BUCKET,
        "existingBucket": True,
        "format": "iceberg",
        "catalog": "jdbc",
        "endpoint": {
            "url": "http://moto.object-store.svc.cluster.local:5000",
            "hostUrl": "http://127.0.0.1:4566",
            "addresses": [PODS],
            "secret": "object-store",
        },
    }
    del config["data-ingestion:policy"]
    return {"config": config}


def operate(*arguments: str, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run ``python -m pipeline …`` as its user would."""
    line = [sys.executable, "-m", "pipeline", *arguments, "--stack", STACK]
    return subprocess.run(line, cwd=CHECKOUT, env={**os.environ, **environment}, capture_output=True, text=True, timeout=120, check=False)


class Second:
    """The second pipeline: its files, its server, its engine."""

    def __init__(self, kube: Kube, folder: Path) -> None:
        """Nothing is there yet."""
        self.kube = kube
        self.file = CHECKOUT / f"Pulumi.{STACK}.yaml"
        self.tables = CHECKOUT / "tables" / f"{STACK}.yaml"
        self.passwords = {role: secrets.token_hex(16) for role in ("debezium", "iceberg", "shop_owner")}
        self.authority = server.Authority.made()
        self.ca = folder / "ca.crt"
        self.ca.write_text(self.authority.certificate, encoding="utf-8")
        self.engine = Adapter(folder, kube)
        self.outputs: dict[str, Any] = {}

    def write(self) -> None:
        """Write the stack file as far as it is known."""
        self.file.write_text(yaml.safe_dump(stack_file(self.tables)), encoding="utf-8")

    def login(self, role: str) -> dict[str, str]:
        """Libpq's variables for a role."""
        return {"PGUSER": role, "PGPASSWORD": self.passwords[role], "PGSSLROOTCERT": str(self.ca), "PGSSLMODE": "verify-full"}

    def connect(self) -> psycopg.Connection[dict[str, Any]]:
        """Return the captured database, as its owner."""
        return psycopg.connect(
            host=HOST, port=server.PORT, dbname="shop", user="shop_owner", password=self.passwords["shop_owner"],
            sslmode="verify-full", sslrootcert=str(self.ca), autocommit=True, row_factory=dict_row,
        )  # fmt: skip

    def database(self) -> dict[str, Any]:
        """Return the doctor's findings about the database: level by check."""
        done = operate("doctor", "--json", environment=self.login("debezium"))
        lines = json.loads(done.stdout)["findings"]
        return {line["name"]: line for line in lines if line["group"] == "Database"}

    @property
    def captured(self) -> tuple[Table, ...]:
        """The table model that was written."""
        return tuple(Table.model_validate(table) for table in yaml.safe_load(self.tables.read_text(encoding="utf-8")))

    def store(self) -> Any:
        """Return the object store as its administrator uses it."""
        account = cloud.known()
        assert account is not None
        return boto3.client(
            "s3",
            endpoint_url=account.endpoint,
            region_name=account.region,
            aws_access_key_id=account.access_key_id,
            aws_secret_access_key=account.secret_access_key,
        )

    def archive(self) -> Archive:
        """Return the archive as the store's administrator sees it."""
        account = cloud.known()
        assert account is not None
        reader = {
            "endpoint": account.endpoint,
            "region": account.region,
            "accessKeyId": account.access_key_id,
            "secretAccessKey": account.secret_access_key,
            "catalog": "archive",
            "namespace": "archive",
        }
        catalog = {"uri": self.outputs["catalog"]["uri"], "user": "iceberg", "password": self.passwords["iceberg"]}
        return Archive({"reader": reader, "catalog": catalog})


@pytest.fixture(scope="module")
def second(kube: Kube, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Second]:
    """Return a server with a schema and rows, a namespace with two Secrets, and a stack file; all taken away again."""
    made = Second(kube, tmp_path_factory.mktemp("second"))
    account = cloud.known()
    assert account is not None
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", account.access_key_id)
        patch.setenv("AWS_SECRET_ACCESS_KEY", account.secret_access_key)
        try:
            server.apply(kube, made.authority)
            server.psql(SCHEMA)
            for role in ("iceberg", "shop_owner"):
                server.psql(f"ALTER ROLE {role} PASSWORD '{made.passwords[role]}'")
            made.write()
            yield made
        finally:
            made.engine.down(Progress(), force=True)
            for path in (made.file, made.tables):
                path.unlink(missing_ok=True)
            if made.tables.parent.exists() and not any(made.tables.parent.iterdir()):
                made.tables.parent.rmdir()
            for namespace in (NAMESPACE, server.NAMESPACE):
                kube.delete("Namespace", "", namespace)
            kube.delete("NetworkPolicy", "object-store", NAMESPACE)


def test_1_the_doctor_says_what_is_missing_and_the_sql_holds_no_secret(second: Second) -> None:
    script = operate("sql", environment={})
    assert script.returncode == 0, script.stderr
    assert all(password not in script.stdout for password in second.passwords.values())
    missing = second.database()
    assert any(line["level"] == "failure" for line in missing.values()), missing


def test_2_the_table_file_is_written_and_what_is_left_out_is_reported(second: Second) -> None:
    server.psql("CREATE ROLE debezium LOGIN")
    server.psql(f"ALTER ROLE debezium PASSWORD '{second.passwords['debezium']}'; GRANT CONNECT ON DATABASE shop TO debezium")
    server.psql("GRANT USAGE ON SCHEMA sales TO debezium; GRANT SELECT ON ALL TABLES IN SCHEMA sales TO debezium", "shop")
    done = operate("tables", "--include", "sales.*", environment=second.login("debezium"))
    assert done.returncode == 1, done.stdout + done.stderr
    for told in ("✗ sales.notes: the table has no primary key", "· sales.orderItems: column place", "· sales.orderItems: column doubled"):
        assert told in done.stdout
    assert {table.in_database: table.qualified for table in second.captured} == {
        "sales.customers": "sales.customers",
        "sales.orderItems": "sales.order_items",
        "sales.2024-codes": "sales.tbl_2024_codes",
        "sales.events": "sales.events",
    }
    (items,) = (table for table in second.captured if table.name == "order_items")
    assert set(items.left_out) == {"place", "doubled"}
    second.write()


def test_3_after_the_printed_sql_the_doctor_has_nothing_left_to_say(second: Second) -> None:
    script = operate("sql", environment={})
    assert script.returncode == 0, script.stderr
    for _again in range(2):
        server.psql(script.stdout, "shop")
    assert {name: line["found"] for name, line in second.database().items() if line["level"] == "failure"} == {}


def test_4_rows_of_the_existing_database_arrive_and_nothing_is_made_in_it(second: Second, monkeypatch: pytest.MonkeyPatch) -> None:
    before = server.psql(TABLES, "shop")
    kube = second.kube
    labels = {"kubernetes.io/metadata.name": NAMESPACE}
    kube.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}})
    kube.apply(
        {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "NetworkPolicy",
            "metadata": {"namespace": "object-store", "name": NAMESPACE},
            "spec": {
                "podSelector": {},
                "policyTypes": ["Ingress"],
                "ingress": [{"from": [{"namespaceSelector": {"matchLabels": labels}}]}],
            },
        }
    )
    account = cloud.known()
    assert account is not None
    keys = f"[archive]\naws_access_key_id = {account.access_key_id}\naws_secret_access_key = {account.secret_access_key}\n"
    server.secret(kube, NAMESPACE, "object-store", {"credentials": keys})
    second.store().create_bucket(Bucket=BUCKET)
    for name, role in (("source-database", "debezium"), ("catalog-database", "iceberg")):
        login = {"username": role, "password": second.passwords[role], "ca.crt": second.authority.certificate}
        server.secret(kube, NAMESPACE, name, login)
    for name, value in second.login("iceberg").items():
        monkeypatch.setenv(name, value)
    config = stack_config(CHECKOUT, STACK)
    result = second.engine.up(load_program(CHECKOUT), config.project, STACK, config.values, Progress())
    second.outputs = dict(result.outputs)
    assert "password" not in second.outputs["postgres"]
    with second.connect() as database:
        database.execute("INSERT INTO sales.customers (name, credit) VALUES ('late', 0.01)")
        database.execute("UPDATE sales.customers SET noted = '1500-03-01 00:00:00.000007' WHERE id = 21")
        database.execute("UPDATE sales.customers SET credit = credit + 1, vip = true WHERE id <= 10")
        database.execute("DELETE FROM sales.customers WHERE id BETWEEN 11 AND 20")
        for statement in CHANGES:
            database.execute(statement)
    archive = second.archive()
    owner = {"user": "shop_owner", "password": second.passwords["shop_owner"]}
    wait_until_equal({**second.outputs, "postgres": {**second.outputs["postgres"], **owner}}, archive, second.captured, 180)
    for table in second.captured:
        assert archive.duplicates(table.archive_name, table.primary_key) == 0, table.archive_name
    assert archive.operations("sales_customers") == {"r": 200, "c": 1, "u": 11, "d": 10}
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
    owner = {"user": "shop_owner", "password": second.passwords["shop_owner"]}
    wait_until_equal({**second.outputs, "postgres": {**second.outputs["postgres"], **owner}}, archive, second.captured, 120)
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
    owner = {"user": "shop_owner", "password": second.passwords["shop_owner"]}
    wait_until_equal({**second.outputs, "postgres": {**second.outputs["postgres"], **owner}}, second.archive(), second.captured, 240)
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
