"""Dashboard of Kafka Connect: connectors and tasks, their rates, the sink's backlog, errors, and the schema registry."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from grafana_foundation_sdk.models import units

from pipeline.dashboards import jvm, registry
from pipeline.dashboards.panels import GREEN, ORANGE, RED, Dashboard, Kind, Panel, Query, Section, above

if TYPE_CHECKING:
    from pipeline.dashboards.stack import Stack

JOB: Final = "connect"
_ERRORS: Final = "kafka_connect_task_error_"


def dashboard(stack: Stack) -> Dashboard:
    """Return the dashboard of a stack."""
    return Dashboard(
        "connect",
        "Kafka Connect",
        "Connectors and tasks, what they read and write, the sink's backlog, errors, and the schema registry.",
        (
            Section("Connectors", (_states(stack), _tasks(stack), *_restarts(stack))),
            Section("Flow", _flow(stack)),
            Section("Backlog of the sink", _backlog(stack)),
            Section("Errors", _errors(stack)),
            Section("Schema registry", registry.panels(stack)),
            Section("Java", jvm.panels(stack, JOB, "connect")),
        ),
    )


def _states(stack: Stack) -> Panel:
    return Panel(
        title="State of the connectors",
        shows="State of each connector, as the worker reports it.",
        bad="Anything but RUNNING: rows wait. ABSENT: the connector does not exist.",
        command=stack.command("status"),
        unit=units.NoUnit,
        queries=(Query("max by (connector, state) (pipeline_connector_state)", "{{connector}} {{state}}"),),
        kind=Kind.STATES,
        names={1: ("now", GREEN)},
    )


def _tasks(stack: Stack) -> Panel:
    running = 'max by (connector) (pipeline_connector_tasks{state="RUNNING"})'
    return Panel(
        title="Tasks that lack",
        shows="Tasks that the stack declares less those that run; and failed ones.",
        bad="Above 0 for minutes: a task failed or was not assigned. The connector itself may be RUNNING all the same.",
        command=stack.command("status"),
        unit=units.Short,
        queries=(
            Query(f"max by (connector) (pipeline_connector_tasks_expected) - on (connector) {running}", "{{connector}} lacking"),
            Query('max by (connector) (pipeline_connector_tasks{state="FAILED"})', "{{connector}} failed"),
        ),
        steps=above(1),
    )


def _restarts(stack: Stack) -> tuple[Panel, ...]:
    return (
        Panel(
            title="Starts of tasks",
            shows="Starts of tasks within an hour, by worker; failed tasks are started again by themselves.",
            bad="Many starts: a fault comes back each time, and the restarts hide it.",
            command=stack.logs("connect"),
            unit=units.Short,
            queries=(Query("sum by (pod) (increase(kafka_connect_worker_task_startup_attempts_total[1h]))", "{{pod}}"),),
            steps=above(12),
        ),
        Panel(
            title="Rebalances",
            shows="Distributions of tasks over the workers within an hour.",
            bad="More than a few without a change: a worker comes and goes, and every one interrupts the flow.",
            command=stack.logs("connect"),
            unit=units.Short,
            queries=(Query("sum by (pod) (increase(kafka_connect_worker_rebalance_completed_rebalances_total[1h]))", "{{pod}}"),),
            steps=above(10),
        ),
    )


def _flow(stack: Stack) -> tuple[Panel, ...]:
    source, sink = "kafka_connect_source_task_source_record_", "kafka_connect_sink_task_sink_record_"
    return (
        Panel(
            title="Records of the source per second",
            shows="Records that the source's task takes from Debezium, and those that it writes to Kafka.",
            bad="Writing below polling: Kafka takes less than the source gives.",
            command=stack.command("status --watch"),
            unit=units.OpsPerSecond,
            queries=(
                Query(f"sum(rate({source}poll_total[$__rate_interval]))", "polled"),
                Query(f"sum(rate({source}write_total[$__rate_interval]))", "written"),
            ),
        ),
        Panel(
            title="Records of the sink per second",
            shows="Records that the sink's tasks read from Kafka, and those that its transforms pass on.",
            bad="A task at 0 while the others read: its partitions wait.",
            command=stack.command("status --watch"),
            unit=units.OpsPerSecond,
            queries=(
                Query(f"sum by (task) (rate({sink}read_total[$__rate_interval]))", "task {{task}} read"),
                Query(f"sum by (task) (rate({sink}send_total[$__rate_interval]))", "task {{task}} passed on"),
            ),
        ),
        Panel(
            title="Time of a batch in the sink",
            shows="Longest time that the sink took for a batch of records, by task.",
            bad="Rising: the archive's store answers slowly, or the worker lacks memory or processor time.",
            command=stack.logs("connect"),
            unit=units.Milliseconds,
            queries=(Query("max by (connector, task) (kafka_connect_sink_task_put_batch_max_time_ms)", "{{connector}} {{task}}"),),
            steps=above(10_000, 60_000),
        ),
        Panel(
            title="Time of a batch in the source",
            shows="Longest time that the source's task waited for a batch from Debezium.",
            bad="Long and rising while the database writes: Debezium is slow.",
            command=stack.logs("connect"),
            unit=units.Milliseconds,
            queries=(Query("max by (connector, task) (kafka_connect_source_task_poll_batch_max_time_ms)", "{{connector}} {{task}}"),),
        ),
    )


def _backlog(stack: Stack) -> tuple[Panel, ...]:
    return (
        Panel(
            title="Backlog by topic",
            shows="Offsets behind the sink's committed position; 0 if no record is among them. Lag proves nothing about the archive.",
            bad="A line that rises for a quarter of an hour: the sink does not keep up.",
            command=stack.command("status --watch"),
            unit=units.Short,
            queries=(Query("sum by (topic) (kafka_consumer_lag)", "{{topic}}"),),
        ),
        Panel(
            title="Age of the backlog by topic",
            shows="Age of the first record behind the sink's committed position.",
            bad=f"Above {stack.late_s:.0f} s the sink is late.",
            command=stack.command("status --watch"),
            unit=units.Seconds,
            queries=(Query("max by (topic) (kafka_consumer_lag_seconds)", "{{topic}}"),),
            steps=above(stack.late_s, stack.very_late_s),
        ),
        Panel(
            title="Records that a task has yet to read",
            shows="Records between what a task's consumer has read and the end of the partition; it vanishes with the task.",
            bad="Much larger than the backlog: the task reads without committing.",
            command=stack.command("status"),
            unit=units.Short,
            queries=(Query("sum by (topic) (kafka_consumer_fetch_manager_records_lag)", "{{topic}}"),),
        ),
        Panel(
            title="Deleted before it was read",
            shows="Offsets that retention has deleted before the sink had read them; 1 is the mark of a transaction.",
            bad="Above 1: changes are lost to the archive. Read the tables again.",
            command=stack.command("audit"),
            unit=units.Short,
            queries=(Query("max by (topic) (pipeline_kafka_unread_deleted)", "{{topic}}"),),
            steps=((None, GREEN), (2, RED)),
        ),
    )


def _errors(stack: Stack) -> tuple[Panel, ...]:
    return (
        Panel(
            title="Failures and retries within an hour",
            shows="Records that failed, operations that failed and were tried again, by connector.",
            bad="Failures of the source stop it; failures of the sink become dead letters.",
            command=stack.command("dlq list"),
            unit=units.Short,
            queries=(
                Query(f"sum by (connector) (increase({_ERRORS}total_record_failures[1h]))", "{{connector}} failed"),
                Query(f"sum by (connector) (increase({_ERRORS}total_retries[1h]))", "{{connector}} tried again"),
            ),
            steps=above(1),
        ),
        Panel(
            title="Skipped records within an hour",
            shows="Records that were left out because of an error, by connector.",
            bad="At the source a skipped record is a lost change; at the sink it is a dead letter.",
            command=stack.command("audit"),
            unit=units.Short,
            queries=(Query(f"sum by (connector) (increase({_ERRORS}total_records_skipped[1h]))", "{{connector}}"),),
            steps=((None, GREEN), (1, ORANGE)),
        ),
        Panel(
            title="Writes of dead letters within an hour",
            shows="Dead letters that the sink has written, and those that it could not write.",
            bad="A failed write is a lost row: its offset is committed all the same.",
            command=stack.command("audit"),
            unit=units.Short,
            queries=(
                Query(f"sum(increase({_ERRORS}deadletterqueue_produce_requests[1h]))", "written"),
                Query(f"sum(increase({_ERRORS}deadletterqueue_produce_failures[1h]))", "failed"),
            ),
            steps=above(1),
            width=24,
        ),
    )
