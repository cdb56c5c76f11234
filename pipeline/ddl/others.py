"""Statements that change no table: transactions, settings, rows, rights, and unknown ones."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from pipeline.ddl import postgres
from pipeline.ddl.trees import PUBLIC, functions, roles, texts
from pipeline.ddl.verdict import Outcome, Verdict
from stack.settings.sql_functions import is_known

if TYPE_CHECKING:
    from pipeline.ddl.parsing import Node, Statement
    from pipeline.ddl.state import State

_ROWS: Final = {"InsertStmt": "INSERT", "UpdateStmt": "UPDATE", "DeleteStmt": "DELETE", "MergeStmt": "MERGE", "CopyStmt": "COPY"}
# Statements after which tables, columns and rows are as before
_HARMLESS: Final = {
    "CommentStmt": "COMMENT",
    "IndexStmt": "CREATE INDEX",
    "ViewStmt": "CREATE VIEW",
    "RefreshMatViewStmt": "REFRESH MATERIALIZED VIEW",
    "CreateSeqStmt": "CREATE SEQUENCE",
    "AlterSeqStmt": "ALTER SEQUENCE",
    "CreateSchemaStmt": "CREATE SCHEMA",
    "CreateFunctionStmt": "CREATE FUNCTION",
    "AlterDomainStmt": "ALTER DOMAIN",
    "CreateStatsStmt": "CREATE STATISTICS",
    "CreatePolicyStmt": "CREATE POLICY",
    "CreateTrigStmt": "CREATE TRIGGER",
    "VacuumStmt": "VACUUM",
    "ClusterStmt": "CLUSTER",
    "ReindexStmt": "REINDEX",
    "LockStmt": "LOCK",
    "ExplainStmt": "EXPLAIN",
    "VariableShowStmt": "SHOW",
    "CheckPointStmt": "CHECKPOINT",
    "CreatePublicationStmt": "CREATE PUBLICATION",
    "DiscardStmt": "DISCARD",
    "ConstraintsSetStmt": "SET CONSTRAINTS",
    "AlterOwnerStmt": "OWNER TO",
    "AlterDefaultPrivilegesStmt": "ALTER DEFAULT PRIVILEGES",
    "CreateForeignTableStmt": "CREATE FOREIGN TABLE",
    "CreateRoleStmt": "CREATE ROLE",
    "DefineStmt": "CREATE",
    "DeallocateStmt": "DEALLOCATE",
    "DeclareCursorStmt": "DECLARE CURSOR",
    "FetchStmt": "FETCH",
    "ClosePortalStmt": "CLOSE",
    "ListenStmt": "LISTEN",
    "NotifyStmt": "NOTIFY",
    "UnlistenStmt": "UNLISTEN",
    "SecLabelStmt": "SECURITY LABEL",
}
# Functions that take the source's place in the log away
_SLOTS: Final = frozenset({"pg_drop_replication_slot", "pg_replication_slot_advance", "pg_logical_slot_get_changes"})
_AGGREGATES: Final = frozenset(
    {"count", "sum", "min", "max", "avg", "array_agg", "string_agg", "bool_and", "bool_or", "json_agg", "jsonb_agg"}
)
_SOUND: Final = "tables, columns and rows are as before"


def judge(state: State, statement: Statement) -> list[Verdict]:  # noqa: PLR0911 - one for each kind
    """Return the verdict on a statement that no other rule knows."""
    kind = statement.kind
    if kind == "TransactionStmt":
        return [_transaction(state, statement.node["kind"].removeprefix("TRANS_STMT_"))]
    if kind == "VariableSetStmt":
        return [_setting(state, statement.node)]
    if kind == "SelectStmt":
        return [_query(state, statement)]
    if kind == "ExplainStmt" and any(one["DefElem"]["defname"] == "analyze" for one in statement.node.get("options", [])):
        # ANALYZE runs what it explains
        ((explained, node),) = statement.node["query"].items()
        return judge(state, replace(statement, kind=explained, node=node))
    if kind in _ROWS:
        return [_rows(statement)]
    if kind in {"GrantStmt", "GrantRoleStmt", "AlterRoleStmt", "DropRoleStmt"}:
        return [_rights(state, statement)]
    if kind in _HARMLESS:
        lock = (postgres.SHARE,) if kind == "IndexStmt" else ()
        return [Verdict(what=_HARMLESS[kind], outcome=Outcome.UNCONCERNED, reason=(_SOUND,), database=lock)]
    return [unknown(statement)]


def unknown(statement: Statement) -> Verdict:
    """Return the verdict on a statement that no rule knows."""
    reason = ("no rule here knows what this statement does to tables, publication or slot",)
    return Verdict(what=_words(statement.kind), outcome=Outcome.UNKNOWN, reason=reason)


def _words(kind: str) -> str:
    return "".join(f" {letter}" if letter.isupper() else letter for letter in kind.removesuffix("Stmt")).strip().upper()


def _transaction(state: State, word: str) -> Verdict:
    if word.startswith("ROLLBACK"):
        reason = ("which of the statements before it are undone is not judged; ask without them",)
        return Verdict(what="ROLLBACK", outcome=Outcome.UNKNOWN, reason=reason)
    state.in_transaction = word in {"BEGIN", "START"} or (state.in_transaction and word not in {"COMMIT", "PREPARE"})
    return Verdict(what=word.replace("_", " "), outcome=Outcome.UNCONCERNED, reason=(_SOUND,))


def _setting(state: State, node: Node) -> Verdict:
    name = node.get("name", "")
    if name == "search_path":
        texts = [one.get("A_Const", {}).get("sval", {}).get("sval") for one in node.get("args", [])]
        known = all(texts) and not any("$" in text or "," in text for text in texts)
        state.path = tuple(texts) if texts and known else None
    if name == "session_replication_role":
        return Verdict(what=f"SET {name}", outcome=Outcome.UNKNOWN, reason=("triggers and checks of later statements may not run",))
    return Verdict(what=f"SET {name}", outcome=Outcome.UNCONCERNED, reason=(_SOUND,))


def _query(state: State, statement: Statement) -> Verdict:
    called = set(functions(statement.node))
    if called & _SLOTS:
        slot = state.stack.names.current_slot
        reason = (f"if it is the slot {slot}, the source loses its place in the log, and only a new epoch helps (docs/operations.md)",)
        outcome = Outcome.STOPS if slot in texts(statement.node) else Outcome.UNKNOWN
        return Verdict(what=", ".join(sorted(called & _SLOTS)), outcome=outcome, reason=reason, steps=("leave the slot to the source",))
    others = sorted(name for name in called if not is_known(name) and name not in _AGGREGATES)
    if others:
        reason = (f"what {', '.join(others)} does is not known here",)
        return Verdict(what="SELECT", outcome=Outcome.UNKNOWN, reason=reason)
    if "intoClause" in statement.node:
        return Verdict(what="SELECT INTO", outcome=Outcome.UNCONCERNED, reason=("the new table is not captured",))
    return Verdict(what="SELECT", outcome=Outcome.UNCONCERNED, reason=("it reads",))


def _rows(statement: Statement) -> Verdict:
    reason = ("changes of rows are sent like all others; a trigger or a function of the database's own is not looked at",)
    return Verdict(what=_ROWS[statement.kind], outcome=Outcome.FOLLOWS, reason=reason, database=(postgres.ROWS,))


def _rights(state: State, statement: Statement) -> Verdict:
    role = state.stack.names.debezium_role
    what = _words(statement.kind)
    named = roles(statement.node)
    concerned = role in named
    if concerned and _gives(statement):
        return Verdict(what=what, outcome=Outcome.FOLLOWS, reason=(f"{role}, the source's role, gets more rights",))
    if concerned:
        reason = (f"it concerns {role}, the source's role, whose rights the source needs: make doctor says afterwards what is missing",)
        return Verdict(what=what, outcome=Outcome.UNKNOWN, reason=reason, steps=(f"make doctor STACK={state.stack.name}",))
    if PUBLIC in named and not _gives(statement):
        reason = (f"{role}, the source's role, has the right by PUBLIC too; whether it has it by itself is not known here",)
        return Verdict(what=what, outcome=Outcome.UNKNOWN, reason=reason, steps=(f"make doctor STACK={state.stack.name}",))
    return Verdict(what=what, outcome=Outcome.UNCONCERNED, reason=(f"it does not name {role}, the source's role",))


def _gives(statement: Statement) -> bool:
    """Return whether a statement gives rights and takes none."""
    if statement.kind == "AlterRoleStmt":
        options = [one["DefElem"] for one in statement.node.get("options", [])]
        return all(one["defname"] == "bypassrls" and one["arg"].get("Boolean", {}).get("boolval") for one in options)
    return bool(statement.node.get("is_grant"))
