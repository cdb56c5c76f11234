"""Rules of a table as conditions of DuckDB, true for a row that breaks them: the same judgement as the sink's transform."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pipeline.audit.canonical import Column
from stack.settings.sql_names import in_quotes, text_literal

if TYPE_CHECKING:
    from stack.settings.column_rules import Rule
    from stack.settings.tables import Table

_SIGNS: Final = {"min": "<", "max": ">"}


def broken(table: Table, rule: Rule) -> str:
    """Return the condition that a rule of a table is broken, never NULL.

    A value that is not of the column's kind breaks a limit, as in the transform.
    """
    column = in_quotes(rule.column)
    if rule.kind == "notNull":
        return f"({column} IS NULL)"
    return f"({column} IS NOT NULL AND coalesce({_of_value(table, rule, column)}, true))"


def _of_value(table: Table, rule: Rule, column: str) -> str:
    first = rule.values[0]
    if rule.kind in _SIGNS:
        (model,) = (one for one in table.columns if one.name == rule.column)
        # a number without digits is text in the archive
        kind = "DOUBLE" if model.archive_type == "string" else Column(rule.column, model.archive_type).sql
        limit = text_literal(first) if model.archive_type.startswith(("date", "timestamp")) else first
        return f"TRY_CAST({column} AS {kind}) {_SIGNS[rule.kind]} CAST({limit} AS {'DOUBLE' if kind == 'FLOAT' else kind})"
    text = f"CAST({column} AS VARCHAR)"
    if rule.kind == "oneOf":
        return f"{text} NOT IN ({', '.join(text_literal(value) for value in rule.values)})"
    if rule.kind == "pattern":
        return f"NOT regexp_full_match({text}, {text_literal(first)})"
    return f"length({text}) > {int(first)}"
