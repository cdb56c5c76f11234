"""Keys of the transform that judges rows by the rules of their tables, in the sink of both formats."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from stack.configs.classes import QUALITY
from stack.settings.column_rules import limit_of
from stack.settings.quality import BROKEN_RULES, QUARANTINE
from stack.settings.sql_types import family

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stack.settings.column_rules import Rule
    from stack.settings.names import Names
    from stack.settings.quality import QualitySettings
    from stack.settings.tables import Table

ALIAS: Final = "quality"


def chain(quality: QualitySettings, tables: Sequence[Table]) -> tuple[str, ...]:
    """Return the transform's alias, which is the last of the program's: it sees what the archive would take. Empty where it is off."""
    return (ALIAS,) if quality.enabled and judged(tables) else ()


def judged(tables: Sequence[Table]) -> tuple[Table, ...]:
    """Return the tables that have a rule."""
    return tuple(table for table in tables if table.rules)


def quarantined(quality: QualitySettings, tables: Sequence[Table]) -> tuple[Table, ...]:
    """Return the tables whose bad rows have a table of their own."""
    return judged(tables) if quality.quarantines else ()


def transform(names: Names, tables: Sequence[Table], quality: QualitySettings) -> dict[str, str]:
    """Return the keys of the transform: a name for each judged topic, and a key for each rule.

    Args:
        names: Names of the pipeline.
        tables: Captured tables.
        quality: Settings of data quality.
    """
    if not chain(quality, tables):
        return {}
    prefix = f"transforms.{ALIAS}."
    of_tables = judged(tables)
    return {
        f"{prefix}type": QUALITY,
        f"{prefix}action": quality.action,
        **({f"{prefix}rules.field": BROKEN_RULES} if quality.action != "deadLetter" else {}),
        **({f"{prefix}route.field": "__topic", f"{prefix}route.suffix": QUARANTINE} if quality.quarantines else {}),
        **{f"{prefix}table.{names.topic(table)}": table.qualified for table in of_tables},
        **{f"{prefix}rule.{names.topic(table)}.{rule.name}": _written(table, rule) for table in of_tables for rule in table.rules},
    }


def _written(table: Table, rule: Rule) -> str:
    """Return a rule's value as the transform reads it: limits in one form, and lists with their commas and blanks escaped."""
    (column,) = (column for column in table.columns if column.name == rule.column)
    if rule.kind == "oneOf":
        values = [str(int(value)) if family(column.type) == "int" else value for value in rule.values]
        return ",".join(quote(value, safe="") for value in values)
    if rule.kind not in {"min", "max"}:
        return rule.values[0]
    limit = limit_of(column.type, rule.values[0])
    return rule.values[0] if limit is None or not hasattr(limit, "isoformat") else limit.isoformat()
