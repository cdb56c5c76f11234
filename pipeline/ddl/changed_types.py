"""Rules for a column whose type changes."""

from __future__ import annotations

from dataclasses import replace
from enum import Enum
from typing import TYPE_CHECKING, Final

from pipeline.ddl import cures, defaults, postgres, types
from pipeline.ddl.changed_columns import absent
from pipeline.ddl.outcomes import Action, registered
from pipeline.ddl.verdict import Outcome, Verdict
from providers.iceberg.columns import decimal_digits, widens
from stack.settings.archived_types import archive_type
from stack.settings.sql_names import quoted

if TYPE_CHECKING:
    from pipeline.ddl.outcomes import Answered
    from pipeline.ddl.state import Col

_PARQUET: Final = "new files have the new type, and files of before the old one: a reader casts"


class _Fit(Enum):
    """Relation of a column's new type to the type of the archive's existing column."""

    SAME = "the archive's column is of the same type"
    WIDENED = "the archive's column becomes wider, which Iceberg does without writing files anew"
    NARROWER = "the archive's column stays as it is, and the values fit"
    LETTERS = "the archive's column cannot become of this type, and rows whose values do not fit become dead letters"


def _fit(before: str, after: str) -> _Fit:
    if before == after:
        return _Fit.SAME
    if widens(before, after):
        return _Fit.WIDENED
    return _Fit.NARROWER if widens(after, before) else _Fit.LETTERS


def change(action: Action) -> Verdict:
    """Return the verdict on ALTER COLUMN … TYPE."""
    name, node = action.node["name"], action.node["def"]["ColumnDef"]
    state, table = action.state, action.table
    kind = types.of_node(node["typeName"], state.own)
    what = f"ALTER COLUMN {quoted(name)} TYPE {kind.spelling}"
    column = table.columns.get(name)
    if column is None:
        return absent(action, name, what)
    using = "raw_default" in node
    database = (postgres.EXCLUSIVE, postgres.type_change(column.type.spelling, kind.spelling, using=using))
    base = Verdict(what=what, outcome=Outcome.UNKNOWN, reason=(), table=table.model.qualified, database=database)
    if kind.archived is None or column.type.archived is None:
        reason = kind.lost[0] if kind.lost else "it is none that is known here"
        told: tuple[str, ...] = (f"type {kind.spelling}: {reason}; what the registry and the archive's column get is not known",)
        outcome = Outcome.STOPS if kind.lost else Outcome.UNKNOWN
        steps: tuple[str, ...] = (f"instead: {kind.lost[1]}, or a new column",) if kind.lost else ()
        return replace(base, outcome=outcome, reason=told, steps=steps)
    if kind.spelling == column.type.spelling:
        return _as_in_the_model(column, base, using=using)
    changed = replace(column, type=kind, default=replace(column.default, seen=_still_seen(column, kind)))
    after = table.with_column(changed)
    state.put(after)
    answer = registered(action, after)
    verdict = replace(
        base,
        outcome=answer.outcome,
        reason=answer.reason,
        steps=answer.steps,
        subjects=answer.subjects,
        model=(f"{cures.where(state.stack, table)}: {cures.changed_type(state.stack, changed)}",),
    )
    converts = using or _respells(column.type.spelling, kind.spelling)
    return _converted(action, _judged(action, verdict, answer, column, changed), converts=converts)


def _respells(before: str, after: str) -> bool:
    """Return whether a conversion between types that are text in the archive may write another text: ``json`` to ``jsonb``."""
    if not (archive_type(before) == archive_type(after) == "string"):
        return False
    kinds = {spelling.partition("(")[0] for spelling in (before, after)}
    return not kinds <= {"text", "varchar"}


def _still_seen(column: Col, kind: types.Type) -> bool | None:
    """Return whether the schema has a default with another type; PostgreSQL converts the default with the column."""
    if column.default.kind is defaults.Kind.NONE:
        return False
    return column.default.seen if kind.archived == column.type.archived else None


def _as_in_the_model(column: Col, base: Verdict, *, using: bool) -> Verdict:
    """Return the verdict where the model has the new type already: the database has it too, or the model was changed first."""
    if column.type.archived == "string" and not using:
        same: tuple[str, ...] = ("the model has this type already, and the archive has text whatever the type was before",)
        return replace(base, outcome=Outcome.FOLLOWS, reason=same)
    reason: tuple[str, ...] = (
        "the model has this type already: either the database has it too and nothing changes, or the model was changed first",
        "which type the database has now is not known here",
    )
    steps: tuple[str, ...] = ("ask with the model as the database has it, and follow the steps from there",)
    return replace(base, outcome=Outcome.UNKNOWN, reason=reason, steps=steps)


def _judged(action: Action, verdict: Verdict, answer: Answered, column: Col, changed: Col) -> Verdict:
    stack, table = action.state.stack, action.table
    if not stack.has_iceberg:
        reason: tuple[str, ...] = verdict.reason or ("the source and the registry follow",)
        return replace(verdict, reason=reason, archive=(_PARQUET,) if column.type.archived != changed.type.archived else ())
    fit = _fit(column.type.archived or "", changed.type.archived or "")
    archive = (f"{fit.value} ({column.type.archived}, then {changed.type.archived})" if fit is not _Fit.SAME else fit.value,)
    if fit is _Fit.LETTERS:
        steps: tuple[str, ...] = _new_column(action, column, changed)
        reason = (*answer.reason, "values that the archive's column cannot hold become dead letters, row for row, while other rows go on")
        kept = ("the type of the archive's column cannot be changed so: keep it in the model",)
        return replace(verdict, outcome=Outcome.STOPS, reason=reason, steps=steps, archive=archive, model=kept)
    if fit is _Fit.WIDENED:
        first: tuple[str, ...] = (f"{cures.where(stack, table)}, write: {cures.changed_type(stack, changed)}", cures.up(stack))
        steps = (*first, *(answer.steps or (action.step,)))
        needed = "the model first: the sink refuses values that the archive's column cannot hold yet"
        reason = answer.reason or (needed if decimal_digits(changed.type.archived or "") else "the model first, so that both agree",)
        outcome = Outcome.STEPS if answer.outcome is Outcome.FOLLOWS else answer.outcome
        return replace(verdict, outcome=outcome, reason=reason, steps=steps, archive=archive)
    if fit is _Fit.NARROWER:
        kept = (
            (
                f"keep {column.type.spelling} in the model: Iceberg makes no column narrower, and `up` would refuse it; the doctor tells "
                "the difference"
            ),
        )
        return replace(verdict, reason=answer.reason or ("the registry takes it",), archive=archive, model=kept)
    reason = answer.reason or ("source, registry and archive see no other type",)
    return replace(verdict, reason=reason, archive=archive)


def _new_column(action: Action, column: Col, changed: Col) -> tuple[str, ...]:
    """Return the way that every change of a type can take: a new column."""
    table, new = action.table, f"{column.archive_name}_2"
    alter = f"ALTER TABLE {table.sql}"
    return (
        "instead of it, a new column (and ask for it first):",
        f"{alter} ADD COLUMN {new} {changed.type.spelling};",
        f"UPDATE {table.sql} SET {new} = {quoted(column.name)}; -- in parts; each row is sent",
        f"let the application write {new}, and leave {quoted(column.name)} as it is",
    )


def _converted(action: Action, verdict: Verdict, *, converts: bool) -> Verdict:
    """Return the verdict with what a conversion leaves behind: rows whose values change are not sent."""
    if not converts:
        return verdict
    again = cures.read_again(action.state.stack, action.table)
    reason: tuple[str, ...] = (*verdict.reason, "the conversion may change values of rows that are not sent; they have to be read again")
    steps: tuple[str, ...] = (*(verdict.steps or (action.step,)), again)
    outcome = Outcome.STEPS if verdict.outcome is Outcome.FOLLOWS else verdict.outcome
    return replace(verdict, outcome=outcome, reason=reason, steps=steps)
