"""Changes to the configuration of connectors, topics, brokers, Connect and PostgreSQL."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from tests.policy.mutations_data import one_of_each
from unknown import UNKNOWN

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


def changed_line(bench: Workbench, name: str, file: str, line: str) -> list[Declared]:
    key = re.split(r"\s*=", line)[0]

    def edit(inputs: Any) -> None:
        kept = [old for old in inputs["data"][file].splitlines() if re.split(r"\s*=", old)[0] != key]
        inputs["data"][file] = "\n".join([*kept, line, ""])

    return bench.changed(name, edit)
