"""Changes to the database, the sink, topics and volumes."""

from __future__ import annotations

import copy
import re
from typing import TYPE_CHECKING, Any

from policy.declared import Declared
from stack.unknown import UNKNOWN
from tests.policy.judging import copied
from tests.policy.mutations_memory import in_memory
from tests.policy.workbench import TOPIC, Workbench, extra, pod_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.policy.workbench import Made


def database(bench: Workbench) -> Iterator[Made]:
    """Yield changes to PostgreSQL's parameters, in its file and on its command line."""
    (config,) = [name for name in bench.of_kind("ConfigMap") if "postgresql.conf" in bench.inputs(name)["data"]]
    (server,) = [name for name in bench.workloads() if "postgresql" in bench.inputs(name)["metadata"]["name"]]

    def parameter(key: str, value: str) -> list[Declared]:
        def edit(inputs: Any) -> None:
            text = inputs["data"]["postgresql.conf"]
            inputs["data"]["postgresql.conf"] = re.sub(rf"^{key} = .*$", f"{key} = {value}", text, flags=re.MULTILINE)

        return bench.changed(config, edit)

    for key, value in (
        ("shared_buffers", "256MB"),
        ("shared_buffers", "65536"),
        ("work_mem", "16MB"),
        ("max_connections", "100"),
        ("maintenance_work_mem", "128MB"),
        ("autovacuum_max_workers", "8"),
        ("autovacuum_work_mem", "64MB"),
        ("logical_decoding_work_mem", "256MB"),
        ("wal_buffers", "64MB"),
        ("shared_buffers", "128 megabytes"),
    ):
        yield f"postgresql.conf: {key} = {value}", "postgres-fits", parameter(key, value)
    yield "postgresql.conf: a slot without a bound", "disk-wal", parameter("max_slot_wal_keep_size", "-1")
    yield "postgresql.conf: a slot as large as the volume", "disk-wal", parameter("max_slot_wal_keep_size", "4GB")
    yield "postgresql.conf: max_wal_size 3GB", "disk-wal", parameter("max_wal_size", "3GB")
    yield "postgresql.conf: nobody declares it", "postgres-fits", bench.without(config)
    yield "postgresql.conf: not in the ConfigMap", "postgres-fits", bench.changed(config, lambda i: i["data"].pop("postgresql.conf"))
    yield "postgresql.conf: unknown", "postgres-fits", bench.changed(config, lambda i: i["data"].update({"postgresql.conf": UNKNOWN}))
    for words in (["-c", "shared_buffers=300MB"], ["-cshared_buffers=300MB"], ["--shared-buffers=300MB"]):
        made = bench.changed(server, lambda i, w=words: pod_of(i)["containers"][0]["command"].extend(w))
        yield f"postgres {' '.join(words)}", "postgres-fits", made
    yield "postgres: a volume in memory", "postgres-fits", bench.changed(server, lambda i: in_memory(pod_of(i), "256Mi"))


def sinks(bench: Workbench) -> Iterator[Made]:
    """Yield connectors, topics and tables that need more heap than the worker has."""
    (sink,) = [name for name in bench.of_kind("Connector") if "Sink" in bench.inputs(name)["config"]["connector.class"]]
    source = next(name for name in bench.of_kind("Connector") if name != sink)

    def configured(connector: str, **changes: Any) -> list[Declared]:
        return bench.changed(connector, lambda i: i["config"].update({key.replace("__", "."): value for key, value in changes.items()}))

    read = bench.inputs(sink)["config"]["topics"]
    yield "sink: reads an undeclared topic", "sink-fits", configured(sink, topics=f"{read},elsewhere")
    yield "sink: class unknown", "sink-fits", configured(sink, connector__class=UNKNOWN)
    yield "sink: configuration unknown", "sink-fits", bench.changed(sink, lambda i: i.update(config=UNKNOWN))
    yield "sink: unlimited fetches", "sink-fits", _unlimited(bench, sink)
    yield "sink: no worker", "sink-fits", bench.without(*[name for name in bench.workloads() if "connect" in name])
    if "Iceberg" in bench.inputs(sink)["config"]["connector.class"]:
        yield "sink: 24 tasks, row groups without a bound", "sink-fits", _unbounded_groups(bench, sink)
    else:
        yield "sink: files of 2 million rows", "sink-fits", configured(sink, flush__size="2000000")
        yield (
            "sink: parts of 100 MiB at once",
            "sink-fits",
            configured(sink, s3__part__size=str(100 * 2**20), s3__elastic__buffer__enable="false"),
        )
        yield "sink: flush.size is no number", "sink-fits", configured(sink, flush__size="many")
    pattern_name = next(name for name in bench.of_kind("Topic") if bench.inputs(name)["name"] in read.split(","))
    pattern = bench.inputs(pattern_name)
    more = [
        Declared(urn=f"urn::more-{number}", type=TOPIC, name=f"more-{number}", inputs={**copy.deepcopy(pattern), "name": f"more.{number}"})
        for number in range(40)
    ]
    yield "sink: forty tables more", "sink-fits", [*more, *configured(sink, topics=",".join([read, *(f"more.{n}" for n in range(40))]))]
    for size in (str(16 * 2**20), "4m"):
        # few tasks with rows of 16 MiB fit a large worker
        sized = Workbench(bench.changed(pattern_name, lambda i, size=size: i["config"].update({"max.message.bytes": size})))
        yield f"topic: rows of {size}", "sink-fits", sized.changed(sink, lambda i: i["config"].update({"tasks.max": "24"}))
    yield "source: a queue of 4 GiB", "sink-fits", configured(source, max__queue__size__in__bytes=str(4 * 2**30))


def _unlimited(bench: Workbench, sink: str) -> list[Declared]:
    fetches = {f"consumer.override.{key}": str(512 * 2**20) for key in ("max.partition.fetch.bytes", "fetch.max.bytes")}
    return bench.changed(sink, lambda i: i["config"].update(fetches))


def _unbounded_groups(bench: Workbench, sink: str) -> list[Declared]:
    made = []
    for item in bench.changed(sink, lambda i: i["config"].update({"tasks.max": "24", "iceberg.control.commit.interval-ms": "600000"})):
        fresh = item
        if item.type == "iceberg:index:Table":
            (fresh,) = copied([item])
            properties: Any = fresh.inputs["properties"]
            properties.pop("write.parquet.row-group-size-bytes")
        made.append(fresh)
    return made


def one_of_each(bench: Workbench) -> list[str]:
    """Return one topic of each configuration; the others differ only in name."""
    by_config = {str(sorted(bench.inputs(name)["config"].items())): name for name in bench.of_kind("Topic")}
    return sorted(by_config.values())


def topics(bench: Workbench) -> Iterator[Made]:
    """Yield topics with too few copies, or too large for the brokers."""
    for name in one_of_each(bench):
        inputs = bench.inputs(name)
        yield f"{name}: two copies", "topic-config", bench.changed(name, lambda i: i.update(replicationFactor=2))
        yield f"{name}: unknown copies", "topic-config", bench.changed(name, lambda i: i.update(replicationFactor=UNKNOWN))
        yield f"{name}: one acknowledges", "topic-config", bench.changed(name, lambda i: i["config"].update({"min.insync.replicas": "1"}))
        made = bench.changed(name, lambda i: i["config"].pop("min.insync.replicas", None))
        yield f"{name}: as many acknowledge as the brokers say", None, made
        yield f"{name}: all acknowledge", "topic-config", bench.changed(name, lambda i: i["config"].update({"min.insync.replicas": "3"}))
        yield f"{name}: 2000 partitions", "disk-logs", bench.changed(name, lambda i: i.update(partitions=2000))
        yield f"{name}: unknown partitions", "disk-logs", bench.changed(name, lambda i: i.update(partitions=UNKNOWN))
        if inputs["config"]["cleanup.policy"] == "delete" and not inputs["name"].startswith("registry-"):
            for said, size in (("4 GiB a partition", str(2**32)), ("kept for ever", "-1")):
                made = bench.changed(name, lambda i, s=size: i["config"].update({"retention.bytes": s}))
                yield f"{name}: {said}", "disk-logs", made
            yield f"{name}: no bound said", "disk-logs", bench.changed(name, lambda i: i["config"].pop("retention.bytes"))


def volumes(bench: Workbench) -> Iterator[Made]:
    """Yield volumes that are too large, too small, or of unknown size."""

    def claim(name: str, size: Any) -> list[Declared]:
        return bench.changed(name, lambda i: i["spec"]["volumeClaimTemplates"][0]["spec"]["resources"]["requests"].update(storage=size))

    for name in bench.of_kind("StatefulSet"):
        yield f"{name}: a volume of 20Gi", "disk-volumes", claim(name, "20Gi")
        yield f"{name}: a volume of unknown size", "disk-volumes", claim(name, UNKNOWN)
        yield f"{name}: a volume of no size", "disk-volumes", claim(name, "large")
        yield f"{name}: a volume that is too small", "disk-wal" if "postgres" in name else "disk-logs", claim(name, "1Gi")
    size = {"resources": {"requests": {"storage": "1Gi"}}}
    yield "a volume claim more", "disk-volumes", bench.with_more(extra("PersistentVolumeClaim", "extra", size))
    for kind in ("server.properties", "kafka-0.properties"):
        holders = [name for name in bench.of_kind("ConfigMap") if kind in bench.inputs(name)["data"]]
        if holders:
            yield f"{kind}: nobody declares it", "disk-logs", bench.without(*holders)
