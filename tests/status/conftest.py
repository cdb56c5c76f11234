"""Parts of a stack for whole looks: a real database, mock brokers, doubles of worker and registry."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest
from confluent_kafka import Producer

from pipeline.description.running import described
from pipeline.reading.stack import RunningStack
from stack.specification.source.sql import schema_sql
from tests.answers import answering
from tests.declared import settings_of
from tests.existing_database import server as servers
from tests.providers.connect_worker import Worker, serving, status

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline.description.stack import Description

USERS = "postgres.public.users"
SUBJECTS: dict[str, Any] = {
    "/subjects": [f"{USERS}-value"],
    f"/subjects/{USERS}-value/versions": [1, 2],
    f"/subjects/{USERS}-value/versions/latest": {"schema": '{"type": "record", "fields": [{"name": "id", "type": "string"}]}'},
    "/config": {"compatibilityLevel": "BACKWARD"},
}


@pytest.fixture
def registry() -> Iterator[str]:
    """Yield the address of a registry with one subject."""
    with answering(lambda path: (200 if path in SUBJECTS else 404, SUBJECTS.get(path))) as url:
        yield url


@pytest.fixture(params=servers.SERVERS)
def database(request: pytest.FixtureRequest) -> Iterator[servers.Server]:
    """Yield a server with the pipeline's slot, which nobody reads, and a fresh heartbeat."""
    with servers.running(request.param) as running:
        running.sql("ALTER SYSTEM SET wal_level = logical; ALTER SYSTEM SET max_slot_wal_keep_size = '1536MB';")
        running.sql("CREATE ROLE debezium LOGIN REPLICATION PASSWORD 'x'; CREATE DATABASE ecommerce;")
        running.restart()
        settings = settings_of("sandbox")
        names = settings.names
        running.sql(f"CREATE ROLE {names.owner_role}; CREATE ROLE {names.app_role}; ALTER DATABASE ecommerce OWNER TO {names.owner_role};")
        running.sql(f"{schema_sql(names, settings.source.tables)} INSERT INTO {names.heartbeat_table} VALUES (1);", "ecommerce")
        running.sql(f"SELECT pg_create_logical_replication_slot('{names.current_slot}', 'pgoutput')", "ecommerce")
        yield running


@pytest.fixture
def worker() -> Iterator[Worker]:
    """Yield the double of a worker whose connectors run."""
    with serving(Worker()) as made:
        running, three = status("RUNNING", "RUNNING")[1], status("RUNNING", "RUNNING", "RUNNING", "RUNNING")[1]
        listed = {"postgres-cdc-connector": {"status": running}, "s3-sink-connector": {"status": three}}
        made.script["GET /connectors?expand=status"] = [(200, listed)]
        offset = {"lsn": 99, "ts_usec": int(time.time() * 1_000_000)}
        made.script["GET /connectors/postgres-cdc-connector/offsets"] = [(200, {"offsets": [{"offset": offset}]})]
        yield made


@pytest.fixture
def brokers() -> Iterator[str]:
    """Yield the addresses of mock brokers with the topics of the stack sandbox."""
    made = Producer({"test.mock.num.brokers": 3, "bootstrap.servers": "127.0.0.1:1"})
    addresses = ",".join(f"{one.host}:{one.port}" for one in made.list_topics(timeout=10).brokers.values())
    settings = settings_of("sandbox")
    names = settings.names
    topics = [names.topic(table) for table in settings.source.tables]
    for topic in (*topics, names.dead_letter_topic, names.control_topic(), names.signal_topic):
        made.list_topics(topic, timeout=10)
    yield addresses
    made.flush()


@pytest.fixture
def stack(worker: Worker, registry: str, database: servers.Server, brokers: str, monkeypatch: pytest.MonkeyPatch) -> Description:
    """Return the stack sandbox with these parts."""
    monkeypatch.setenv("PGUSER", "debezium")
    monkeypatch.setenv("PGPASSWORD", "x")
    settings = settings_of("sandbox")
    outputs = {
        "connect": {"url": worker.url, "user": "admin", "password": "a-password"},
        "kafka": {"bootstrapServers": brokers},
        "registry": {"url": registry, "user": "operator", "password": "b-password"},
        "postgres": {"host": "localhost", "port": database.port, "database": "ecommerce"},
        "tables": [{"name": table.qualified} for table in settings.source.tables],
    }
    return described(RunningStack("sandbox", settings, outputs))
