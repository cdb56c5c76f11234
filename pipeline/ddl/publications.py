"""Rules for publications."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pipeline.ddl import cures, postgres
from pipeline.ddl.names import of_relation, words
from pipeline.ddl.tables import GUARD
from pipeline.ddl.verdict import Outcome, Verdict
from stack.settings.sql_names import quoted
from stack.specification.source.external_sql import create_publication, set_published
from stack.specification.source.sql import set_publication_tables

if TYPE_CHECKING:
    from pipeline.ddl.names import Name
    from pipeline.ddl.parsing import Node, Statement
    from pipeline.ddl.state import State

_OTHER: Final = "it is not the publication of the stack"
_LOCK: Final = (f"{postgres.SHARED} (of the tables that are added)",)
_ACTIONS: Final = {"AP_DropObjects": "DROP", "AP_SetObjects": "SET", "AP_AddObjects": "ADD"}
_HEARTBEAT: Final = "without the heartbeat table the slot of a quiet database does not move, and the server keeps its log up to its bound"


def alter(state: State, statement: Statement) -> list[Verdict]:
    """Return the verdicts on ALTER PUBLICATION."""
    node, names = statement.node, state.stack.names
    if node["pubname"] != names.publication:
        return [_other(f"ALTER PUBLICATION {quoted(node['pubname'])}")]
    if "pubobjects" in node:
        return _tables(state, statement, _ACTIONS.get(node.get("action", "AP_AddObjects"), "ADD"))
    options = {one["DefElem"]["defname"]: one["DefElem"].get("arg", {}) for one in node.get("options", [])}
    return [_options(state, options)]


def _other(what: str) -> Verdict:
    return Verdict(what=what, outcome=Outcome.UNCONCERNED, reason=(_OTHER,))


def _tables(state: State, statement: Statement, action: str) -> list[Verdict]:
    stack = state.stack
    publication, cure = stack.names.publication, set_publication_tables(stack.names, stack.tables)
    what = f"ALTER PUBLICATION {publication} {action}"
    objects = [one["PublicationObjSpec"] for one in statement.node["pubobjects"]]
    if any("pubtable" not in one for one in objects):
        return [_schemas(what, action, cure)]
    listed = {name.full: one["pubtable"] for one in objects if (name := _name(state, one["pubtable"])) is not None}
    if len(listed) < len(objects):
        reason: tuple[str, ...] = ("a table without a schema may be one of several; write the schema",)
        return [Verdict(what=what, outcome=Outcome.UNKNOWN, reason=reason)]
    heartbeat = stack.names.heartbeat_table
    gone = set(state.tables) - set(listed) if action == "SET" else set(state.tables) & set(listed) if action == "DROP" else set()
    quiet = heartbeat in listed if action == "DROP" else action == "SET" and heartbeat not in listed
    narrowed = [name for name, table in listed.items() if action != "DROP" and name in state.tables and _is_narrowed(table)]
    faults = (
        ("without {}", "changes of the table are not published", gone),
        ("{} in part", "a row filter or a column list leaves changes or values out", narrowed),
    )
    found = [
        Verdict(
            what=f"{what}: {how.format(table.sql)}",
            outcome=Outcome.STOPS,
            table=table.model.qualified,
            reason=(f"{why}; {GUARD}",),
            steps=("do not run it; if it was run:", cure, cures.read_again(stack, table)),
            database=_LOCK,
        )
        for how, why, names in faults
        for table in (state.tables[name] for name in sorted(names))
    ]
    if quiet:
        found.append(
            Verdict(what=f"{what}: without {heartbeat}", outcome=Outcome.STOPS, reason=(_HEARTBEAT,), steps=(cure,), database=_LOCK)
        )
    if found:
        return found
    further = sorted(set(listed) - set(state.tables) - {heartbeat})
    told = f"changes of {', '.join(further)} are decoded, sent to the worker and dropped there" if further else "it has the captured tables"
    return [Verdict(what=what, outcome=Outcome.FOLLOWS, reason=(told,), database=_LOCK)]


def _schemas(what: str, action: str, cure: str) -> Verdict:
    if action == "ADD":
        reason: tuple[str, ...] = (
            "changes of every table of the schema are decoded, and those that are not captured are dropped by the worker",
        )
        return Verdict(what=what, outcome=Outcome.FOLLOWS, reason=reason, database=_LOCK)
    reason = (f"which captured tables the publication has without it is not known here; if one is missing, {GUARD}",)
    return Verdict(what=what, outcome=Outcome.UNKNOWN, reason=reason, steps=(f"{cure} -- has them all",), database=_LOCK)


def _name(state: State, table: Node) -> Name | None:
    return state.resolve(of_relation(table["relation"]))


def _is_narrowed(table: Node) -> bool:
    return "whereClause" in table or "columns" in table


def _options(state: State, options: dict[str, Node]) -> Verdict:
    names = state.stack.names
    what = f"ALTER PUBLICATION {names.publication} SET ({', '.join(options)})"
    published = [word.strip() for word in _text(options.get("publish")).split(",")]
    lost = [kind for kind in ("insert", "update", "delete", "truncate") if "publish" in options and kind not in published]
    via_root = _text(options.get("publish_via_partition_root")).lower()
    if lost:
        reason: tuple[str, ...] = (f"{', '.join(lost)} are not published any more; {GUARD}",)
    elif "publish_via_partition_root" in options and via_root not in {"true", "on", "1", ""}:
        reason = (f"changes of partitions would come under the partitions' names: where a captured table has some, {GUARD}",)
    elif set(options) <= {"publish", "publish_via_partition_root"}:
        told: tuple[str, ...] = ("every kind of change is published",)
        return Verdict(what=what, outcome=Outcome.FOLLOWS, reason=told, database=(postgres.NONE,))
    else:
        return Verdict(what=what, outcome=Outcome.UNKNOWN, reason=("an option that is not known here",))
    steps: tuple[str, ...] = ("do not run it; if it was run:", set_published(names), "read every table again by a backfill")
    return Verdict(what=what, outcome=Outcome.STOPS, reason=reason, steps=steps, database=(postgres.NONE,))


def _text(argument: Node | None) -> str:
    """Return the value of an option as text."""
    if not argument:
        return ""
    ((kind, node),) = argument.items()
    if kind == "String":
        return str(node.get("sval", ""))
    if kind == "Boolean":
        return str(node.get("boolval", False)).lower()
    return str(node.get("ival", 0))


def gone(state: State, names: list[str], what: str) -> Verdict:
    """Return the verdict on publications that are dropped, or one that gets another name."""
    publication = state.stack.names.publication
    if publication not in names:
        return _other(what)
    create = create_publication(state.stack.names, state.stack.tables)
    steps: tuple[str, ...] = ("do not run it; if it was run:", create, "read every table again by a backfill")
    reason: tuple[str, ...] = (f"the source finds its tables in no publication {publication}; {GUARD}",)
    return Verdict(what=what, outcome=Outcome.STOPS, reason=reason, steps=steps, database=(postgres.NONE,))


def named(node: Node) -> list[str]:
    """Return the names of publications that a node DropStmt lists."""
    return [
        one["String"].get("sval", "") if "String" in one else words(one.get("List", {}).get("items", []))[-1] for one in node["objects"]
    ]
