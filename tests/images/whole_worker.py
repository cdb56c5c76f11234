"""A worker of the image with a stack's own connectors, on one broker; JSON stands for Avro, so that it needs no registry."""

from __future__ import annotations

import os
import shutil
import tarfile
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import boto3
import urllib3
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient, NewTopic

from stack.configs.classes import JSON_CONVERTER
from stack.settings.types import NOTHING
from stack.specification import logs
from stack.specification.monitoring import jmx
from stack.specification.properties import properties_text
from stack.specification.stack import Specification
from stack.specification.streaming import connect, kafka
from stack.specification.streaming.layer import topics
from tests.existing_database.server import running as running_database
from tests.images.java_process import agent_of, broker, free_ports, started
from tests.images.source_task import PASSWORD, connection

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    import pytest

    from stack.settings.model import Settings
    from tests.existing_database.server import Server
    from tests.images.java_process import Java

KEYS = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "AWS_REGION": "us-east-1", "AWS_EC2_METADATA_DISABLED": "true"}
# What is another on this machine: addresses, logins and converters
AROUND = ("database.", "signal.", "key.converter", "value.converter", "read.", "heartbeat.action")


@contextmanager
def worker(
    folder: Path, plugins: Path, staged: Path, settings: Settings, bootstrap: str, users: Mapping[str, str] = NOTHING
) -> Iterator[tuple[Java, str]]:
    """Run a worker of a stack, and give it with the URL of its REST interface, which asks for a login if there are users."""
    rest, metrics = free_ports(2)
    properties = {
        **{key: "1" if key.endswith("replication.factor") else value for key, value in _properties(settings, is_open=not users).items()},
        "bootstrap.servers": bootstrap,
        "plugin.path": str(plugins),
        "listeners": f"http://127.0.0.1:{rest}",
        "rest.advertised.host.name": "127.0.0.1",
        "config.providers.dir.param.allowed.paths": str(folder),
    }
    (folder / "worker.properties").write_text(properties_text(properties), encoding="utf-8")
    agent = jmx.agent(settings, "connect")
    (folder / logs.LOG4J_FILE).write_text(logs.log4j(logs.USUAL_LOGS, agent.logging), encoding="utf-8")
    for name, text in connect.login_files(users).items() if users else ():
        (folder / name).write_text(text.replace(connect.REST_LOGIN, str(folder)), encoding="utf-8")
    here = {
        connect.REST_LOGIN: str(folder),
        connect.CONFIG: str(folder / "worker.properties"),
        kafka.LOG4J: str(folder / logs.LOG4J_FILE),
        kafka.LIBS: f"{staged}/libs/*",
        **agent_of("connect", folder, staged, metrics),
    }
    command = connect.worker_command(settings.streaming.connect, agent)
    with started(command, here, folder, metrics, KEYS) as java:
        yield java, f"http://127.0.0.1:{rest}"


def _properties(settings: Settings, *, is_open: bool) -> Mapping[str, str]:
    properties = Specification.of(settings).streaming.connect.properties
    return {key: value for key, value in properties.items() if not (is_open and key == "rest.extension.classes")}


def unpacked(staged: Path, into: Path) -> Path:
    """Lay out the plugins as the image has them."""
    shutil.copytree(staged / "plugins", into, copy_function=os.link)
    for archive in (staged / "plugins-archives").iterdir():
        with tarfile.open(archive) as files:
            files.extractall(into / "debezium-postgres", filter="data")
    return into


def configurations(settings: Settings, server: Server, store: str) -> dict[str, dict[str, str]]:
    """Return source and sinks of a stack, with what is another on this machine."""
    spec = Specification.of(settings)
    source, sinks = spec.streaming.source_connector, spec.archive.connectors
    json = {f"{side}.converter": JSON_CONVERTER for side in ("key", "value")}
    written = {
        "iceberg.catalog.s3.endpoint": store,
        "iceberg.catalog.uri": f"jdbc:postgresql://localhost:{server.port}/catalog?sslmode=require",
        "iceberg.catalog.jdbc.user": "capture",
        "iceberg.catalog.jdbc.password": PASSWORD,
        "iceberg.tables.auto-create-enabled": "true",
        "iceberg.control.commit.interval-ms": "2000",
    }
    here = {source.name: {key: str(value) for key, value in connection(server).items() if key != "name"}}
    return {
        one.name: {**{key: value for key, value in one.config.items() if not key.startswith(AROUND)}, **json, **here.get(one.name, written)}
        for one in (source, *sinks)
    }


def asked(method: str, url: str, body: Any = None) -> Any:
    """Return the answer of the worker's REST interface, or None without one."""
    try:
        answer = urllib3.request(method, url, json=body, timeout=30.0, retries=False)
    except urllib3.exceptions.HTTPError:
        return None
    return answer.json() if answer.data and answer.status < 400 else answer.data.decode()


def until(what: Callable[[], object], java: Java, seconds: float = 90) -> None:
    """Wait until something is true; the end of the log tells why it never is."""
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, java.log.read_text(encoding="utf-8")[-6000:]
        time.sleep(1)


def create_topics(settings: Settings, bootstrap: str, java: Java) -> None:
    """Create the topics of a stack on one broker."""
    admin = AdminClient({"bootstrap.servers": bootstrap, "log_level": 0})

    def answers() -> bool:
        try:
            return bool(admin.list_topics(timeout=5))
        except KafkaException:
            return False

    until(answers, java)
    config = {
        topic.name: {key: "1" if key == "min.insync.replicas" else value for key, value in topic.config.items()}
        for topic in topics(settings)
    }
    created = admin.create_topics([NewTopic(one.name, one.partitions, 1, config=config[one.name]) for one in topics(settings)])
    for done in created.values():
        done.result(60)


@contextmanager
def running(
    images: tuple[Path, Path], folders: pytest.TempPathFactory, settings: Settings, setup: str, store: str
) -> Iterator[tuple[Server, Java, str]]:
    """Run a database, a broker with the topics of a stack, a bucket, and a worker without a connector.

    Args:
        images: Contents of the worker's image, and of the brokers'.
        folders: Maker of folders.
        settings: Settings of the stack.
        setup: SQL of the captured database.
        store: URL of the emulated object store.

    Yields:
        The database's server, the worker's process, and the URL of its REST interface.
    """
    staged, brokers = images
    plugins = unpacked(staged, folders.mktemp("unpacked") / "plugins")
    with (
        running_database("image") as server,
        broker(folders.mktemp("broker"), brokers, monitored=False) as (kafka_process, bootstrap),
    ):
        server.configure("wal_level = logical\n")
        server.sql(setup)
        server.sql("CREATE DATABASE catalog OWNER capture")
        server.sql("SELECT pg_create_logical_replication_slot('slot', 'pgoutput')")
        create_topics(settings, bootstrap, kafka_process)
        boto3.client(
            "s3", endpoint_url=store, region_name=KEYS["AWS_REGION"], aws_access_key_id="a", aws_secret_access_key="b"
        ).create_bucket(Bucket=settings.archive.bucket)
        with worker(folders.mktemp("worker"), plugins, staged, settings, bootstrap) as (java, rest):
            until(lambda: isinstance(asked("GET", f"{rest}/connectors"), list), java)
            yield server, java, rest
