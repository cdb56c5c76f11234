"""Dashboard of the brokers that the program creates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from grafana_foundation_sdk.models import units

from pipeline.dashboards import jvm
from pipeline.dashboards.panels import Dashboard, Kind, Panel, Query, Section, Steps, above, below
from stack.capacity.quantity import MIB
from stack.settings.names import BROKERS

if TYPE_CHECKING:
    from pipeline.dashboards.stack import Stack

JOB: Final = "kafka"
_MANAGER: Final = "kafka_server_replicamanager_"
_TOPICS: Final = "kafka_server_brokertopicmetrics_"
_CONTROLLER: Final = "kafka_controller_kafkacontroller_"


def dashboard(stack: Stack) -> Dashboard:
    """Return the dashboard of a stack whose brokers the program creates."""
    return Dashboard(
        "brokers",
        "Kafka brokers",
        "Copies, controllers, traffic, disk and memory of the brokers.",
        (
            Section("Copies and controllers", (*_health(stack), *_replication(stack))),
            Section("Traffic", _traffic(stack)),
            Section("Disk", _disk(stack)),
            Section("Transactions", _transactions(stack)),
            Section("Java", jvm.panels(stack, JOB, "kafka")),
        ),
    )


def _count(stack: Stack, title: str, expression: str, steps: Steps, told: tuple[str, str]) -> Panel:
    shows, bad = told
    return Panel(
        title=title,
        shows=shows,
        bad=bad,
        command=stack.command("doctor"),
        unit=units.Short,
        queries=(Query(expression, title.lower()),),
        kind=Kind.NUMBER,
        steps=steps,
        width=4,
    )


def _health(stack: Stack) -> tuple[Panel, ...]:
    several = above(None, 1)
    return (
        _count(
            stack,
            "Active brokers",
            f"max({_CONTROLLER}activebrokercount)",
            below(BROKERS, BROKERS - 1),
            (f"Brokers that take part, of {BROKERS}.", "One less: no further one may fail. Two less: writes stop."),
        ),
        _count(
            stack,
            "Active controllers",
            f"sum({_CONTROLLER}activecontrollercount)",
            ((None, "red"), (1, "green"), (2, "red")),
            ("Controllers that lead the cluster.", "Other than 1 for minutes: no topic can change, and no partition gets a new leader."),
        ),
        _count(
            stack,
            "Offline partitions",
            f"sum({_CONTROLLER}offlinepartitionscount)",
            several,
            ("Partitions without leader.", "Their rows can be neither written nor read."),
        ),
        _count(
            stack,
            "Below the least copies",
            f"sum({_MANAGER}underminisrpartitioncount)",
            several,
            ("Partitions with fewer copies in sync than a write needs.", "The source cannot write there, and its slot grows."),
        ),
        _count(
            stack,
            "Lacking a copy",
            f"sum({_MANAGER}underreplicatedpartitions)",
            above(1),
            ("Partitions of which a copy is not in sync.", "Normal during a restart of a broker; for longer, a broker is slow or away."),
        ),
        _count(
            stack,
            "Folders offline",
            "sum(kafka_log_logmanager_offlinelogdirectorycount)",
            several,
            ("Log folders that a broker has given up.", "Its disk failed or is full."),
        ),
    )


def _replication(stack: Stack) -> tuple[Panel, ...]:
    return (
        Panel(
            title="Copies that leave or join",
            shows="Copies that fall out of sync and come back, by broker, per second.",
            bad="Shrinks without a restart: a broker is too slow, for disk or processor.",
            command=stack.logs("kafka"),
            unit=units.OpsPerSecond,
            queries=(
                Query(f"sum by (pod) (rate({_MANAGER}isrshrinks_total[$__rate_interval]))", "{{pod}} left"),
                Query(f"sum by (pod) (rate({_MANAGER}isrexpands_total[$__rate_interval]))", "{{pod}} joined"),
            ),
        ),
        Panel(
            title="Age of the metadata",
            shows="How far each broker is behind the cluster's metadata, and the time of a commit in its log.",
            bad="Above 30 s a broker acts on an old picture of the cluster.",
            command=stack.logs("kafka"),
            unit=units.Milliseconds,
            queries=(
                Query("max by (pod) (kafka_broker_metadata_last_applied_record_lag_ms)", "{{pod}} behind"),
                Query("max by (pod) (kafka_raft_commit_latency_avg)", "{{pod}} commit"),
            ),
            steps=above(30_000),
            least=None,
        ),
    )


def _traffic(stack: Stack) -> tuple[Panel, ...]:
    return (
        Panel(
            title="Records per second by topic",
            shows="Records that producers write, by topic; marks of transactions are not among them.",
            bad="None in a change topic while its table is written to: the source stands still.",
            command=stack.command("status"),
            unit=units.OpsPerSecond,
            queries=(Query(f'sum by (topic) (rate({_TOPICS}messagesin_total{{topic!=""}}[$__rate_interval]))', "{{topic}}"),),
        ),
        Panel(
            title="Bytes per second by broker",
            shows="Bytes that each broker takes from clients and gives to them.",
            bad="One broker with much more than the others leads too many partitions.",
            command=stack.command("status"),
            unit=units.BytesPerSecondIEC,
            queries=(
                Query(f'sum by (pod) (rate({_TOPICS}bytesin_total{{topic!=""}}[$__rate_interval]))', "{{pod}} in"),
                Query(f'sum by (pod) (rate({_TOPICS}bytesout_total{{topic!=""}}[$__rate_interval]))', "{{pod}} out"),
            ),
        ),
        Panel(
            title="Time of a request (99 %)",
            shows="Time that a broker needs for a request of a producer or a consumer; a fetch waits up to half a second for data.",
            bad="Producers above a second: the other brokers are slow to copy, or the disk is.",
            command=stack.logs("kafka"),
            unit=units.Milliseconds,
            queries=(Query("max by (pod, request) (kafka_network_request_total_time_p99_ms)", "{{pod}} {{request}}"),),
            steps=above(1_000),
        ),
        Panel(
            title="Idle request threads",
            shows="Part of their time that the threads for requests have nothing to do.",
            bad="Below 0.3 a broker has too little processor time.",
            command=stack.command("plan"),
            unit=units.PercentUnit,
            queries=(Query("min by (pod, pool) (kafka_server_request_handler_idle_ratio)", "{{pod}} {{pool}}"),),
            steps=below(0.3, 0.1),
        ),
    )


def _disk(stack: Stack) -> tuple[Panel, ...]:
    volume = stack.settings.streaming.kafka.storage_mib * MIB
    return (
        Panel(
            title="Size of the logs by broker",
            shows=f"Bytes of all partitions on a broker, of a volume with {stack.settings.streaming.kafka.storage_mib} MiB.",
            bad="A full volume stops the broker; every broker holds every partition, so all fill at once.",
            command=stack.command("plan"),
            unit=units.BytesIEC,
            queries=(Query("sum by (pod) (kafka_log_log_size)", "{{pod}}"),),
            steps=above(0.7 * volume, 0.9 * volume),
        ),
        Panel(
            title="Room of a partition that is taken",
            shows="Fullest partition of each topic, as a part of what retention keeps; deleted is the oldest first.",
            bad="Near 100 % with a backlog of the sink: changes are deleted before they are archived.",
            command=stack.command("status"),
            unit=units.Percent,
            queries=(Query("max by (topic) (kafka_log_log_retentionsizeinpercent)", "{{topic}}"),),
            steps=above(90),
        ),
    )


def _transactions(stack: Stack) -> tuple[Panel, ...]:
    letters = f'topic="{stack.settings.names.dead_letter_topic}"'
    return (
        Panel(
            title="Partitions with late transactions",
            shows="Partitions in which a transaction stays open longer than it may.",
            bad="The sink reads committed records only and stands still there, while its lag stays 0.",
            command=stack.logs("kafka"),
            unit=units.Short,
            queries=(Query(f"sum by (pod) ({_MANAGER}partitionswithlatetransactionscount)", "{{pod}}"),),
            steps=above(None, 1),
        ),
        Panel(
            title="End of the dead letters",
            shows="Offset behind the last dead letter.",
            bad="Each step is a row that is not in the archive, and the mark of its transaction.",
            command=stack.command("dlq list"),
            unit=units.Short,
            queries=(Query(f"sum(max by (partition) (kafka_log_log_logendoffset{{{letters}}}))", "offset"),),
        ),
    )
