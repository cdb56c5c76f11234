"""Dashboard of the whole pipeline: whether it is healthy, how much passes, what is late, and how long until something is lost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from grafana_foundation_sdk.models import units

from pipeline.dashboards.panels import GREEN, ORANGE, RED, Dashboard, Kind, Panel, Query, Section, above, below

if TYPE_CHECKING:
    from pipeline.dashboards.stack import Stack

LEVELS: Final = {0: ("healthy", GREEN), 1: ("late or in doubt", ORANGE), 2: ("lost or stopped", RED), 3: ("cannot be asked", RED)}
ANSWERS: Final = {0: ("no answer", RED), 1: ("answers", GREEN)}
_HOUR: Final = 3600.0
_DAY: Final = 24 * _HOUR
# As the command status judges a certificate
_CERTIFICATE: Final = 30 * _DAY


def dashboard(stack: Stack) -> Dashboard:
    """Return the dashboard of a stack."""
    return Dashboard(
        "overview",
        "Pipeline overview",
        "Whether the pipeline is healthy, how much passes through it, what is late, and how long until something is lost.",
        (
            Section("Now", (_level(stack), _left(stack), _waiting(stack), _letters(stack))),
            Section("Flow", (_flow(stack), _lateness(stack))),
            Section("Parts", (_alerts(stack), _parts(stack), _targets(stack), *_rest(stack))),
        ),
    )


def _level(stack: Stack) -> Panel:
    return Panel(
        title="Status",
        shows="Level of the command status, at the exporter's last look.",
        bad="Late or in doubt: something waits or does not answer. Lost or stopped: rows are lost, or will be.",
        command=stack.command("status"),
        unit=units.NoUnit,
        queries=(Query("max(pipeline_status)", "status"),),
        kind=Kind.NUMBER,
        steps=above(1, 2),
        names=LEVELS,
        absent="no look",
        width=6,
    )


def _left(stack: Stack) -> Panel:
    return Panel(
        title="Time until the slot is lost",
        shows="Time until PostgreSQL gives the replication slot up, at the present rate of writes.",
        bad="Below an hour, a stopped source loses changes soon. Nothing shrinks while the source reads.",
        command=stack.command("epoch show"),
        unit=units.Seconds,
        queries=(Query("min(pipeline_slot_seconds_until_lost)", "until lost"),),
        kind=Kind.NUMBER,
        steps=below(_DAY, _HOUR),
        absent="not shrinking",
        width=6,
    )


def _waiting(stack: Stack) -> Panel:
    return Panel(
        title="Oldest change not archived",
        shows="Age of the oldest change that is in Kafka, and neither in the archive nor a dead letter.",
        bad=f"Above {stack.late_s:.0f} s the archive is late: the sink is slow or stopped, or does not commit.",
        command=stack.command("status"),
        unit=units.Seconds,
        queries=(Query("max(pipeline_archive_oldest_waiting_seconds)", "oldest change"),),
        kind=Kind.NUMBER,
        steps=above(stack.late_s, stack.very_late_s),
        absent="not known",
        width=6,
    )


def _letters(stack: Stack) -> Panel:
    return Panel(
        title="Open dead letters",
        shows="Records that the sink has set aside, without a decision so far.",
        bad="Each is a row that is not in the archive; after the retention of their topic they are deleted.",
        command=stack.command("dlq list"),
        unit=units.Short,
        queries=(Query('sum(pipeline_dead_letters{state="open"})', "open"),),
        kind=Kind.NUMBER,
        steps=above(1, 100),
        absent="not known",
        width=6,
    )


def archived_rate(stack: Stack) -> str:
    """Return the query of the rows that reach the archive each second."""
    if stack.has_catalog:
        return "sum(rate(iceberg_added_records_total[$__rate_interval]))"
    sink = stack.settings.names.sink()
    return f'sum(rate(kafka_connect_sink_task_sink_record_send_total{{connector="{sink}"}}[$__rate_interval]))'


def _flow(stack: Stack) -> Panel:
    return Panel(
        title="Changes per second",
        shows="Changes that the source reads, offsets that Kafka gains in the change topics, and rows that reach the archive.",
        bad=f"Archived rows below the other lines for minutes mean a growing backlog; {stack.target} a second is the target.",
        command=stack.command("status --watch"),
        unit=units.OpsPerSecond,
        queries=(
            Query("sum(rate(debezium_events_total[$__rate_interval]))", "read from the database"),
            Query(f"sum(rate(pipeline_kafka_end_offset{{topic=~{stack.change_topics}}}[$__rate_interval]))", "offsets in Kafka"),
            Query(archived_rate(stack), "archived"),
            Query(f"vector({stack.target})", "target"),
        ),
    )


def _lateness(stack: Stack) -> Panel:
    return Panel(
        title="Delay of each hop",
        shows="Delay of the source behind the database, of the sink behind Kafka, and of the archive as a whole.",
        bad="The first hop whose line rises is the one to look at. The source's line stands still while the database is idle.",
        command=stack.command("status"),
        unit=units.Seconds,
        queries=(
            Query('max(debezium_millisecondsbehindsource{context="streaming"}) / 1000', "source behind the database"),
            Query("max(kafka_consumer_lag_seconds)", "sink behind Kafka"),
            Query("max(pipeline_archive_oldest_waiting_seconds)", "oldest change not archived"),
        ),
        steps=above(stack.late_s, stack.very_late_s),
    )


def _alerts(stack: Stack) -> Panel:
    return Panel(
        title="Firing alerts",
        shows="Alerts that fire, by name and severity; Watchdog, which always fires, is left out.",
        bad="A critical alert means that rows are lost, or will be. The alert names its runbook.",
        command=stack.command("status"),
        unit=units.NoUnit,
        queries=(
            Query('max by (alertname, severity) (ALERTS{alertstate="firing", alertname!="Watchdog"})', "{{alertname}} ({{severity}})"),
        ),
        kind=Kind.STATES,
        steps=above(1),
        names={1: ("firing", RED)},
        absent="none",
        width=24,
    )


def _parts(stack: Stack) -> Panel:
    return Panel(
        title="Parts that answer",
        shows="Whether each part has answered the exporter of the pipeline.",
        bad="No answer: the part is down, or the exporter may not reach it. Its figures are absent, never 0.",
        command=stack.command("doctor"),
        unit=units.NoUnit,
        queries=(Query("max by (part) (pipeline_up)", "{{part}}"),),
        kind=Kind.STATES,
        steps=below(1),
        names=ANSWERS,
    )


def _targets(stack: Stack) -> Panel:
    return Panel(
        title="Targets of Prometheus",
        shows="Whether Prometheus has read the figures of each job; the worst pod counts.",
        bad="No answer: panels of this job show nothing, and its alerts about figures are silent.",
        command=stack.command("doctor"),
        unit=units.NoUnit,
        queries=(Query("min by (job) (up)", "{{job}}"),),
        kind=Kind.STATES,
        steps=below(1),
        names=ANSWERS,
    )


def _rest(stack: Stack) -> tuple[Panel, ...]:
    return (
        Panel(
            title="Break of the history",
            shows="Whether the history since the present epoch has a break.",
            bad="Broken: changes between the break and now are lost, and a new epoch reads every table again.",
            command=stack.command("epoch show"),
            unit=units.NoUnit,
            queries=(Query("max(pipeline_history_broken)", "history"),),
            kind=Kind.NUMBER,
            steps=above(None, 1),
            names={0: ("whole", GREEN), 1: ("broken", RED)},
            absent="not decided",
            width=8,
        ),
        Panel(
            title="Epoch",
            shows="Number of the present history.",
            bad="A new number after a break is normal; the archive keeps the rows of every epoch.",
            command=stack.command("epoch show"),
            unit=units.NoUnit,
            queries=(Query("max(pipeline_epoch)", "epoch"),),
            kind=Kind.NUMBER,
            width=8,
        ),
        Panel(
            title="Time until a certificate ends",
            shows="Time until the database's certificate or its authority expires, whichever is first.",
            bad="Below 30 days, renew it: after its end the source cannot connect.",
            command=stack.command("status"),
            unit=units.DurationSeconds,
            queries=(Query("min(pipeline_certificate_not_after_timestamp_seconds) - time()", "first end"),),
            kind=Kind.NUMBER,
            steps=below(_CERTIFICATE, 0),
            absent="not known",
            least=None,
            width=8,
        ),
    )
