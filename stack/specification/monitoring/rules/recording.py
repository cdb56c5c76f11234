"""Recording rules: the metrics that the requirements name, and figures that several alerts and panels use. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stack.capacity.pods import containers, limit
from stack.capacity.quantity import MIB
from stack.specification.monitoring import ports
from stack.specification.monitoring.jobs import KUBELET, jobs
from stack.specification.monitoring.rules.rule import Recording, duration

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from stack.settings.model import Settings
    from stack.specification.monitoring.rules.thresholds import Thresholds
    from stack.specification.workload import Workload

# Operations as the rows of the archive have them
_OPERATIONS: Final = {"Create": "c", "Update": "u", "Delete": "d", "Truncate": "t"}


def recordings(limits: Thresholds, workloads: Sequence[Workload]) -> Iterator[Recording]:
    """Yield the recording rules of a stack, each before those that use it.

    Args:
        limits: Thresholds of the stack.
        workloads: Workloads of the pipeline.
    """
    yield from _named(limits)
    yield from _pipeline(limits)
    yield from _rates(limits)
    if KUBELET in jobs(limits.settings):
        yield from _memory(limits.settings, workloads)


def _named(limits: Thresholds) -> Iterator[Recording]:
    """Yield the metrics of the requirements that no exporter gives under its name; two come from the pipeline's exporter itself."""
    settings, short = limits.settings, duration(limits.short_s)
    for operation, letter in _OPERATIONS.items():
        yield Recording(
            record="cdc_events_per_second",
            expression=f'sum by (table) (rate(debezium_events_total{{operation="{operation}"}}[{short}]))',
            labels={"operation": letter},
            meaning="Changes per second that Debezium has read, by table and operation",
        )
    iceberg = "sum(increase(iceberg_commits_total[15m])) / (sum(increase(iceberg_commit_attempts_total[15m])) > 0)"
    # both shares are 0 while the sink has nothing to commit
    done, failed = (
        f'sum(kafka_connect_connector_task_offset_commit_{result}_percentage{{connector="{settings.names.sink()}"}})'
        for result in ("success", "failure")
    )
    parquet = f"{done} / ({done} + {failed} > 0)"
    yield Recording(
        record="s3_upload_success_rate",
        expression=iceberg if settings.archive.format == "iceberg" else parquet,
        labels={"connector": settings.names.sink(), "bucket": settings.archive.bucket},
        meaning="Share of the commits that succeeded at once, 0 to 1; absent while nothing was tried",
    )
    invalid = 'sum by (table) (increase(quality_rows_invalid_total{rule="any"}[15m]))'
    yield Recording(
        record="data_quality_score",
        expression=f"1 - {invalid} / (sum by (table) (increase(quality_rows_checked_total[15m])) > 0)",
        labels={"checkpoint": "stream"},
        meaning="Share of the rows of the last 15 minutes that break no rule; the check of the archive gives the other checkpoint",
    )
    if settings.streaming.registry.kind == "apicurio":
        yield Recording(
            record="schema_registry_requests",
            expression="sum by (method, path, status_code_group) (rest_requests_seconds_count)",
            meaning="Requests to the schema registry; it tells neither subject nor version",
        )


def _pipeline(limits: Thresholds) -> Iterator[Recording]:
    settings = limits.settings
    yield Recording(
        record="pipeline:slot_used:ratio",
        expression="pipeline_slot_retained_bytes / (pipeline_slot_retained_bytes + pipeline_slot_safe_bytes)",
        meaning="Share of the log that the server may keep for the slot which it keeps already",
    )
    yield Recording(
        record="pipeline:sink_lag:seconds",
        expression='label_replace(max by (topic) (kafka_consumer_lag_seconds), "table", "$1", "topic", '
        f'"{settings.names.topic_prefix}[.](.+)")',
        meaning="Age of the first change that the sink has not read, by table",
    )
    yield Recording(
        record="pipeline:dead_letters:sum",
        expression="sum(pipeline_dead_letters)",
        meaning="Dead letters in any state",
    )
    yield Recording(
        record="pipeline:snapshot_rows:sum",
        expression="sum(debezium_snapshot_rows_scanned)",
        meaning="Rows that the snapshot has read",
    )
    if settings.streaming.kafka.is_managed:
        yield Recording(
            record="pipeline:kafka_log:bytes",
            expression="sum by (pod) (kafka_log_log_size)",
            meaning="Size of all topics on the volume of a broker",
        )
    if settings.source.is_managed:
        yield Recording(
            record="pipeline:database_disk:bytes",
            expression="sum(pg_database_size_bytes) + sum(pg_wal_size_bytes)",
            meaning="Tables and log of the database",
        )


def _rates(limits: Thresholds) -> Iterator[Recording]:
    settings = limits.settings
    topics = f'topic=~"{settings.names.topic_prefix}[.].+"'
    # offsets count the marks of transactions, too; the reporter of the Iceberg sink counts rows
    by_offsets = f"sum(rate(pipeline_kafka_end_offset{{{topics}}}[5m])) - sum(deriv(kafka_consumer_lag[5m]))"
    by_rows = "sum(rate(iceberg_added_records_total[5m]))"
    yield Recording(
        record="pipeline:archived_changes:rate5m",
        expression=by_rows if settings.archive.format == "iceberg" else by_offsets,
        meaning="Changes per second that reach the archive",
    )
    yield Recording(
        record="pipeline:throughput_of_target:ratio",
        expression=f"pipeline:archived_changes:rate5m / {settings.monitoring.target_changes_per_second}",
        meaning="Actual against target throughput",
    )


def _memory(settings: Settings, workloads: Sequence[Workload]) -> Iterator[Recording]:
    for namespace, sizes in _limits(settings, workloads).items():
        for container, size in sizes.items():
            yield Recording(
                record="pipeline:container_memory:ratio",
                expression=f'container_memory_working_set_bytes{{namespace="{namespace}",container="{container}"}} / {size}',
                # of the result anyway; they tell the rules apart
                labels={"namespace": namespace, "container": container},
                meaning="Memory of a container against its limit",
            )


def _limits(settings: Settings, workloads: Sequence[Workload]) -> Mapping[str, Mapping[str, int]]:
    """Return the memory limit of each long-lived container in bytes, by namespace and name."""
    declared = {
        container["name"]: limit(container) for workload in workloads for role, container in containers(workload.pod) if role != "init"
    }
    section, namespace = settings.monitoring, settings.monitoring_namespace
    own = {
        **({ports.PROMETHEUS: section.prometheus_mib, ports.ALERTMANAGER: section.alertmanager_mib} if section.is_managed else {}),
        **({ports.GRAFANA: section.grafana_mib} if section.grafana.enabled else {}),
        ports.POSTGRES_EXPORTER: section.postgres_exporter_mib,
        ports.EXPORTER: settings.exporter_mib,
    }
    of_monitoring = {namespace: {name: mib * MIB for name, mib in own.items()}} if namespace else {}
    return {settings.names.namespace: declared, **of_monitoring}
