"""Rules for ADD COLUMN."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from pipeline.ddl import cures, defaults, postgres, types
from pipeline.ddl.defaults import Kind
from pipeline.ddl.outcomes import Action, registered
from pipeline.ddl.state import Col
from pipeline.ddl.verdict import Outcome, Verdict
from pipeline.existing_database.renaming import renamed
from providers.iceberg.columns import decimal_digits
from stack.settings.sql_names import quoted

if TYPE_CHECKING:
    from pipeline.ddl.parsing import Node
    from pipeline.ddl.state import Captured, State

# Iceberg types of which the sink makes another where it adds a column itself: it sees text
_AS_TEXT: Final = frozenset({"timestamp", "timestamptz"})
_RESERVED: Final = "the archive cannot have this name (capitals or other letters, reserved, or an hour's)"


@dataclass(frozen=True, slots=True)
class _Added:
    """A new column, as the statement describes it."""

    name: str
    type: types.Type
    not_null: bool
    default: defaults.Default
    generated: bool
    has_check: bool
    is_key: bool


def add(action: Action) -> Verdict:
    """Return the verdict on a column that is added."""
    state, table = action.state, action.table
    new = _read(state, action.node["def"]["ColumnDef"])
    what = f"ADD COLUMN {quoted(new.name)} {new.type.spelling}{' NOT NULL' if new.not_null else ''}"
    there = table.columns.get(new.name)
    unclear = _unclear(new, there)
    if unclear:
        return Verdict(what=what, outcome=Outcome.UNKNOWN, table=table.model.qualified, reason=(unclear,))
    left_out = new.name in table.model.left_out
    archive_name = there.archive_name if there else _archive_name(table, new.name)
    column = Col(new.name, archive_name, new.type, nullable=not new.not_null, default=new.default, declared=False)
    before = table.without(new.name)
    after = before.with_column(column)
    database = _database(new)
    if left_out or new.generated or new.type.lost or (new.type.spelling == "interval" and not new.has_check):
        return _left_out(action, new, what, database, declared=left_out)
    if new.type.archived is None:
        return _unknown_type(action, new, what, database)
    state.put(after)
    # what the database has is what the registry has; a column of the model alone is not there yet
    answer = registered(replace(action, table=before), after)
    verdict = Verdict(
        what=what,
        outcome=answer.outcome,
        table=table.model.qualified,
        reason=answer.reason,
        steps=answer.steps,
        subjects=answer.subjects,
        archive=_archive(action, column),
        database=database,
        model=(f"{cures.where(state.stack, table)}: {_line(action, column)}",),
    )
    if answer.outcome is not Outcome.FOLLOWS:
        return _without_not_null(action, verdict, new) if new.not_null else verdict
    return _following(action, verdict, new, column, declared=there is not None)


def _unclear(new: _Added, there: Col | None) -> str:
    """Return why the statement cannot be judged with the columns that are there; empty where it can."""
    if new.is_key:
        return "the column becomes the key; add the column first and the key in a statement of its own, and ask again"
    if there is not None and not there.declared:
        return "the text has added the column already, and PostgreSQL refuses it twice"
    if there is not None and there.type.spelling != new.type.spelling:
        return f"the model has the column as {there.type.spelling}, and the statement makes it {new.type.spelling}; make them alike"
    return ""


def _read(state: State, node: Node) -> _Added:
    kind = types.of_node(node["typeName"], state.own) if "typeName" in node else types.Type("?", None)
    constraints = [one["Constraint"] for one in node.get("constraints", [])]
    found = {one["contype"] for one in constraints}
    default = defaults.SEQUENCE if kind.serial else defaults.NO_DEFAULT
    for one in constraints:
        if one["contype"] == "CONSTR_DEFAULT":
            default = defaults.of_node(one["raw_expr"], kind.spelling)
        if one["contype"] == "CONSTR_IDENTITY":
            default = defaults.Default(Kind.VOLATILE, seen=False)
    is_key = "CONSTR_PRIMARY" in found
    not_null = bool(found & {"CONSTR_NOTNULL", "CONSTR_IDENTITY"}) or is_key or kind.serial
    return _Added(node["colname"], kind, not_null, default, "CONSTR_GENERATED" in found, "CONSTR_CHECK" in found, is_key)


def _database(new: _Added) -> tuple[str, ...]:
    if new.generated or new.default.kind is Kind.VOLATILE:
        return (postgres.EXCLUSIVE, postgres.REWRITE)
    if new.default.kind is Kind.UNKNOWN:
        return (postgres.EXCLUSIVE, postgres.MAY_REWRITE)
    empty = ("PostgreSQL refuses NOT NULL without a default unless the table is empty",)
    return (postgres.EXCLUSIVE, postgres.BRIEF, *(empty if new.not_null and new.default.kind is Kind.NONE else ()))


def _archive_name(table: Captured, name: str) -> str:
    """Return the name that `make tables` would give a column in the archive."""
    taken = [*table.columns, *(column.archive_name for column in table.columns.values())]
    return renamed([*taken, name], "col", columns=True).get(name, name)


def _line(action: Action, column: Col) -> str:
    """Return the column as the model has it; the default of the program's own tables is the statement's."""
    return cures.model_line(action.state.stack, column, extra="" if column.default.kind is Kind.NONE else "…")


def _archive(action: Action, column: Col) -> tuple[str, ...]:
    old = "files of before are not written anew: their rows have NULL there"
    if not action.state.stack.has_iceberg:
        return (f"new files have the column {column.archive_name}; {old}",)
    wide = decimal_digits(column.type.archived or "")
    shown = f"{column.type.archived}; decimal(38,{wide[1]}) where the sink adds it" if wide else column.type.archived
    return (f"the table gets the column {column.archive_name} ({shown}); {old}",)


def _left_out(action: Action, new: _Added, what: str, database: tuple[str, ...], *, declared: bool) -> Verdict:
    """Return the verdict on a column whose values do not arrive as they are."""
    table, stack = action.table, action.state.stack
    reason, instead = new.type.lost or ("", "")
    if new.generated:
        reason, instead = "it is generated: the log does not hold its values, a snapshot does", "a plain column, filled by a trigger"
    elif not reason and new.type.spelling == "interval":
        reason, instead = "an infinite interval would arrive as zero", f"the same with CHECK (isfinite({quoted(new.name)}))"
    base = Verdict(what=what, outcome=Outcome.UNKNOWN, reason=(), table=table.model.qualified, database=database)
    if declared:
        out = ("the model leaves the column out by its name, so that nothing of it is captured",)
        return replace(base, outcome=Outcome.FOLLOWS, reason=out)
    kind = "" if new.generated else f"type {new.type.spelling}: "
    told: tuple[str, ...] = (f"{kind}{reason}; the source captures the column all the same unless it is left out",)
    if stack.is_managed:
        steps: tuple[str, ...] = (f"instead: {instead}",)
        return replace(base, outcome=Outcome.STEPS, reason=told, steps=steps)
    line = cures.left_out_line(new.name, reason)
    steps = (
        f"{cures.where(stack, table)}, add: {line}",
        cures.up(stack),
        action.step,
        f"(or another type: {instead}, which is archived)",
    )
    model = (f"{cures.where(stack, table)}: {line}",)
    return replace(base, outcome=Outcome.STEPS, reason=told, steps=steps, model=model)


def _unknown_type(action: Action, new: _Added, what: str, database: tuple[str, ...]) -> Verdict:
    kind = new.type.spelling
    reason: tuple[str, ...] = (
        (
            f"type {kind} is none that is known here: an enum, a composite type or a range is archived as text, a domain as its base type, "
            "and no test has shown what becomes of others"
        ),
    )
    steps: tuple[str, ...] = (
        f"in the database, find out: SELECT typtype FROM pg_type WHERE oid = '{kind.replace(chr(39), chr(39) * 2)}'::regtype;",
        (
            "e, c or r: add the column to the table file with archivedAs: text, then ask again; d: ask again with the domain's base type; "
            "otherwise leave the column out with leftOut"
        ),
    )
    return Verdict(what=what, outcome=Outcome.UNKNOWN, table=action.table.model.qualified, reason=reason, steps=steps, database=database)


def _without_not_null(action: Action, verdict: Verdict, new: _Added) -> Verdict:
    """Return the verdict with a way that needs no other level: NOT NULL as a CHECK, which no schema shows."""
    alter, name = f"ALTER TABLE {action.table.sql}", quoted(new.name)
    way = (
        (
            f"simplest, and ask for it first: {alter} ADD COLUMN {name} {new.type.spelling} without NOT NULL, with the same default, then "
            f"{alter} ADD CHECK ({name} IS NOT NULL); the source sees no CHECK, so that no level is changed"
        ),
    )
    return replace(verdict, steps=(*way, *(("or:", *verdict.steps) if verdict.steps else ())))


def _following(action: Action, verdict: Verdict, new: _Added, column: Col, *, declared: bool) -> Verdict:
    """Return the verdict on a column that the registry takes."""
    stack, table = action.state.stack, action.table
    if not declared and column.archive_name != new.name:
        return _named(action, verdict, column)
    before: tuple[str, ...] = ()
    seen = "the source reads the new column at the table's next change, and the registry takes it"
    reasons = [f"the model has the column already; if the database has it too, nothing changes; otherwise {seen}" if declared else seen]
    if not declared and stack.has_iceberg and column.type.archived in _AS_TEXT:
        reasons = [
            f"the sink would add the column as text, and `up` refuses to make {column.type.archived} of it later; so the model first"
        ]
        place, line = cures.where(stack, table), _line(action, column)
        before = (f"{place}, add: {line}", cures.up(stack))
    filled = new.default.kind is not Kind.NONE
    later: tuple[str, ...] = ()
    if filled:
        reasons.append(
            "rows that the table has get the default without a change, so that the archive has NULL for them until they are read"
        )
        later = (cures.read_again(stack, table),)
    if before or later:
        steps: tuple[str, ...] = (*before, *(() if before and stack.is_managed else (action.step,)), *later)
        return replace(verdict, outcome=Outcome.STEPS, reason=tuple(reasons), steps=steps)
    return replace(verdict, reason=tuple(reasons))


def _named(action: Action, verdict: Verdict, column: Col) -> Verdict:
    """Return the verdict on a column whose name the archive cannot have as it is."""
    stack, table = action.state.stack, action.table
    reason: tuple[str, ...] = (f"{_RESERVED}, so the model must give it another before the source sees it",)
    if stack.is_managed:
        steps: tuple[str, ...] = (
            f"choose another name, such as {column.archive_name}: the model of the program's own tables has no other",
        )
        return replace(verdict, outcome=Outcome.STEPS, reason=reason, steps=steps, model=())
    line = cures.model_line(stack, column)
    steps = (f"{cures.where(stack, table)}, add: {line}", cures.up(stack), action.step)
    filled = (cures.read_again(stack, table),) if column.default.kind is not Kind.NONE else ()
    return replace(verdict, outcome=Outcome.STEPS, reason=reason, steps=(*steps, *filled))
