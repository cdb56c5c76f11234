"""Rules for columns that are dropped or renamed, or whose nullability or default changes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from pipeline.ddl import cures, defaults, postgres
from pipeline.ddl.outcomes import Action, registered
from pipeline.ddl.verdict import Outcome, Verdict
from stack.settings.sql_names import quoted

if TYPE_CHECKING:
    from pipeline.ddl.state import Captured, Col

_STAYS: Final = "the archive's column stays, and has NULL in all rows from then on; files of before are not written anew"
_MADE_AGAIN: Final = (
    "the program creates this database, and its next start adds what the model has and the database lacks (ADD COLUMN IF NOT EXISTS); a "
    "column that is NOT NULL without a default cannot be added to a table with rows, and the database would not start"
)


def absent(action: Action, name: str, what: str) -> Verdict:
    """Return the verdict on a column that the model does not have."""
    table = action.table.model
    if name in table.left_out:
        reason: tuple[str, ...] = (f"the column {name} is left out by the model, and nothing of it is captured",)
        return Verdict(what=what, outcome=Outcome.FOLLOWS, table=table.qualified, reason=reason, database=(postgres.EXCLUSIVE,))
    reason = (f"the model has no column {name}; compare it with the database (make tables STACK=…, or the model), and ask again",)
    return Verdict(what=what, outcome=Outcome.UNKNOWN, table=table.qualified, reason=reason)


def drop(action: Action) -> Verdict:
    """Return the verdict on a column that is dropped."""
    state, table, name = action.state, action.table, action.node["name"]
    what = f"DROP COLUMN {quoted(name)}"
    column = table.columns.get(name)
    if column is None:
        return absent(action, name, what)
    stack = state.stack
    base = Verdict(
        what=what,
        outcome=Outcome.UNKNOWN,
        reason=(),
        table=table.model.qualified,
        database=(postgres.EXCLUSIVE, postgres.BRIEF),
        archive=(_STAYS,),
    )
    if name in table.key:
        reason: tuple[str, ...] = (
            (
                "the column is part of the key, which PostgreSQL drops with it: without one nothing says which row a change is of, and the "
                "source stops within a minute"
            ),
        )
        steps: tuple[str, ...] = (
            "give the table another key first, in one statement: DROP CONSTRAINT … , ADD PRIMARY KEY (…); and ask for that",
        )
        state.put(replace(table.without(name), key=()))
        return replace(base, outcome=Outcome.STOPS, reason=reason, steps=steps)
    after = table.without(name)
    state.put(after)
    answer = registered(action, after)
    if stack.is_managed and column.declared:
        steps = ("leave the column in database and model, and stop writing it",)
        outcome = Outcome.STEPS if column.nullable else Outcome.STOPS
        return replace(base, outcome=outcome, reason=(*answer.reason, _MADE_AGAIN), steps=steps, subjects=answer.subjects)
    kept = (
        "keep the column in the table file: with archive.format iceberg `up` refuses a table without it, since its old values would be "
        f"lost. {cures.tables_file(stack)} would take it out, and the doctor reports it as missing"
        if stack.has_iceberg
        else cures.tables_file(stack),
    )
    reason = answer.reason or ("the source reads the rows without the column, and the registry takes that",)
    return replace(base, outcome=answer.outcome, reason=reason, steps=answer.steps, subjects=answer.subjects, model=kept)


def rename(action: Action) -> Verdict:
    """Return the verdict on a column that gets another name."""
    state, table = action.state, action.table
    old, new = action.node["subname"], action.node["newname"]
    what = f"RENAME COLUMN {quoted(old)} TO {quoted(new)}"
    column, stack = table.columns.get(old), state.stack
    base = Verdict(
        what=what, outcome=Outcome.UNKNOWN, reason=(), table=table.model.qualified, database=(postgres.EXCLUSIVE, postgres.BRIEF)
    )
    declared = table.columns.get(new)
    if column is None and declared is not None and declared.archive_name != new:
        reason: tuple[str, ...] = (
            f"the model has the new name already, as databaseName of {declared.archive_name}: topic and archive see no change",
        )
        return replace(base, outcome=Outcome.FOLLOWS, reason=reason)
    if column is None:
        return absent(action, old, what)
    after = table.renamed(old, replace(column, name=new, archive_name=new, declared=False))
    state.put(after)
    subjects = registered(action, after).subjects
    archive = (
        f"without the model's change {column.archive_name} stays with NULL from then on, and {new} is a new column, NULL in all older rows",
    )
    if stack.is_managed:
        reason = (_MADE_AGAIN,)
        steps: tuple[str, ...] = ("keep the name in the database, and rename the column in a view",)
        return replace(base, outcome=Outcome.STOPS, reason=reason, steps=steps, subjects=subjects, archive=archive)
    if old in table.key and table.model.key == "unique index":
        reason = (
            (
                "the column is part of a key that is no primary key, which the source finds by the column's name; the order of the change "
                "of the model and of this statement has not been tried"
            ),
        )
        return replace(base, outcome=Outcome.UNKNOWN, reason=reason, subjects=subjects, archive=archive)
    line = cures.model_line(stack, replace(column, name=new))
    reason = (
        (
            "with the new name as databaseName in the table file, topic, registry and archive keep the old one and see no change; the "
            "source knows both names between `up` and the statement"
        ),
    )
    steps = (f"{cures.where(stack, table)}, write: {line}", cures.up(stack), action.step)
    return replace(base, outcome=Outcome.STEPS, reason=reason, steps=steps, subjects=subjects, archive=archive, model=(line,))


def set_not_null(action: Action) -> Verdict:
    """Return the verdict on SET NOT NULL."""
    database = (postgres.EXCLUSIVE, f"{postgres.SCAN}, unless a valid CHECK (… IS NOT NULL) proves it")
    return _nullability(action, action.node["name"], nullable=False, database=database)


def drop_not_null(action: Action) -> Verdict:
    """Return the verdict on DROP NOT NULL."""
    return _nullability(action, action.node["name"], nullable=True, database=(postgres.EXCLUSIVE, postgres.BRIEF))


def _nullability(action: Action, name: str, *, nullable: bool, database: tuple[str, ...]) -> Verdict:
    what = f"ALTER COLUMN {quoted(name)} {'DROP' if nullable else 'SET'} NOT NULL"
    table = action.table
    column = table.columns.get(name)
    if column is None:
        return absent(action, name, what)
    if column.nullable == nullable:
        reason: tuple[str, ...] = (f"by the model the column {'allows NULL' if nullable else 'is NOT NULL'} already",)
        return Verdict(what=what, outcome=Outcome.FOLLOWS, table=table.model.qualified, reason=reason, database=database)
    if nullable and name in table.key:
        refused = "PostgreSQL refuses it for a column of the primary key"
        reason = (refused if table.model.key == "primary key" else "the unique index would be no key any more: choose another key first",)
        steps: tuple[str, ...] = ("give the table another key first",)
        return Verdict(what=what, outcome=Outcome.STOPS, table=table.model.qualified, reason=reason, steps=steps, database=database)
    after = table.with_column(replace(column, nullable=nullable))
    action.state.put(after)
    answer = registered(action, after)
    line = cures.changed_nullability(action.state.stack, replace(column, nullable=nullable))
    steps = answer.steps
    if not nullable and steps:
        check = f"ALTER TABLE {table.sql} ADD CHECK ({quoted(name)} IS NOT NULL) NOT VALID;"
        validate = "then VALIDATE CONSTRAINT with the name that PostgreSQL has given; the source sees no CHECK, so that no level is changed"
        steps = (f"simplest, instead of it: {check} {validate}", "or:", cures.NULLS_FIRST, *steps)
    reason = answer.reason or ("the registry takes it",)
    return Verdict(
        what=what,
        outcome=answer.outcome,
        table=table.model.qualified,
        reason=reason if nullable else (*reason, cures.NULLS_KEPT),
        steps=steps,
        subjects=answer.subjects,
        archive=("nothing: every column of the archive allows NULL",),
        database=database,
        model=(f"{cures.where(action.state.stack, table)}: {line}",),
    )


def default(action: Action) -> Verdict:
    """Return the verdict on SET DEFAULT and DROP DEFAULT."""
    name, expression = action.node["name"], action.node.get("def")
    what = f"ALTER COLUMN {quoted(name)} {'SET' if expression else 'DROP'} DEFAULT"
    table = action.table
    column = table.columns.get(name)
    if column is None:
        return absent(action, name, what)
    given = defaults.of_node(expression, column.type.spelling) if expression else defaults.NO_DEFAULT
    after = table.with_column(replace(column, default=given))
    action.state.put(after)
    answer = registered(action, after)
    reasons = ["rows of before keep their values, so that nothing is sent; a field that both schemas have may gain or lose its default"]
    if given.seen is None and not column.nullable:
        reasons.append("whether the source reads a default from this expression is unknown, and makes no difference now")
    return Verdict(
        what=what,
        outcome=answer.outcome,
        table=table.model.qualified,
        reason=answer.reason or tuple(reasons),
        steps=answer.steps,
        subjects=answer.subjects,
        database=(postgres.EXCLUSIVE, postgres.BRIEF),
        model=_default_in_model(action, table, column),
    )


def _default_in_model(action: Action, table: Captured, column: Col) -> tuple[str, ...]:
    if action.state.stack.is_managed:
        return (f"{cures.where(action.state.stack, table)}: the default of {column.archive_name}, for a database that is created later",)
    return ("nothing: the table file has no defaults",)
