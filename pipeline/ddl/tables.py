"""Rules for whole tables: renamed, moved, dropped, emptied, partitioned, and what the log holds of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pipeline.ddl import cures, postgres
from pipeline.ddl.verdict import Outcome, Verdict
from stack.settings.sql_names import quoted

if TYPE_CHECKING:
    from pipeline.ddl.names import Name
    from pipeline.ddl.outcomes import Action
    from pipeline.ddl.state import Captured, State

GUARD: Final = (
    "the source looks at its tables every 20 seconds: it stops within a minute, for all tables, and names the cure; the slot keeps the "
    "changes meanwhile"
)
_MAKES_AGAIN: Final = (
    "the program creates this database, and its next start makes an empty table of the old name (CREATE TABLE IF NOT EXISTS)"
)


def _verdict(
    action: Action,
    what: str,
    outcome: Outcome,
    *reason: str,
    steps: tuple[str, ...] = (),
    model: tuple[str, ...] = (),
    archive: tuple[str, ...] = (),
    database: tuple[str, ...] = (postgres.EXCLUSIVE, postgres.BRIEF),
) -> Verdict:
    name = action.table.model.qualified
    return Verdict(what=what, outcome=outcome, table=name, reason=reason, steps=steps, model=model, archive=archive, database=database)


def rename(action: Action, new: Name) -> Verdict:
    """Return the verdict on a captured table that gets another name."""
    state, table = action.state, action.table
    what = f"RENAME TABLE {table.sql} TO {quoted(new.name)}"
    del state.tables[table.name.full]
    state.renamed.add(new.full)
    if any(model.in_database == new.full for model in state.stack.tables):
        return swapped(state, new, what, action.step)
    if state.stack.is_managed:
        steps: tuple[str, ...] = ("keep the name in the database, and give the new one to a view",)
        return _verdict(action, what, Outcome.STOPS, GUARD, _MAKES_AGAIN, steps=steps)
    name = table.model.name
    line = f"name: {name}" if name == new.name else f"name: {name}, databaseName: {cures.scalar(new.name)}"
    steps = (
        "wait until the source has no lag: what was written under the old name and is read after `up` is filtered out",
        action.step,
        f"{cures.where(state.stack, table)}, write: {line} (topic and archive keep their names)",
        cures.up(state.stack),
        cures.read_again(state.stack, table),
    )
    return _verdict(action, what, Outcome.STOPS, GUARD, steps=steps, model=(line,))


def moved(action: Action, schema: str) -> Verdict:
    """Return the verdict on a captured table that goes to another schema."""
    state, table = action.state, action.table
    what = f"ALTER TABLE {table.sql} SET SCHEMA {quoted(schema)}"
    del state.tables[table.name.full]
    if state.stack.is_managed:
        steps: tuple[str, ...] = (f"leave it where it is: the program creates tables in {table.name.schema} only",)
        return _verdict(action, what, Outcome.STOPS, GUARD, _MAKES_AGAIN, steps=steps)
    line = f"databaseSchema: {schema}"
    steps = (
        "wait until the sink has caught up: the old topic is deleted with its rows",
        action.step,
        f"{cures.where(state.stack, table)}, write: {line}",
        f"GRANT USAGE ON SCHEMA {quoted(schema)} TO {state.stack.names.debezium_role};",
        cures.up(state.stack),
        cures.read_again(state.stack, table),
    )
    archive = ("topic and archive have the schema in their names: they are new ones, and the old table of the archive ends",)
    return _verdict(action, what, Outcome.STOPS, GUARD, steps=steps, model=(line,), archive=archive)


def drop(action: Action) -> Verdict:
    """Return the verdict on a captured table that is dropped."""
    state, table = action.state, action.table
    state.tables.pop(table.name.full, None)
    steps: tuple[str, ...] = (
        "wait until the sink has caught up: the topic is deleted with its rows",
        f"take the table {table.model.name} out of the model",
        f"{cures.up(state.stack)} (with protect: true, set that to false for this one update)",
        action.step,
    )
    archive = ("an Iceberg table stays, with all its rows, unless archive.destroyWithStack is set; files always stay",)
    reason: tuple[str, ...] = (GUARD, "no deletes are sent for its rows: they stay current in the archive")
    return _verdict(action, f"DROP TABLE {table.sql}", Outcome.STOPS, *reason, steps=steps, archive=archive)


def truncate(action: Action) -> Verdict:
    """Return the verdict on a captured table that is emptied."""
    table = action.table
    reason = "the archive gets a mark, which takes the rows of before out of the current state; they stay in its history"
    backfill = "start a backfill of the table that runs meanwhile once more: what it has read before may stay in the current state"
    return _verdict(action, f"TRUNCATE {table.sql}", Outcome.FOLLOWS, reason, backfill, database=(postgres.EXCLUSIVE,))


def identity(action: Action) -> Verdict:
    """Return the verdict on REPLICA IDENTITY."""
    kind = action.node["def"]["ReplicaIdentityStmt"]["identity_type"]
    word = {"f": "FULL", "d": "DEFAULT", "n": "NOTHING", "i": "USING INDEX"}[kind]
    what, table = f"REPLICA IDENTITY {word}", action.table
    if kind == "f":
        return _verdict(action, what, Outcome.FOLLOWS, "it is what the source needs")
    reason = "and the log lacks the old rows: long values that a change leaves as they are, and the values of deleted rows"
    steps: tuple[str, ...] = (f"ALTER TABLE {table.sql} REPLICA IDENTITY FULL;", cures.read_again(action.state.stack, table))
    return _verdict(action, what, Outcome.STOPS, GUARD, reason, steps=("do not run it; if it was run:", *steps))


def unlogged(action: Action) -> Verdict:
    """Return the verdict on SET UNLOGGED."""
    reason: tuple[str, ...] = (
        "PostgreSQL refuses it for a table of a publication",
        f"and without the publication, {GUARD}",
    )
    steps: tuple[str, ...] = (f"leave it logged; if it was run: ALTER TABLE {action.table.sql} SET LOGGED;",)
    return _verdict(action, "SET UNLOGGED", Outcome.STOPS, *reason, steps=steps, database=(postgres.EXCLUSIVE, postgres.REWRITE))


def logged(action: Action) -> Verdict:
    """Return the verdict on SET LOGGED."""
    return _verdict(action, "SET LOGGED", Outcome.FOLLOWS, "a captured table is logged already")


def attach(action: Action, partition: Name) -> Verdict:
    """Return the verdict on a partition that a captured table gets."""
    state, table = action.state, action.table
    what = f"ATTACH PARTITION {partition.sql}"
    rows = "rows that the partition has already are not sent"
    again = cures.read_again(state.stack, table)
    database = (f"{postgres.SHARED} (parent); ACCESS EXCLUSIVE on the partition, and {postgres.SCAN} unless a CHECK proves its bounds",)
    if partition.within(table.name.schema).full in state.whole:
        return _verdict(action, what, Outcome.STEPS, rows, steps=(action.step, again), database=database)
    steps: tuple[str, ...] = (f"ALTER TABLE {partition.sql} REPLICA IDENTITY FULL; -- first", action.step, again)
    reason = f"without replica identity FULL of the partition, {GUARD}"
    return _verdict(action, what, Outcome.STEPS, reason, rows, steps=steps, database=database)


def detach(action: Action, partition: Name) -> Verdict:
    """Return the verdict on a partition that a captured table loses."""
    reason = "no deletes are sent for its rows: they stay current in the archive, though the table has them no more"
    steps: tuple[str, ...] = (f"if they shall go there too, first: DELETE FROM {partition.sql}; -- each row is sent", action.step)
    what = f"DETACH PARTITION {partition.sql}"
    return _verdict(action, what, Outcome.STEPS, reason, steps=steps, database=(postgres.EXCLUSIVE, "less with CONCURRENTLY"))


def new_partition(state: State, table: Captured, partition: Name, step: str) -> Verdict:
    """Return the verdict on a partition that is created for a captured table."""
    alter = f"ALTER TABLE {partition.sql} REPLICA IDENTITY FULL;"
    what = f"CREATE TABLE {partition.sql} PARTITION OF {table.sql}"
    if state.in_transaction and partition.within(table.name.schema).full in state.whole:
        reason: tuple[str, ...] = (
            "the text gives the new partition replica identity FULL in the same transaction: the source sees it with its first row",
        )
        return Verdict(what=what, outcome=Outcome.FOLLOWS, table=table.model.qualified, reason=reason, database=(postgres.EXCLUSIVE,))
    return Verdict(
        what=what,
        outcome=Outcome.STEPS,
        table=table.model.qualified,
        reason=(f"a new partition has no replica identity FULL, and {GUARD}; changes before the cure lack their old rows",),
        steps=("in one transaction:", "BEGIN;", step, alter, "COMMIT;"),
        database=(f"{postgres.EXCLUSIVE} (of the table)",),
    )


def swapped(state: State, name: Name, what: str, step: str) -> Verdict:
    """Return the verdict on a captured table that gets the name of another captured one."""
    model = next(table for table in state.stack.tables if table.in_database == name.full)
    return Verdict(
        what=what,
        outcome=Outcome.STOPS,
        table=model.qualified,
        reason=(
            "a captured table takes the name of another; the source knows its tables by their identity as well as by their name",
            GUARD,
            "until then the archived table gets the changes of the other, without deletes for its rows of before",
        ),
        steps=(
            "move the rows instead of the names; or:",
            "wait until the source has no lag",
            step,
            f".venv/bin/python -m pipeline epoch begin --stack {state.stack.name} --cause operator # it reads every table anew",
        ),
        database=(postgres.EXCLUSIVE, postgres.BRIEF),
    )


def takes_place(state: State, name: Name, what: str, step: str) -> Verdict:
    """Return the verdict on another table that gets the name of a captured one."""
    names, stack = state.stack.names, state.stack
    model = next(table for table in stack.tables if table.in_database == name.full)
    full, added = f"ALTER TABLE {name.sql} REPLICA IDENTITY FULL;", f"ALTER PUBLICATION {names.publication} ADD TABLE {name.sql};"
    columns = f"the table's columns must be those of the model: {cures.tables_file(stack)} shows the difference"
    return Verdict(
        what=what,
        outcome=Outcome.STOPS,
        table=model.qualified,
        reason=(
            "another table takes the name: it is not in the publication, which follows the old one, and not of replica identity FULL",
            GUARD,
            "its rows are not sent, and no deletes for those of the table before",
            f"whether its schema is compatible is not known here; {columns}",
        ),
        steps=(
            "in one transaction:",
            "BEGIN;",
            step,
            full,
            added,
            f"GRANT SELECT ON {name.sql} TO {names.debezium_role};",
            "COMMIT;",
            f".venv/bin/python -m pipeline backfill start --stack {stack.name} --table {model.qualified}",
        ),
        database=(postgres.EXCLUSIVE, postgres.BRIEF),
    )
