"""Changes to the configuration of connectors, topics, brokers, Connect and PostgreSQL."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from stack.configs.classes import BASIC_AUTH, REST_ACCESS
from stack.unknown import UNKNOWN
from tests.policy.mutations_data import one_of_each

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.declared import Declared
    from tests.policy.workbench import Made, Workbench

SOURCE = (
    {"errors.tolerance": "all"},
    {"errors.deadletterqueue.topic.name": "dead"},
    {"database.server.name": "shop"},
    {"heartbeat.topics.prefix": "beat"},
    {"transforms.unwrap.drop.tombstones": "true"},
    {"transforms.unwrap.delete.handling.mode": "rewrite"},
    {"poll.intervall.ms": "50"},
    {"poll.interval.ms": "often"},
    {"snapshot.mode": "sometimes"},
    {"slot.drop.on.stop": "true"},
    {"publication.autocreate.mode": "all_tables"},
    {"database.sslmode": "prefer"},
    {"exactly.once.support": "requested"},
    {"producer.override.acks": "1"},
    {"tasks.max": "4"},
    {"tasks.max": UNKNOWN},
)
SINK = (
    {"consumer.override.isolation.level": "read_uncommitted"},
    {"errors.deadletterqueue.topic.name": ""},
    {"exactly.once.support": "required"},
    {"snapshot.mode": "initial"},
    {"consumer.override.isolation.levels": "read_committed"},
    {"tasks.max": "0"},
)
S3_SINK = (
    {"s3.max.retries": "7"},
    {"s3.retry.jitter.ms": "100"},
    {"parquet.block.size": "1048576"},
    {"rotate.schedule.interval.ms": "-1"},
    {"s3.part.size": "1048576"},
)
TOPIC = ({"cleanup.polic": "delete"}, {"retention.ms": "a week"}, {"unclean.leader.election.enable": "true"})
LOGIN = f"{BASIC_AUTH},{REST_ACCESS}"
# Lines of a worker that open a door, and those that open none.
DOORS = (
    *(f"admin.listeners={one}" for one in ("http://0.0.0.0:8084", "http://:8083", "HTTPS://:9443", "http://localhost:1,http://:2", "8084")),
    "admin.listeners=http://${env:POD_IP}:8084",
    *(f"listeners={one}" for one in ("http://0.0.0.0:9999", "http://0.0.0.0:8083,http://0.0.0.0:9999", "https://:8443", "http://0.0.0.0")),
    "listeners=http://${env:POD_IP}:${env:PORT}",
    "listeners=http://127.0.0.1.example.com:9999",
    f"rest.extension.classes=org.example.Open,{LOGIN}",
    f"rest.extension.classes={LOGIN},io.example.Metrics",
    "rest.extension.classes=",
    f"rest.extension.classes={BASIC_AUTH}",
    f"rest.extension.classes={REST_ACCESS}",
    "admin.listeners.https.ssl.client.auth=none",
)
NO_DOORS = (
    *(f"admin.listeners={one}" for one in ("", "http://localhost:8084", "http://127.0.0.1:8084,https://[::1]:8085")),
    *(
        f"listeners={one}"
        for one in ("http://:8083", "https://0.0.0.0:8083", "http://[::]:8083", "http://0.0.0.0:8083,http://localhost:9999")
    ),
    "listeners=http://${env:POD_IP}:8083",
    f"rest.extension.classes={LOGIN}",
)
FILES = {
    "wal_level": (
        "postgres-config",
        ("wal_level = replica", "fsync = off", "ssl = off", "password_encryption = md5", "wal_levle = logical", "synchronous_commit = off"),
    ),
    "process.roles=": (
        "broker-config",
        ("auto.create.topics.enable=true", "unclean.leader.election.enable=true", "min.insync.replicas=1", "num.network.thread=2"),
    ),
    "config.storage.topic": (
        "worker-config",
        (
            "exactly.once.source.support=disabled",
            "config.providers.env.param.allowlist.pattern=.*",
            "producer.acks=1",
            "config.providers=env",
            "offset.storage.replication.factor=1",
            "plugin.discovry=service_load",
            *DOORS,
        ),
    ),
}


def connectors(bench: Workbench) -> Iterator[Made]:
    """Yield keys that do not exist, that are on the wrong side, or that lose rows."""
    for name in bench.of_kind("Connector"):
        sink = "Sink" in bench.inputs(name)["config"]["connector.class"]
        s3 = "S3" in bench.inputs(name)["config"]["connector.class"]
        for change in (*(SINK if sink else SOURCE), *(S3_SINK if s3 else ())):
            made = bench.changed(name, lambda i, c=change: i["config"].update(c))
            yield f"{name}: {change}", "connector-config", made


def topics(bench: Workbench) -> Iterator[Made]:
    """Yield keys and values that Kafka refuses, or that lose rows."""
    for name in one_of_each(bench):
        for change in TOPIC:
            yield f"{name}: {change}", "topic-config", bench.changed(name, lambda i, c=change: i["config"].update(c))
        if bench.inputs(name)["name"].startswith("connect-"):
            made = bench.changed(name, lambda i: i["config"].update({"cleanup.policy": "delete", "retention.bytes": "16777216"}))
            yield f"{name}: not compacted", "topic-config", made


def files(bench: Workbench) -> Iterator[Made]:
    """Yield changed lines in the files that servers start with."""
    for name in bench.of_kind("ConfigMap"):
        for file, text in bench.inputs(name)["data"].items():
            for marker, (rule, lines) in FILES.items():
                if re.search(rf"^{re.escape(marker)}", text, re.MULTILINE):
                    yield from ((f"{file}: {line}", rule, changed_line(bench, name, file, line)) for line in lines)


def doors(bench: Workbench) -> Iterator[Made]:
    """Yield lines of a worker that open no further door."""
    for name in bench.of_kind("ConfigMap"):
        if "worker.properties" in bench.inputs(name)["data"]:
            yield from ((f"worker: {line}", None, changed_line(bench, name, "worker.properties", line)) for line in NO_DOORS)


def changed_line(bench: Workbench, name: str, file: str, line: str) -> list[Declared]:
    key = re.split(r"\s*=", line)[0]

    def edit(inputs: Any) -> None:
        kept = [old for old in inputs["data"][file].splitlines() if re.split(r"\s*=", old)[0] != key]
        inputs["data"][file] = "\n".join([*kept, line, ""])

    return bench.changed(name, edit)
