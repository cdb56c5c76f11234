"""Rules for keys and constraints."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from pipeline.ddl import cures, postgres
from pipeline.ddl.names import words
from pipeline.ddl.outcomes import Action, registered
from pipeline.ddl.tables import GUARD
from pipeline.ddl.verdict import Outcome, Verdict
from stack.settings.sql_names import quoted, text_literal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.ddl.parsing import Node

_ORDER: Final = (
    "rows of before keep their key in Kafka and in the archive: views group by the new key from then on, and Kafka orders the changes of a "
    "row by either key only from this moment"
)
_NO_KEY: Final = f"without a key nothing says which row a change is of; where no other unique index over NOT NULL columns is left, {GUARD}"
_CONSTRAINTS: Final = {
    "CONSTR_UNIQUE": ("UNIQUE", postgres.EXCLUSIVE),
    "CONSTR_CHECK": ("CHECK", postgres.EXCLUSIVE),
    "CONSTR_FOREIGN": ("FOREIGN KEY", postgres.SHARE_ROW),
    "CONSTR_EXCLUSION": ("EXCLUDE", postgres.EXCLUSIVE),
}


def add_constraint(action: Action) -> Verdict:
    """Return the verdict on ADD CONSTRAINT, and on ADD PRIMARY KEY without a key before."""
    constraint: Node = action.node["def"]["Constraint"]
    kind = constraint["contype"]
    if kind == "CONSTR_PRIMARY":
        return new_key(action, constraint)
    if kind in _CONSTRAINTS:
        name, lock = _CONSTRAINTS[kind]
        reason: tuple[str, ...] = ("the source sees no constraint but the key: nothing changes in schemas and archive",)
        scan = () if constraint.get("skip_validation") or kind == "CONSTR_UNIQUE" else (postgres.SCAN,)
        return Verdict(
            what=f"ADD {name}", outcome=Outcome.FOLLOWS, table=action.table.model.qualified, reason=reason, database=(lock, *scan)
        )
    return Verdict(
        what=f"ADD CONSTRAINT {constraint.get('conname', '')}".strip(),
        outcome=Outcome.UNKNOWN,
        table=action.table.model.qualified,
        reason=("a constraint of this kind is not known here",),
    )


def new_key(action: Action, constraint: Node) -> Verdict:
    """Return the verdict on a primary key that replaces the key of the model.

    Args:
        action: The action.
        constraint: Node of the constraint.
    """
    table, state = action.table, action.state
    columns = words(constraint.get("keys", []))
    what = f"ADD PRIMARY KEY ({', '.join(map(quoted, columns))})" if columns else "ADD PRIMARY KEY USING INDEX"
    base = Verdict(
        what=what,
        outcome=Outcome.UNKNOWN,
        reason=(),
        table=table.model.qualified,
        database=(postgres.EXCLUSIVE, f"an index is built, and {postgres.SCAN}"),
    )
    missing = [name for name in columns if name not in table.columns]
    if not columns or missing:
        shown = f"the model has no column {', '.join(missing)}" if missing else "the statement names an index and not its columns"
        return replace(base, outcome=Outcome.UNKNOWN, reason=(shown,))
    were_null = any(table.columns[name].nullable for name in columns)
    keyed = replace(table, key=tuple(columns))
    for name in columns:
        keyed = keyed.with_column(replace(keyed.columns[name], nullable=False))
    state.put(keyed)
    declared = _of_model(action)
    if set(columns) == set(declared):
        reason: tuple[str, ...] = (f"the key of the model stays ({', '.join(declared)}): topic, registry and archive see no change",)
        done = replace(action, table=replace(table, key=declared))
        answer = registered(done, keyed)
        return replace(base, outcome=answer.outcome, reason=answer.reason or reason, steps=answer.steps, subjects=answer.subjects)
    answer = registered(replace(action, table=replace(table, key=declared)), keyed)
    names = [keyed.columns[name].archive_name for name in columns]
    line = f"primaryKey: [{', '.join(names)}]" if not state.stack.is_managed else f"primary_key=({', '.join(map(repr, names))},),"
    first: tuple[str, ...] = (
        "both in one ALTER TABLE: DROP CONSTRAINT … , ADD PRIMARY KEY (…), so that no change arrives without a key between",
    )
    later: tuple[str, ...] = (
        f"{cures.where(state.stack, table)}, write: {line}",
        cures.up(state.stack),
        cures.read_again(state.stack, table),
    )
    outcome = Outcome.STEPS if answer.outcome is Outcome.FOLLOWS else answer.outcome
    return replace(
        base,
        outcome=outcome,
        reason=(*answer.reason, _ORDER, *((cures.NULLS_KEPT,) if were_null else ())),
        steps=(*((cures.NULLS_FIRST,) if were_null else ()), *first, *(answer.steps or (action.step,)), *later),
        subjects=answer.subjects,
        archive=("no file is written anew; the archive's table has no key of its own",),
        model=(line,),
    )


def _of_model(action: Action) -> tuple[str, ...]:
    there = {column.name: column.in_database for column in action.table.model.columns}
    return tuple(there[name] for name in action.table.model.primary_key)


def drop_constraint(action: Action, others: Sequence[Node]) -> Verdict:
    """Return the verdict on DROP CONSTRAINT.

    Args:
        action: The action.
        others: Nodes of all actions of the statement.
    """
    name, table = action.node["name"], action.table
    what = f"DROP CONSTRAINT {quoted(name)}"
    base = Verdict(
        what=what, outcome=Outcome.UNKNOWN, reason=(), table=table.model.qualified, database=(postgres.EXCLUSIVE, postgres.BRIEF)
    )
    own = name == f"{table.name.name}_pkey"
    follows = any(_makes_key(other) for other in others)
    if follows:
        reason: tuple[str, ...] = ("the statement gives the table another primary key: see there",)
        return replace(base, outcome=Outcome.FOLLOWS, reason=reason)
    if own and table.model.key == "primary key":
        action.state.put(replace(table, key=()))
        steps: tuple[str, ...] = (
            f"in one statement: ALTER TABLE {table.sql} DROP CONSTRAINT {quoted(name)}, ADD PRIMARY KEY (…); and ask for that",
        )
        return replace(base, outcome=Outcome.STOPS, reason=(_NO_KEY,), steps=steps)
    if action.state.stack.is_managed:
        reason = ("it is not the key, whose name the program has given: schemas and archive see no other constraint",)
        return replace(base, outcome=Outcome.FOLLOWS, reason=reason)
    wanted = f"conrelid = {text_literal(table.sql)}::regclass AND conname = {text_literal(name)}"
    reason = (f"which constraint {name} is, the table file does not say: the key of the table, or one that the source does not see",)
    steps = (
        f"in the database: SELECT contype FROM pg_constraint WHERE {wanted};",
        "p, or u over the columns of the key: the key goes, so give the table another one in the same statement; c or f: it follows",
    )
    return replace(base, outcome=Outcome.UNKNOWN, reason=reason, steps=steps)


def _makes_key(command: Node) -> bool:
    return bool(command.get("def", {}).get("Constraint", {}).get("contype") == "CONSTR_PRIMARY")
