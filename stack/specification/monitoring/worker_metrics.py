"""Metrics of a Connect worker: the worker itself, Debezium, the sink's consumers and commits, and the counters of transforms."""

from __future__ import annotations

from typing import Final

from stack.specification.monitoring.agent_rules import COLLECTORS, LAST_PAUSE, MetricRule, Metrics

# A value of a bean's name; Kafka puts one with a special character in quotes.
_VALUE: Final = '"?([^,>"]+)"?'
_TASK: Final = f"connector={_VALUE}, task={_VALUE}"
_TASKS: Final = f"type=(connector-task|source-task|sink-task|task-error)-metrics, {_TASK}"
_WHOLE: Final = "type=connect-(worker|worker-rebalance)-metrics"
_TASK_LABELS: Final = {"connector": "$1", "task": "$2"}
_DEBEZIUM: Final = "debezium.postgres<type=connector-metrics"
_STATES: Final = r"(MilliSeconds\w+|Connected|Queue\w+|\w+QueueSizeInBytes|NumberOf\w+|TotalNumberOf\w+|Snapshot\w+|RemainingTableCount)"

_SOURCE: Final = (
    # maps by table, which Debezium fills with internal.advanced.metrics.enable
    MetricRule(
        pattern=f"{_DEBEZIUM}, context=streaming, server={_VALUE}, key={_VALUE}><>NumberOf(Create|Update|Delete|Truncate)EventsSeen",
        name="debezium_events_total",
        labels={"server": "$1", "table": "$2", "operation": "$3"},
        is_counter=True,
    ),
    MetricRule(
        pattern=f"{_DEBEZIUM}, context=snapshot, server={_VALUE}, key={_VALUE}><>RowsScanned",
        name="debezium_snapshot_rows_scanned",
        labels={"server": "$1", "table": "$2"},
    ),
    MetricRule(
        pattern=f"{_DEBEZIUM}, context=(\\w+), server={_VALUE}><>{_STATES}",
        name="debezium_$3",
        labels={"context": "$1", "server": "$2"},
    ),
)
_WORKER: Final = (
    MetricRule(
        pattern=f"kafka.connect<type=connector-task-metrics, {_TASK}><>status: ([a-z-]+)",
        name="kafka_connect_connector_task_status",
        labels={**_TASK_LABELS, "status": "$3"},
        value=1,
    ),
    MetricRule(
        pattern=f"kafka.connect<type=connector-metrics, connector={_VALUE}><>status: ([a-z-]+)",
        name="kafka_connect_connector_status",
        labels={"connector": "$1", "status": "$2"},
        value=1,
    ),
    # the agent takes "_total" off the name of what is no counter
    MetricRule(
        pattern=f"kafka.connect<{_TASKS}><>([a-z-]+)-total:",
        name="kafka_connect_$1_$4_total",
        labels={"connector": "$2", "task": "$3"},
        is_counter=True,
    ),
    MetricRule(pattern=f"kafka.connect<{_TASKS}><>([a-z-]+):", name="kafka_connect_$1_$4", labels={"connector": "$2", "task": "$3"}),
    MetricRule(
        pattern=f"kafka.connect<type=connect-worker-metrics, connector={_VALUE}><>([a-z-]+)",
        name="kafka_connect_worker_$2",
        labels={"connector": "$1"},
    ),
    MetricRule(pattern=f"kafka.connect<{_WHOLE}><>([a-z-]+)-total:", name="kafka_connect_$1_$2_total", is_counter=True),
    MetricRule(pattern=f"kafka.connect<{_WHOLE}><>([a-z-]+):", name="kafka_connect_$1_$2"),
)
# A transform's own tags stand behind these in an order of its choice, hence the looks ahead.
_COUNTED: Final = "kafka.connect<type=plugins, " + "".join(f"(?=[^>]*\\b{tag}={_VALUE})" for tag in ("connector", "task", "table"))
_COUNTED_LABELS: Final = {**_TASK_LABELS, "table": "$3"}
_TRANSFORMS: Final = (
    MetricRule(
        pattern=f"{_COUNTED}(?=[^>]*\\brule={_VALUE})[^>]*><>rows-invalid-total",
        name="quality_rows_invalid_total",
        labels={**_COUNTED_LABELS, "rule": "$4"},
        is_counter=True,
    ),
    MetricRule(pattern=f"{_COUNTED}[^>]*><>rows-checked-total", name="quality_rows_checked_total", labels=_COUNTED_LABELS, is_counter=True),
)
# Attributes of a table's commits, which the image's own reporter counts (images/connect/java/sink).
_COMMITS: Final = {
    "Commits": "iceberg_commits_total",
    "Attempts": "iceberg_commit_attempts_total",
    "AddedRecords": "iceberg_added_records_total",
    "LastDurationMs": "iceberg_commit_duration_ms",
}
_SINK: Final = (
    # Kafka 4.3 registers each topic a second time, with underscores in place of the dots, which every change topic has
    MetricRule(
        pattern=(
            "kafka.consumer<type=consumer-fetch-manager-metrics, "
            '(?=[^>]*\\bclient-id="?connector-consumer-([^,>"]+)-([0-9]+))(?=[^>]*\\btopic="?([^,>"]*\\.[^,>"]*))'
            '(?=[^>]*\\bpartition="?([0-9]+))[^>]*><>(records-lag|records-lag-max):'
        ),
        name="kafka_consumer_fetch_manager_$5",
        labels={**_TASK_LABELS, "topic": "$3", "partition": "$4"},
    ),
    *(
        MetricRule(
            pattern=f"dataingestion.connect<type=iceberg-commits, table={_VALUE}><>{attribute}:",
            name=name,
            labels={"table": "$1"},
            is_counter=name.endswith("_total"),
        )
        for attribute, name in _COMMITS.items()
    ),
)

METRICS: Final = Metrics(
    beans=(
        "debezium.postgres:type=connector-metrics,*",
        "kafka.connect:type=connect-worker-metrics,*",
        "kafka.connect:type=connect-worker-rebalance-metrics,*",
        "kafka.connect:type=connector-metrics,*",
        "kafka.connect:type=connector-task-metrics,*",
        "kafka.connect:type=source-task-metrics,*",
        "kafka.connect:type=sink-task-metrics,*",
        "kafka.connect:type=task-error-metrics,*",
        "kafka.connect:type=plugins,*",
        "kafka.consumer:type=consumer-fetch-manager-metrics,client-id=connector-consumer-*,topic=*,partition=*",
        "dataingestion.connect:type=iceberg-commits,*",
        COLLECTORS,
    ),
    rules=(*_SOURCE, *_WORKER, *_TRANSFORMS, *_SINK, LAST_PAUSE),
)
