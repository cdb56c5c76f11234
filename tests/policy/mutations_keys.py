"""Keys that drop, re-route, hide or rename rows in whatever is declared, and keys that users set every day."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policy.declared import Declared
from stack.configs.tokens import TOPIC
from stack.configs.verdict import KIND_BY_CLASS
from tests.everyday_keys import EVERYDAY
from tests.policy.mutations_config import FILES, changed_line
from tests.policy.mutations_data import one_of_each

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stack.configs.keys import Kind
    from tests.policy.workbench import Made, Workbench

_KAFKA = "org.apache.kafka.connect.transforms."
# Of each kind some members; tests/configs generates all of them.
_SOURCE = {
    "dropped": ({"schema.exclude.list": "public"}, {"column.exclude.list": "public.users.email"}, {"message.prefix.include.list": "x"}),
    "not read": (
        {"snapshot.include.collection.list": "public.users"},
        {"snapshot.query.mode": "custom"},
        {"snapshot.locking.mode": "${env:X}"},
    ),
    "re-routed": ({"topic.delimiter": "_"}, {"topic.heartbeat.prefix": "beat"}, {"provide.transaction.metadata": "true"}),
    "other keys": ({"message.key.columns": "public.users:email"}, {"producer.override.partitioner.ignore.keys": "true"}),
    "other values": ({"converters": "x"}, {"column.mask.with.5.chars": "public.users.email"}, {"post.processors": "x"}),
    "statements": ({"database.initial.statements": "SET search_path TO other"}, {"driver.options": "-c search_path=other"}),
    "queue": ({"max.batch.size": "10000"}, {"max.queue.size": "2048"}),
}
_SINK = {
    "not read": ({"consumer.override.interceptor.classes": "org.example.Drop"}, {"consumer.override.max.poll.records": "0"}),
    "other schemas": ({"value.converter.use.schema.id": "7"}, {"value.converter.value.subject.name.strategy": "org.example.Other"}),
}
_ICEBERG = {
    "hidden": (
        {"iceberg.tables.default-commit-branch": "draft"},
        {"iceberg.tables.route-field": "__source_table"},
        {"iceberg.tables.write-props.write.format.default": "orc"},
        {"iceberg.catalog.s3.acl": "public-read"},
    )
}
_TRANSFORMS = (f"{_KAFKA}Filter", f"{_KAFKA}RegexRouter", f"{_KAFKA}ReplaceField$Value", f"{_KAFKA}ValueToKey", "org.example.Drop")
_LINES = {
    "process.roles=": (
        "metadata.log.dir=/tmp/meta",
        "offsets.retention.minutes=1",
        "num.io.threads=2000",
        "log.message.timestamp.type=LogAppendTime",
    ),
    "config.storage.topic": (
        "consumer.enable.auto.commit=true",
        "access.control.allow.origin=*",
        "producer.max.in.flight.requests.per.connection=9",
    ),
}
_KIND_OF_FILE: dict[str, Kind] = {"process.roles=": "broker", "config.storage.topic": "worker"}


def connectors(bench: Workbench) -> Iterator[Made]:
    """Yield connectors with a key or a transform that harms rows."""
    for name in bench.of_kind("Connector"):
        config = bench.inputs(name)["config"]
        kind = KIND_BY_CLASS[config["connector.class"]]
        corpora = (_SOURCE,) if kind == "debezium" else (_SINK, _ICEBERG) if kind == "iceberg" else (_SINK,)
        for corpus in corpora:
            for effect, changes in corpus.items():
                for change in changes:
                    made = bench.changed(name, lambda i, c=change: i["config"].update(c))
                    yield f"{name}: {effect}: {change}", "connector-config", made
        for one in _TRANSFORMS:
            more = {"transforms": f"{config['transforms']},more", "transforms.more.type": one}
            yield f"{name}: {one}", "connector-config", bench.changed(name, lambda i, m=more: i["config"].update(m))
        partial = {f"transforms.{config['transforms'].split(',')[0]}.predicate": "some"}
        yield f"{name}: some rows only", "connector-config", bench.changed(name, lambda i, p=partial: i["config"].update(p))


def servers(bench: Workbench) -> Iterator[Made]:
    """Yield brokers, workers and topics with such a key."""
    for name in bench.of_kind("ConfigMap"):
        for file, text in bench.inputs(name)["data"].items():
            for marker, lines in _LINES.items():
                if f"\n{marker}" in f"\n{text}":
                    yield from ((f"{file}: {line}", FILES[marker][0], changed_line(bench, name, file, line)) for line in lines)
    for name in one_of_each(bench):
        if not bench.inputs(name)["name"].startswith("postgres.") and not bench.inputs(name)["name"].startswith("shop."):
            continue
        for change in ({"message.timestamp.type": "LogAppendTime"}, {"remote.storage.enable": "true"}, {"cleanup.policy": "compact"}):
            yield f"{name}: {change}", "topic-config", bench.changed(name, lambda i, c=change: i["config"].update(c))


def everyday(bench: Workbench) -> Iterator[Made]:
    """Yield each configuration with all of its everyday keys that change no size, at once."""
    for name in bench.of_kind("Connector"):
        keys = _without_sizes(EVERYDAY[KIND_BY_CLASS[bench.inputs(name)["config"]["connector.class"]]])
        yield f"{name}: everyday keys", None, bench.changed(name, lambda i, k=keys: i["config"].update(k))
    for name in bench.of_kind("ConfigMap"):
        for file, text in bench.inputs(name)["data"].items():
            for marker, kind in _KIND_OF_FILE.items():
                if f"\n{marker}" in f"\n{text}":
                    for key, value in EVERYDAY[kind].items():
                        if key in _without_sizes(EVERYDAY[kind]) and value:
                            yield f"{file}: {key}", None, changed_line(bench, name, file, f"{key}={value}")
    if bench.of_kind("Topic"):
        config = {"cleanup.policy": "compact", "min.insync.replicas": "2", "message.timestamp.type": "LogAppendTime"}
        inputs = {"name": "billing.invoices", "partitions": 1, "replicationFactor": 3, "config": {**config, "segment.bytes": "16777216"}}
        foreign = Declared(urn=f"urn:pulumi:dev::data-ingestion::{TOPIC}::invoices", type=TOPIC, name="invoices", inputs=inputs)
        yield "a compacted topic of others", None, bench.with_more(foreign)


def _without_sizes(keys: dict[str, str]) -> dict[str, str]:
    """Return the keys that the rules for heap and disk do not count."""
    counted = ("fetch", "queue", "part.size", "row-group", "threads", "log.retention", "log.roll", "segment", "transforms")
    return {key: value for key, value in keys.items() if not any(word in key for word in counted)}
