"""Alerts about the brokers; of an existing cluster, those that its clients can see. Pure."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from stack.specification.monitoring.rules.rule import Rule, command
from stack.specification.monitoring.rules.thresholds import HOUR, MINUTE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stack.specification.monitoring.rules.thresholds import Thresholds

_Rule = partial(Rule, area="kafka")
_STATUS: Final = command("status")
_FULL_PERCENT: Final = 90
_IDLE: Final = 0.3
_OLD_MS: Final = 30_000
_REPLICAS: Final = "kafka_server_replicamanager_"
_CONTROLLER: Final = "kafka_controller_kafkacontroller_"


def rules(limits: Thresholds) -> Iterator[Rule]:
    """Yield the rules of a stack."""
    managed = limits.settings.streaming.kafka.is_managed
    yield _Rule(
        alert="OfflinePartitions",
        severity="critical",
        expression=_either(
            f"max({_CONTROLLER}offlinepartitionscount) > 0", "max(pipeline_kafka_leaderless_partitions) > 0", managed=managed
        ),
        wait_s=MINUTE,
        meaning="Partitions have no leader: nothing can be written to them or read from them",
        summary='{{ $value | printf "%.0f" }} partition(s) have had no leader for a minute',
        next=_STATUS,
    )
    yield _Rule(
        alert="UnderReplicated",
        severity="warning",
        expression=_either(
            f"sum({_REPLICAS}underreplicatedpartitions) > 0", "max(pipeline_kafka_under_replicated_partitions) > 0", managed=managed
        ),
        wait_s=5 * MINUTE,
        meaning="Partitions have fewer copies in sync than they should",
        summary='{{ $value | printf "%.0f" }} partition(s) have lacked a copy in sync for 5 minutes',
        next=_STATUS,
    )
    yield _Rule(
        alert="BrokerMissing",
        severity="warning",
        expression="pipeline_kafka_brokers < pipeline_kafka_brokers_expected",
        wait_s=5 * MINUTE,
        meaning="The cluster has fewer brokers than the stack declares",
        summary='Only {{ $value | printf "%.0f" }} brokers have been in the cluster for 5 minutes',
        next=_STATUS,
    )
    yield from _unread()
    if managed:
        yield from _copies()
        yield from _control()
        yield from _brokers(limits)


def _either(of_brokers: str, of_clients: str, *, managed: bool) -> str:
    """Return the expression over the brokers' own figures and over those of their clients, or the latter for an existing cluster."""
    return f"{of_brokers} or {of_clients}" if managed else of_clients


def _unread() -> Iterator[Rule]:
    deleted = "max by (topic, partition) (pipeline_kafka_unread_deleted) > 1"
    behind = "on (topic, partition) max by (topic, partition) (kafka_consumer_lag) > 0"
    yield _Rule(
        alert="UnreadDeleted",
        severity="critical",
        expression=f"{deleted} and {behind}",
        meaning="Retention has deleted changes before the sink had read them",
        summary='Up to {{ $value | printf "%.0f" }} changes of {{ $labels.topic }}/{{ $labels.partition }} were deleted before the sink had'
        " read them",
        next=command("audit"),
    )
    yield _Rule(
        alert="UnreadPerhapsDeleted",
        severity="warning",
        expression=f"{deleted} unless {behind}",
        wait_s=10 * MINUTE,
        meaning="Retention has deleted entries that the sink had not read; they may have been marks of transactions",
        summary='{{ $value | printf "%.0f" }} entries of {{ $labels.topic }}/{{ $labels.partition }} were deleted unread, or were marks'
        " of transactions",
        next=command("audit"),
    )


def _copies() -> Iterator[Rule]:
    yield _Rule(
        alert="UnderMinIsr",
        severity="critical",
        expression=f"sum({_REPLICAS}underminisrpartitioncount) > 0",
        wait_s=2 * MINUTE,
        meaning="Partitions have fewer copies in sync than a write needs, so that writes are refused",
        summary='{{ $value | printf "%.0f" }} partition(s) have refused writes for 2 minutes: too few copies are in sync',
        next=_STATUS,
    )
    yield _Rule(
        alert="UncleanElection",
        severity="critical",
        expression="sum(increase(kafka_controller_controllerstats_uncleanleaderelections_total[15m])) > 0",
        meaning="A copy that lagged has become leader: acknowledged changes are lost",
        summary='{{ $value | printf "%.0f" }} leader(s) were elected from copies that lagged, within 15 minutes',
        next=command("audit"),
    )
    yield _Rule(
        alert="LogDirectoryOffline",
        severity="critical",
        expression="kafka_log_logmanager_offlinelogdirectorycount > 0",
        meaning="A broker cannot use its volume",
        summary="{{ $labels.pod }} cannot use its volume",
        next=_STATUS,
    )
    yield _Rule(
        alert="HangingTransaction",
        severity="critical",
        expression=f"max by (pod) ({_REPLICAS}partitionswithlatetransactionscount) > 0",
        wait_s=5 * MINUTE,
        meaning="A transaction does not end, and the sink reads nothing behind it, while its lag seems 0",
        summary='{{ $value | printf "%.0f" }} partition(s) of {{ $labels.pod }} have had a transaction that does not end for 5 minutes',
        next=_STATUS,
    )


def _control() -> Iterator[Rule]:
    yield _Rule(
        alert="NoController",
        severity="critical",
        expression=f"sum({_CONTROLLER}activecontrollercount) != 1",
        wait_s=2 * MINUTE,
        meaning="The cluster has no controller, or more than one",
        summary='The cluster has had {{ $value | printf "%.0f" }} active controllers for 2 minutes, in place of 1',
        next=_STATUS,
    )
    yield _Rule(
        alert="BrokerFenced",
        severity="warning",
        expression=f"max({_CONTROLLER}fencedbrokercount) > 0",
        wait_s=5 * MINUTE,
        meaning="The controller has fenced a broker, which then leads no partition",
        summary='{{ $value | printf "%.0f" }} broker(s) have been fenced for 5 minutes',
        next=_STATUS,
    )
    yield _Rule(
        alert="MetadataStale",
        severity="warning",
        expression=f"kafka_broker_metadata_last_applied_record_lag_ms > {_OLD_MS}",
        wait_s=2 * MINUTE,
        meaning="A broker works with an old picture of the cluster",
        summary='{{ $labels.pod }} has had a picture of the cluster that is {{ $value | printf "%.0f" }} ms old for 2 minutes',
        next=_STATUS,
    )


def _brokers(limits: Thresholds) -> Iterator[Rule]:
    yield _Rule(
        alert="RetentionBeatsSink",
        severity="critical",
        expression=f"max by (topic) (kafka_log_log_retentionsizeinpercent) > {_FULL_PERCENT}"
        f" and on (topic) max by (topic) (kafka_consumer_lag_seconds) > {limits.late_s}",
        wait_s=MINUTE,
        meaning="Retention is about to delete changes that the sink has not read",
        summary='{{ $labels.topic }} is full to {{ $value | printf "%.0f" }} % of its retention, and the sink is late with it:'
        " the next segment is deleted unread",
        next=_STATUS,
    )
    mib, most = limits.settings.streaming.kafka.storage_mib, limits.broker_bytes
    yield _Rule(
        alert="KafkaDiskFills",
        severity="critical",
        expression=f"pipeline:kafka_log:bytes > {0.7 * most:.0f} and predict_linear(pipeline:kafka_log:bytes[1h], {4 * HOUR}) > {most}",
        wait_s=15 * MINUTE,
        meaning="The volume of a broker is full within four hours at the present rate",
        summary=f"The topics of {{{{ $labels.pod }}}} take {{{{ $value | humanize1024 }}}}B of {mib} MiB, and are growing to the end of the"
        " volume within 4 hours",
        next=command("plan"),
    )
    yield _Rule(
        alert="HandlersBusy",
        severity="warning",
        expression=f"kafka_server_request_handler_idle_ratio < {_IDLE}",
        wait_s=10 * MINUTE,
        meaning="The threads of a broker that handle requests are busy for more than 70 % of the time",
        summary="The threads of {{ $labels.pod }} that handle requests have been idle for {{ $value | humanizePercentage }} of 10 minutes",
        next=_STATUS,
    )
