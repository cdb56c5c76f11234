"""Dashboard of the archive and of data quality."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from grafana_foundation_sdk.models import units

from pipeline.dashboards.overview import archived_rate
from pipeline.dashboards.panels import GREEN, RED, Dashboard, Kind, Panel, Query, Section, above, below

if TYPE_CHECKING:
    from pipeline.dashboards.stack import Stack

_GOOD: Final = 0.95
_BAD: Final = 0.8


def dashboard(stack: Stack) -> Dashboard:
    """Return the dashboard of a stack."""
    return Dashboard(
        "archive",
        "Archive and data quality",
        "What the archive has, how late it is, what was set aside, and the quality of the rows.",
        (
            Section("Freshness", (_waiting(stack), _rows_per_second(stack), *(_commits(stack) if stack.has_catalog else ()))),
            Section("Tables", _tables(stack) if stack.has_catalog else ()),
            Section("Set aside", _letters(stack)),
            Section("Quality", _quality(stack)),
        ),
    )


def _waiting(stack: Stack) -> Panel:
    return Panel(
        title="Oldest change not archived, by table",
        shows="Age of the oldest change of each table that is in Kafka, and neither archived nor a dead letter; 0 for an idle table.",
        bad=f"Above {stack.late_s:.0f} s the table is late, even if the sink's lag is 0.",
        command=stack.command("status"),
        unit=units.Seconds,
        queries=(Query("max by (table) (pipeline_archive_oldest_waiting_seconds)", "{{table}}"),),
        steps=above(stack.late_s, stack.very_late_s),
    )


def _rows_per_second(stack: Stack) -> Panel:
    shows = "Rows that commits add to the tables." if stack.has_catalog else "Records that the sink writes to its files."
    return Panel(
        title="Archived rows per second",
        shows=shows,
        bad=f"Below {stack.target} a second with a backlog: the target is missed.",
        command=stack.command("status --watch"),
        unit=units.OpsPerSecond,
        queries=(Query(archived_rate(stack), "archived"), Query(f"vector({stack.target})", "target")),
    )


def _commits(stack: Stack) -> tuple[Panel, ...]:
    interval = stack.settings.archive.interval_ms / 1000
    return (
        Panel(
            title="Age of the last commit, by table",
            shows=f"Time since the last commit of each table; with rows, there is one every {interval:.0f} s.",
            bad="High with changes that wait: the sink reads and does not commit. High without them: the table is idle.",
            command=stack.command("status"),
            unit=units.Seconds,
            queries=(Query("time() - max by (table) (pipeline_archive_last_commit_timestamp_seconds)", "{{table}}"),),
        ),
        Panel(
            title="Commits that succeed",
            shows="Commits of a quarter of an hour, as a part of the attempts; no figure without an attempt.",
            bad="Below 0.99: another writer changes the tables, or store or catalog answer with errors.",
            command=stack.logs("connect"),
            unit=units.PercentUnit,
            queries=(
                Query(
                    "sum by (table) (increase(iceberg_commits_total[15m])) / sum by (table) (increase(iceberg_commit_attempts_total[15m]))",
                    "{{table}}",
                ),
            ),
            steps=below(0.99, 0.9),
            absent="no attempt",
            most=1,
        ),
        Panel(
            title="Time of a commit",
            shows="Time of the last commit of each table.",
            bad=f"Near the interval of {interval:.0f} s: commits follow each other without a pause. Old snapshots make them slow.",
            command=stack.logs("connect"),
            unit=units.Milliseconds,
            queries=(Query("max by (table) (iceberg_commit_duration_ms)", "{{table}}"),),
            steps=above(500 * interval, 1000 * interval),
            width=24,
        ),
    )


def _tables(stack: Stack) -> tuple[Panel, ...]:
    return (
        Panel(
            title="Rows",
            shows="Rows of the current snapshot of each table.",
            bad="A line that falls: rows were removed, which this pipeline never does.",
            command=stack.command("audit"),
            unit=units.Short,
            queries=(Query("max by (table) (pipeline_archive_rows)", "{{table}}"),),
            width=8,
        ),
        Panel(
            title="Data files",
            shows="Data files of the current snapshot of each table.",
            bad="Tens of thousands make queries slow: join them by a rewrite of data files.",
            command=stack.command("status"),
            unit=units.Short,
            queries=(Query("max by (table) (pipeline_archive_files)", "{{table}}"),),
            steps=above(100_000),
            width=8,
        ),
        Panel(
            title="Rows in a file",
            shows="Rows of each table, by file on average.",
            bad="Below a thousand with many files: a longer commit interval makes fewer and larger ones.",
            command=stack.command("plan"),
            unit=units.Short,
            queries=(Query("max by (table) (pipeline_archive_rows / (pipeline_archive_files > 0))", "{{table}}"),),
            width=8,
        ),
    )


def _letters(stack: Stack) -> tuple[Panel, ...]:
    return (
        Panel(
            title="Dead letters",
            shows="Records that the sink has set aside: open, replayed, dropped.",
            bad="Open ones are rows that are not in the archive.",
            command=stack.command("dlq list"),
            unit=units.Short,
            queries=(Query("max by (state) (pipeline_dead_letters)", "{{state}}"),),
        ),
        Panel(
            title="Expired dead letters",
            shows="Most dead letters that retention may have deleted while they were open.",
            bad="Each may be a lost row.",
            command=stack.command("dlq list"),
            unit=units.Short,
            queries=(Query("max(pipeline_dead_letters_expired)", "expired"),),
            kind=Kind.NUMBER,
            steps=((None, GREEN), (1, RED)),
        ),
    )


def _quality(stack: Stack) -> tuple[Panel, ...]:
    return (
        Panel(
            title="Quality score",
            shows="Score of each table from 0 to 1: in the stream by its rules, in the archive the least of its four measures.",
            bad=f"Below {_GOOD} rows break a rule; below {_BAD}, or a score that vanishes, stop trusting the table.",
            command=stack.command("audit"),
            unit=units.PercentUnit,
            queries=(Query("min by (checkpoint, table) (data_quality_score)", "{{table}} {{checkpoint}}"),),
            steps=below(_GOOD, _BAD),
            absent="no score",
            most=1,
        ),
        Panel(
            title="Checked rows per second",
            shows="Rows that the rules have judged.",
            bad="None while rows are archived: nothing judges them, so the score says nothing.",
            command=stack.command("status"),
            unit=units.OpsPerSecond,
            queries=(Query("sum by (table) (rate(quality_rows_checked_total[$__rate_interval]))", "{{table}}"),),
        ),
        Panel(
            title="Invalid rows within an hour, by rule",
            shows="Rows that break a rule, by table and rule; their values are not shown.",
            bad="One rule alone: a writer has changed. All rules of a table: its schema has.",
            command=stack.command("dlq list"),
            unit=units.Short,
            queries=(Query("sum by (table, rule) (increase(quality_rows_invalid_total[1h]))", "{{table}} {{rule}}"),),
            steps=above(1),
            width=24,
        ),
    )
