"""Rules between the sections of a stack's settings: memory and disk. Each gives its problems, with key, value, rule and cure.

The same models judge the declared resources in the policy pack; here the cure can name the key to change.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from capacity import disk, jvm, postgres, postgres_parameters, sink
from capacity.quantity import MIB, whole_mib
from settings.names import BROKERS
from specification.archive.sink import iceberg_config, parquet_config, table_properties
from specification.services import Address
from specification.source.postgres import server_conf
from specification.streaming import connect, kafka, registry
from specification.streaming.debezium import source_config
from specification.streaming.topics import change_topics, iceberg_topics, support_topics
from specification.workloads import memory_used_mib, volumes_mib

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from settings.model import Settings
    from settings.names import Names
    from settings.streaming import TopicSettings
    from settings.tables import Table
    from specification.streaming.topics import TopicSpec

SEPARATOR = "\n"
"""Between the problems that one check of the whole finds."""


def _parts(sizes: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {whole_mib(size)}" for name, size in sizes.items())


def choice_problems(settings: Settings) -> list[str]:
    """Choices that exclude each other: what was there before, and what the program needs to find there."""
    streaming, archive = settings.streaming, settings.archive
    database, brokers = settings.source.external, streaming.kafka.external
    referred = {
        "source.external.secret": database.secret if database else None,
        "streaming.kafka.external.secret": brokers.secret if brokers else None,
        "archive.endpoint.secret": archive.endpoint.secret if archive.endpoint else None,
        "streaming.registry.external.secret": streaming.registry.external.secret if streaming.registry.external else None,
    }
    needed = [path for path, secret in referred.items() if secret]
    problems = []
    if needed and not settings.cluster.existing_namespace:
        problems.append(
            f"cluster.existingNamespace is false and {', '.join(needed)} must be in {settings.names.namespace} before the worker starts: "
            "make namespace and Secret beforehand, and set it to true. A stack that has made this namespace takes it out of its state "
            "first ('pulumi state delete'), or 'up' deletes it with everything in it"
        )
    if database is not None and (database.catalog_secret is not None) != archive.has_catalog_database:
        problems.append(
            "source.external.catalogSecret is for an Iceberg catalog in that database and goes with archive.catalog jdbc: "
            + ("remove it" if database.catalog_secret else "name the Secret of the catalog's role, or set archive.catalog to glue")
        )
    if brokers is not None and brokers.logs_in and streaming.registry.is_managed:
        problems.append(
            f"streaming.registry.kind is {streaming.registry.kind} and streaming.kafka.external.protocol SASL_SSL: "
            "the registry's pod cannot log in; use a registry that is there already (kind external), or a listener without a login (SSL)"
        )
    problems += _name_problems(settings)
    problems += _without_effect(settings)
    if settings.names.namespace == "default" or settings.names.namespace.startswith("kube-"):
        problems.append(
            f"names.namespace is {settings.names.namespace}, where others live: quota and network policies would hold for them too; "
            "take one that is this pipeline's alone"
        )
    if settings.protect and archive.destroy_with_stack:
        problems.append("protect is true and archive.destroyWithStack too: one keeps the bucket, the other deletes it; drop one of them")
    return problems


def _name_problems(settings: Settings) -> list[str]:
    """Names that cannot be what they are called for, since another thing has them."""
    names, source, problems = settings.names, settings.source, []
    if names.heartbeat_table in {table.qualified for table in source.tables}:
        problems.append(
            f"names.heartbeatTable is {names.heartbeat_table}, which source.tables captures: each heartbeat would be archived as a change; "
            "name a table of the pipeline's own"
        )
    if source.is_managed and not names.heartbeat_table.startswith("public."):
        problems.append(
            f"names.heartbeatTable is {names.heartbeat_table}, and the program makes its own database's tables in schema public; "
            f"name it public.{names.heartbeat_table.partition('.')[2]}"
        )
    if source.is_managed and settings.archive.has_catalog_database and names.database == names.catalog_database:
        problems.append(f"names.database is {names.database}, the Iceberg catalog's own; name another")
    if source.is_managed and names.debezium_role.startswith("pg_"):
        problems.append(f"names.debeziumRole is {names.debezium_role}, and PostgreSQL keeps names with pg_ for itself; name another")
    taken = {names.owner_role, names.app_role, names.catalog_role, "postgres"}
    if source.is_managed and names.debezium_role in taken:
        problems.append(
            f"names.debeziumRole is {names.debezium_role}, which is another role of the database ({', '.join(sorted(taken))}): "
            "their rights and passwords must differ; name one of its own"
        )
    return problems


def _without_effect(settings: Settings) -> list[str]:
    """Words for credentials that this stack has not."""
    streaming, archive, rotation = settings.streaming, settings.archive, settings.rotation
    absent = {
        "app": not settings.source.is_managed,
        "catalog": not archive.has_catalog_database,
        "kafka": streaming.kafka.external is None or not streaming.kafka.external.logs_in,
        "archive": archive.web_identity is not None,
    }
    return [
        f"rotation.{name} is {getattr(rotation, name)} and this stack has no such credential to make anew: remove it"
        for name, is_absent in absent.items()
        if is_absent and getattr(rotation, name)
    ]


def memory_problems(settings: Settings) -> list[str]:
    """Pods that do not fit the budget together, and processes that do not fit their pod."""
    problems = []
    used = memory_used_mib(settings)
    over = used - settings.budget.memory_mib
    if over > 0:
        problems.append(
            f"the pods may use {used} MiB together and budget.memoryMib is {settings.budget.memory_mib}: "
            f"lower source.memoryMib or a memoryMib of streaming by {over} MiB, or raise the budget"
        )
    return [*problems, *_java_problems(settings), *_postgres_problems(settings), *_sink_problems(settings)]


def _java_problems(settings: Settings) -> list[str]:
    streaming = settings.streaming
    processes = {"connect": (connect.worker_command(streaming.connect), connect.worker_mib(streaming.connect))}
    if streaming.kafka.is_managed:
        processes["kafka"] = (kafka.broker_command(streaming.kafka), streaming.kafka.memory_mib)
    if streaming.registry.is_managed:
        processes["registry"] = (registry.command(streaming.registry), streaming.registry.memory_mib)
    problems = []
    for name, (command, limit_mib) in processes.items():
        java = jvm.memory({"command": command}, limit_mib * MIB)
        needed = whole_mib(java.needed)
        over = needed - limit_mib
        if over > 0:
            problems.append(
                f"streaming.{name}.jvm: Java may take {needed} MiB ({_parts(java.parts())}) and its container has {limit_mib}: "
                f"lower heapMib by {over} or raise streaming.{name}.memoryMib by {over}"
            )
    return problems


def _postgres_problems(settings: Settings) -> list[str]:
    source = settings.source
    if not source.is_managed:
        return []
    needs = postgres.memory(postgres_parameters.parameters({}, server_conf(source)))
    over = whole_mib(needs.needed) - source.memory_mib
    if over <= 0:
        return []
    fewer = -(-over * MIB * source.max_connections // needs.backends)
    problem = (
        f"source: PostgreSQL may take {whole_mib(needs.needed)} MiB ({_parts(needs.parts())}) and its pod has {source.memory_mib}: "
        f"lower sharedBuffersMib ({source.shared_buffers_mib}) by {over} or maxConnections ({source.max_connections}) by {fewer}, "
        f"or raise source.memoryMib by {over}"
    )
    return [problem]


def sink_heap(settings: Settings) -> sink.SinkHeap:
    """What one worker needs on its heap for this stack's connectors, also when it is the only one left."""
    names, url, host = settings.names, "http://registry", Address(host="postgresql", port=5432)
    tables = settings.source.tables
    topics = {topic.name: topic.partitions for topic in change_topics(names, tables, settings.streaming.topics)}
    if settings.archive.format == "iceberg":
        config = iceberg_config(names, tables, settings.archive, url, host)
        sizes = sink.parquet_of(table_properties(names, tables[0], settings.archive))
    else:
        config, sizes = parquet_config(names, tables, settings.archive, url), None
    return sink.memory(config, topics, source_config(names, tables, host, url, settings.source.debezium), sizes)


def _sink_problems(settings: Settings) -> list[str]:
    heap, given = sink_heap(settings), settings.streaming.connect.jvm.heap_mib
    over = whole_mib(heap.needed) - given
    if over <= 0:
        return []
    problem = (
        f"streaming.connect.jvm.heapMib is {given} and the connectors need {whole_mib(heap.needed)} MiB ({_parts(heap.parts())}; one more "
        f"table costs {whole_mib(heap.per_table)}): lower archive.tasks, archive.flushRecords or streaming.topics.partitions, "
        f"or raise heapMib by {over}"
    )
    return [problem]


def declared_topics(names: Names, tables: Sequence[Table], topics: TopicSettings, kind: str, sink_format: str) -> list[TopicSpec]:
    """Every topic that a stack declares.

    Args:
        names: The pipeline's names.
        tables: The captured tables.
        topics: Size of the change topics.
        kind: Which registry.
        sink_format: The archive's format.
    """
    return [
        *change_topics(names, tables, topics),
        *support_topics(names),
        *registry.topics(kind),
        *(iceberg_topics(names) if sink_format == "iceberg" else ()),
    ]


def broker_disk_mib(names: Names, topics: Sequence[TopicSpec]) -> int:
    """The most that one broker holds, in MiB."""
    counted = [disk.Topic(topic.name, topic.partitions, topic.replication_factor, topic.config) for topic in topics]
    needed, _unbounded = disk.broker_bytes(counted, kafka.server_properties(names, 0, Address(host="127.0.0.1", port=9092)), BROKERS)
    return whole_mib(needed)


def disk_problems(settings: Settings) -> list[str]:
    """Topics that outgrow a broker's volume, write-ahead log that outgrows the database's, and volumes that outgrow the budget."""
    problems = []
    streaming, source = settings.streaming, settings.source
    topics = declared_topics(settings.names, source.tables, streaming.topics, streaming.registry.kind, settings.archive.format)
    needed, volume = broker_disk_mib(settings.names, topics), streaming.kafka.storage_mib
    if needed > volume and streaming.kafka.is_managed:
        problems.append(
            f"the topics may hold {needed} MiB on each broker and its volume has {volume} MiB (streaming.kafka.storageMib): "
            f"lower streaming.topics.retentionMib ({streaming.topics.retention_mib}) or give the brokers larger volumes"
        )
    held = whole_mib(postgres.disk_bytes(postgres_parameters.parameters({}, server_conf(source))) or 0)
    if held > postgres.wal_room(source.storage_mib) and source.is_managed:
        problems.append(
            f"a stopped connector may hold back {held} MiB of WAL (source.slotWalKeepMib {source.slot_wal_keep_mib} and max_wal_size), "
            f"over three quarters of the {source.storage_mib} MiB volume: lower the first or raise source.storageMib"
        )
    volumes = volumes_mib(settings)
    if volumes > settings.budget.disk_mib:
        problems.append(
            f"the volumes take {volumes} MiB together and budget.diskMib is {settings.budget.disk_mib}: lower source.storageMib or "
            f"streaming.kafka.storageMib, or raise the budget to {volumes}"
        )
    return problems
