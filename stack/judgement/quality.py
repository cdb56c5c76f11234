"""Rules for data quality across settings: a quarantine that could not be, and rules that nothing applies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stack.problem import Problem
from stack.settings.column_rules import ColumnRules
from stack.settings.quality import CLOCKS_S, quarantine_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stack.settings.model import Settings


def quality_problems(settings: Settings) -> list[Problem]:
    """Return every choice of data quality that has no effect, or that another one contradicts."""
    return [*_rules(settings), *_quarantine(settings), *_window(settings)]


def _rules(settings: Settings) -> Iterator[Problem]:
    tables, is_on = settings.source.tables, settings.quality.enabled
    if is_on and not any(table.rules for table in tables):
        yield Problem(
            path="quality.enabled",
            rule="is true, but no table has a rule, and none follows from a CHECK: every row would count as good",
            cure="add rules under quality of a column, or set it to false",
        )
    stated = [f"{table.name}.{column.name}" for table in tables for column in table.columns if column.quality != ColumnRules()]
    if stated and not is_on:
        yield Problem(
            path="quality.enabled",
            rule=f"is false, but {stated[0]} has rules under quality, which nothing applies then",
            cure="set it to true, or remove the rules",
        )


def _quarantine(settings: Settings) -> Iterator[Problem]:
    if not settings.quality.quarantines:
        return
    if settings.archive.format != "iceberg":
        yield Problem(
            path="quality.action",
            rule=f"is quarantine and archive.format is {settings.archive.format}: a quarantine is a table, filled by the same commits",
            cure="set deadLetter or mark, or take the format iceberg",
        )
    taken = {table.archive_name for table in settings.source.tables}
    for table in settings.source.tables:
        name = quarantine_name(table.archive_name)
        if table.rules and name in taken:
            yield Problem(
                path="quality.action",
                rule=f"is quarantine: the bad rows of {table.qualified} would go to {name}, which is a captured table",
                cure="set deadLetter or mark, or rename the captured table",
            )


def _window(settings: Settings) -> Iterator[Problem]:
    """Check that the archive's check finds the times of the commits that it needs."""
    quality, kept = settings.quality, settings.archive.snapshot_minutes
    needed = quality.window_minutes + -(-(quality.late_after_s + CLOCKS_S) // 60)
    if quality.enabled and settings.archive.format == "iceberg" and needed > kept:
        yield Problem(
            path="quality.windowMinutes",
            rule=f"is {quality.window_minutes}: the check needs the snapshots of {needed} minutes, to know when rows were archived, and "
            f"archive.snapshotMinutes keeps those of {kept}",
            cure=f"set archive.snapshotMinutes to {needed} or more, or a shorter window",
        )
