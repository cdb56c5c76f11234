"""Actions of ALTER TABLE: which rule judges each, and those that change nothing for the pipeline."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pipeline.ddl import added_columns, changed_columns, changed_types, keys, postgres, tables
from pipeline.ddl.names import of_relation
from pipeline.ddl.outcomes import Action
from pipeline.ddl.verdict import Outcome, Verdict
from stack.settings.sql_names import quoted, text_literal

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pipeline.ddl.parsing import Node, Statement
    from pipeline.ddl.state import Captured, State

_RULES: Final[dict[str, Callable[[Action], Verdict]]] = {
    "AT_AddColumn": added_columns.add,
    "AT_DropColumn": changed_columns.drop,
    "AT_AlterColumnType": changed_types.change,
    "AT_SetNotNull": changed_columns.set_not_null,
    "AT_DropNotNull": changed_columns.drop_not_null,
    "AT_ColumnDefault": changed_columns.default,
    "AT_AddConstraint": keys.add_constraint,
    "AT_ReplicaIdentity": tables.identity,
    "AT_SetUnLogged": tables.unlogged,
    "AT_SetLogged": tables.logged,
}
_COPY: Final = "the whole table is copied under the lock; none of its rows is sent through the log"
# Actions that no schema, no row and no look of the source shows, each with its SQL and PostgreSQL's lock
_WITHOUT_EFFECT: Final = {
    "AT_SetStatistics": ("SET STATISTICS", postgres.SHARED),
    "AT_SetOptions": ("SET (…)", postgres.SHARED),
    "AT_ResetOptions": ("RESET (…)", postgres.SHARED),
    "AT_SetStorage": ("SET STORAGE", postgres.SHARED),
    "AT_SetCompression": ("SET COMPRESSION", postgres.EXCLUSIVE),
    "AT_SetRelOptions": ("SET (…)", postgres.SHARED),
    "AT_ResetRelOptions": ("RESET (…)", postgres.SHARED),
    "AT_ChangeOwner": ("OWNER TO", postgres.EXCLUSIVE),
    "AT_ClusterOn": ("CLUSTER ON", postgres.SHARED),
    "AT_DropCluster": ("SET WITHOUT CLUSTER", postgres.SHARED),
    "AT_ValidateConstraint": ("VALIDATE CONSTRAINT", postgres.SHARED),
    "AT_AlterConstraint": ("ALTER CONSTRAINT", postgres.EXCLUSIVE),
    "AT_SetTableSpace": ("SET TABLESPACE", f"{postgres.EXCLUSIVE}; {_COPY}"),
    "AT_SetAccessMethod": ("SET ACCESS METHOD", f"{postgres.EXCLUSIVE}; {postgres.REWRITE}"),
    "AT_AddIdentity": ("ADD GENERATED AS IDENTITY", postgres.EXCLUSIVE),
    "AT_SetIdentity": ("SET GENERATED", postgres.EXCLUSIVE),
    "AT_DropIdentity": ("DROP IDENTITY", postgres.EXCLUSIVE),
    "AT_EnableTrig": ("ENABLE TRIGGER", postgres.SHARE_ROW),
    "AT_EnableAlwaysTrig": ("ENABLE ALWAYS TRIGGER", postgres.SHARE_ROW),
    "AT_EnableReplicaTrig": ("ENABLE REPLICA TRIGGER", postgres.SHARE_ROW),
    "AT_DisableTrig": ("DISABLE TRIGGER", postgres.SHARE_ROW),
    "AT_EnableTrigAll": ("ENABLE TRIGGER ALL", postgres.SHARE_ROW),
    "AT_DisableTrigAll": ("DISABLE TRIGGER ALL", postgres.SHARE_ROW),
    "AT_EnableTrigUser": ("ENABLE TRIGGER USER", postgres.SHARE_ROW),
    "AT_DisableTrigUser": ("DISABLE TRIGGER USER", postgres.SHARE_ROW),
    "AT_DisableRowSecurity": ("DISABLE ROW LEVEL SECURITY", postgres.EXCLUSIVE),
    "AT_NoForceRowSecurity": ("NO FORCE ROW LEVEL SECURITY", postgres.EXCLUSIVE),
}
_SECURED: Final = {"AT_EnableRowSecurity": "ENABLE ROW LEVEL SECURITY", "AT_ForceRowSecurity": "FORCE ROW LEVEL SECURITY"}


def of_captured(state: State, table: Captured, statement: Statement, commands: Sequence[Node]) -> list[Verdict]:
    """Return the verdicts on the actions of an ALTER TABLE for a captured table.

    Args:
        state: What is known; it is changed.
        table: The table.
        statement: The statement.
        commands: Nodes of the actions, in their order.
    """
    found = []
    for command in commands:
        # a table that an earlier action has taken away is judged as it was
        now = state.captured(table.name) or table
        found.append(_judged(Action(state, now, command, statement), commands))
    return found


def _judged(action: Action, commands: Sequence[Node]) -> Verdict:
    kind, name = action.node["subtype"], action.table.model.qualified
    if kind in _RULES:
        return _RULES[kind](action)
    if kind == "AT_DropConstraint":
        return keys.drop_constraint(action, commands)
    if kind in {"AT_AttachPartition", "AT_DetachPartition"}:
        partition = of_relation(action.node["def"]["PartitionCmd"]["name"])
        return (tables.attach if kind == "AT_AttachPartition" else tables.detach)(action, partition)
    if kind in _WITHOUT_EFFECT:
        what, lock = _WITHOUT_EFFECT[kind]
        reason = ("it changes neither rows nor columns, nor anything that the source looks at",)
        return Verdict(what=what, outcome=Outcome.FOLLOWS, table=name, reason=reason, database=(lock,))
    if kind in _SECURED:
        role = action.state.stack.names.debezium_role
        return Verdict(
            what=_SECURED[kind],
            outcome=Outcome.STEPS,
            table=name,
            reason=("changes go on, but a snapshot or a backfill would leave out rows that the policies hide from the source's role",),
            steps=(f"ALTER ROLE {role} BYPASSRLS;", action.step),
            database=(postgres.EXCLUSIVE,),
        )
    return Verdict(what=_words(kind), outcome=Outcome.UNKNOWN, table=name, reason=("no rule here knows this action",))


def _words(kind: str) -> str:
    """Return the parser's name of an action as words: ``AT_AddInherit`` becomes ``add inherit``."""
    return "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in kind.removeprefix("AT_")).strip()


def of_uncaptured(state: State, sql: str, commands: Sequence[Node]) -> list[Verdict]:
    """Return the verdict on an ALTER TABLE of a table that the model does not have.

    Args:
        state: What is known.
        sql: Name of the table, for SQL.
        commands: Nodes of the actions.
    """
    what = f"ALTER TABLE {sql}"
    less = any(one["subtype"] == "AT_ReplicaIdentity" and one["def"]["ReplicaIdentityStmt"]["identity_type"] != "f" for one in commands)
    if less and not state.stack.is_managed:
        reason = (f"if it is a partition of a captured table, which the table file does not list: {tables.GUARD}",)
        return [Verdict(what=what, outcome=Outcome.UNKNOWN, reason=reason, steps=(partition_of(sql),))]
    return [Verdict(what=what, outcome=Outcome.UNCONCERNED, reason=(f"{sql} is not captured",))]


def partition_of(sql: str) -> str:
    """Return how to find out of which table another one is a partition."""
    return (
        f"in the database: SELECT inhparent::regclass FROM pg_inherits WHERE inhrelid = {text_literal(sql)}::regclass; no row: it is none"
    )


def index_key(state: State, names: Sequence[str]) -> Verdict:
    """Return the verdict on indexes that are dropped: one of them may be the key of a captured table."""
    what = f"DROP INDEX {', '.join(map(quoted, names))}"
    keyed = [table for table in state.tables.values() if table.model.key == "unique index"]
    if not keyed:
        told = ("the keys of all captured tables are primary keys, whose indexes PostgreSQL drops with the constraint only",)
        return Verdict(what=what, outcome=Outcome.FOLLOWS, reason=told, database=(postgres.EXCLUSIVE,))
    listed = ", ".join(f"{table.model.qualified} ({', '.join(table.key)})" for table in keyed)
    reason = (
        (
            f"the key of {listed} is a unique index, whose name the table file does not say; without a key "
            "nothing says which row a change is of, and the source stops where no other unique index is left"
        ),
    )
    places = ", ".join(f"{text_literal(table.sql)}::regclass" for table in keyed)
    shown = "SELECT indexrelid::regclass, pg_get_indexdef(indexrelid) FROM pg_index WHERE indisunique AND indrelid IN"
    steps = (
        f"in the database: {shown} ({places});",
        "if it is the key's, create another unique index over the same columns first",
    )
    return Verdict(what=what, outcome=Outcome.UNKNOWN, reason=reason, steps=steps, database=(postgres.EXCLUSIVE,))
