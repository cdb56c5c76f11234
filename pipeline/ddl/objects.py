"""Statements that rename, move, drop or create whole objects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pipeline.ddl import cures, own_types, publications, table_actions, tables
from pipeline.ddl.changed_columns import rename as rename_column
from pipeline.ddl.names import Name, of_list, of_relation, words
from pipeline.ddl.outcomes import Action
from pipeline.ddl.verdict import Outcome, Verdict
from stack.settings.sql_names import quoted

if TYPE_CHECKING:
    from pipeline.ddl.parsing import Node, Statement
    from pipeline.ddl.state import State

_NOT_CAPTURED: Final = "is not captured"
# Objects of which the source sees nothing
_UNSEEN: Final = frozenset(
    {"VIEW", "MATVIEW", "SEQUENCE", "FUNCTION", "PROCEDURE", "ROUTINE", "AGGREGATE", "TRIGGER", "INDEX", "COLLATION", "OPERATOR", "DOMAIN"}
    | {"TABCONSTRAINT", "DOMCONSTRAINT", "RULE", "POLICY", "STATISTIC_EXT", "TSCONFIGURATION", "TSDICTIONARY", "FOREIGN_TABLE", "LANGUAGE"}
    | {"OPCLASS", "OPFAMILY", "CAST", "CONVERSION", "TSPARSER", "TSTEMPLATE", "FDW", "FOREIGN_SERVER", "USER_MAPPING", "SUBSCRIPTION"}
)
_HEARTBEAT: Final = "it is the heartbeat table: without it the slot of a quiet database does not move, and the server keeps its log"


def ambiguous(name: Name, what: str) -> Verdict:
    """Return the verdict on a name without a schema that may be one of several tables."""
    reason = (f"{name.sql} is written without a schema, and which table the server's search path finds is not known; write the schema",)
    return Verdict(what=what, outcome=Outcome.UNKNOWN, reason=reason)


def unseen(what: str) -> Verdict:
    """Return the verdict on an object of which the source sees nothing."""
    return Verdict(what=what, outcome=Outcome.UNCONCERNED, reason=("the source sees tables, their columns, keys and rows, and not this",))


def alter_table(state: State, statement: Statement) -> list[Verdict]:
    """Return the verdicts on ALTER TABLE, one for each action."""
    node = statement.node
    written = of_relation(node["relation"])
    kind = node.get("objtype", "OBJECT_TABLE").removeprefix("OBJECT_")
    if kind == "TYPE":
        return own_types.composite(state, written)
    if kind in _UNSEEN:
        return [unseen(f"ALTER {kind} {written.sql}")]
    name = state.resolve(written)
    if name is None:
        return [ambiguous(written, f"ALTER TABLE {written.sql}")]
    commands = [one["AlterTableCmd"] for one in node["cmds"]]
    table = state.captured(name)
    if table is None:
        return table_actions.of_uncaptured(state, written.sql, commands)
    return table_actions.of_captured(state, table, statement, commands)


def rename(state: State, statement: Statement) -> list[Verdict]:
    """Return the verdict on RENAME of a table, a column, or another object."""
    node = statement.node
    kind, new = node["renameType"].removeprefix("OBJECT_"), node.get("newname", "")
    if kind == "PUBLICATION":
        old = node["object"]["String"].get("sval", "")
        return [publications.gone(state, [old], f"ALTER PUBLICATION {quoted(old)} RENAME TO {quoted(new)}")]
    if kind == "TYPE":
        name = of_list(node["object"]["List"]["items"])
        return [own_types.renamed(state, name, f"ALTER TYPE {name.sql} RENAME TO {quoted(new)}")]
    if kind == "SCHEMA":
        return _schemas(state, [node["subname"]], f"ALTER SCHEMA {quoted(node['subname'])} RENAME TO {quoted(new)}")
    if kind in {"TABLE", "COLUMN"} and "relation" in node:
        return [_renamed(state, statement, kind, new)]
    if kind in _UNSEEN:
        return [unseen(f"ALTER {kind} RENAME TO {quoted(new)}")]
    return [Verdict(what=f"ALTER {kind} RENAME", outcome=Outcome.UNKNOWN, reason=("no rule here knows what follows from it",))]


def _renamed(state: State, statement: Statement, kind: str, new: str) -> Verdict:
    written = of_relation(statement.node["relation"])
    what = f"ALTER TABLE {written.sql} RENAME TO {quoted(new)}"
    name = state.resolve(written)
    if name is None:
        return ambiguous(written, what)
    table = state.captured(name)
    if table is not None:
        action = Action(state, table, statement.node, statement)
        return rename_column(action) if kind == "COLUMN" else tables.rename(action, Name(name.schema, new))
    if kind == "TABLE" and _is_of_a_captured(state, Name(name.schema, new)):
        verdict = tables.swapped if name.full in state.renamed else tables.takes_place
        return verdict(state, Name(name.schema, new), what, cures.statement(statement.text))
    if name.full == state.stack.names.heartbeat_table:
        return Verdict(what=what, outcome=Outcome.STOPS, reason=(_HEARTBEAT,), steps=("keep it",))
    return Verdict(what=what, outcome=Outcome.UNCONCERNED, reason=(f"{written.sql} {_NOT_CAPTURED}",))


def _is_of_a_captured(state: State, name: Name) -> bool:
    """Return whether a name is that of a captured table in the model."""
    return any(table.in_database == name.full for table in state.stack.tables)


def move(state: State, statement: Statement) -> list[Verdict]:
    """Return the verdict on SET SCHEMA."""
    node = statement.node
    kind, schema = node["objectType"].removeprefix("OBJECT_"), node["newschema"]
    if kind == "TYPE":
        name = of_list(node["object"]["List"]["items"])
        return [own_types.renamed(state, name, f"ALTER TYPE {name.sql} SET SCHEMA {quoted(schema)}")]
    if kind != "TABLE":
        return [unseen(f"ALTER {kind} SET SCHEMA")]
    written = of_relation(node["relation"])
    what = f"ALTER TABLE {written.sql} SET SCHEMA {quoted(schema)}"
    found = state.resolve(written)
    if found is None:
        return [ambiguous(written, what)]
    table = state.captured(found)
    if table is not None:
        return [tables.moved(Action(state, table, node, statement), schema)]
    if _is_of_a_captured(state, Name(schema, found.name)):
        return [tables.takes_place(state, Name(schema, found.name), what, cures.statement(statement.text))]
    return [Verdict(what=what, outcome=Outcome.UNCONCERNED, reason=(f"{written.sql} {_NOT_CAPTURED}",))]


def drop(state: State, statement: Statement) -> list[Verdict]:  # noqa: PLR0911 - one for each kind
    """Return the verdicts on DROP."""
    node = statement.node
    kind, cascade = node["removeType"].removeprefix("OBJECT_"), node.get("behavior") == "DROP_CASCADE"
    if kind == "TABLE":
        return [_dropped(state, statement, of_list(one["List"]["items"])) for one in node["objects"]]
    if kind == "PUBLICATION":
        names = publications.named(node)
        return [publications.gone(state, names, f"DROP PUBLICATION {', '.join(map(quoted, names))}")]
    if kind == "INDEX":
        return [table_actions.index_key(state, [words(one["List"]["items"])[-1] for one in node["objects"]])]
    if kind in {"TYPE", "DOMAIN"}:
        return own_types.dropped(state, own_types.type_names(node["objects"]), cascade=cascade)
    if kind == "SCHEMA":
        names = [one["String"].get("sval", "") for one in node["objects"]]
        return _schemas(state, names, f"DROP SCHEMA {', '.join(map(quoted, names))}{' CASCADE' if cascade else ''}")
    if kind in _UNSEEN and not cascade:
        return [unseen(f"DROP {kind}")]
    reason = "what CASCADE drops with it is not known here" if cascade else "no rule here knows what follows from it"
    return [Verdict(what=f"DROP {kind}{' CASCADE' if cascade else ''}", outcome=Outcome.UNKNOWN, reason=(reason,))]


def _dropped(state: State, statement: Statement, written: Name) -> Verdict:
    what = f"DROP TABLE {written.sql}"
    name = state.resolve(written)
    if name is None:
        return ambiguous(written, what)
    table = state.captured(name)
    if table is not None:
        return tables.drop(Action(state, table, statement.node, statement))
    if name.full == state.stack.names.heartbeat_table:
        return Verdict(what=what, outcome=Outcome.STOPS, reason=(_HEARTBEAT,), steps=("keep it",))
    return _perhaps_a_partition(state, written, what)


def _perhaps_a_partition(state: State, written: Name, what: str) -> Verdict:
    """Return the verdict on rows of a table that the model does not have, which may be a partition of one that it has."""
    if state.stack.is_managed:
        return Verdict(what=what, outcome=Outcome.UNCONCERNED, reason=(f"{written.sql} {_NOT_CAPTURED}",))
    reason = (
        (
            f"{written.sql} {_NOT_CAPTURED} by this name; if it is a partition of a captured table, which the table file does not list, "
            "its rows go without deletes and stay current in the archive"
        ),
    )
    steps = (table_actions.partition_of(written.sql), f"if it is one, first: DELETE FROM {written.sql}; -- each row is sent")
    return Verdict(what=what, outcome=Outcome.UNKNOWN, reason=reason, steps=steps)


def _schemas(state: State, names: list[str], what: str) -> list[Verdict]:
    hit = [table for table in state.tables.values() if table.name.schema in names]
    if not hit:
        return [Verdict(what=what, outcome=Outcome.UNCONCERNED, reason=("no captured table is in it",))]
    listed = ", ".join(table.model.qualified for table in hit)
    for table in hit:
        del state.tables[table.name.full]
    steps = ("keep the schema as it is; to give a table up, take it out of the model first and run `up`",)
    return [Verdict(what=what, outcome=Outcome.STOPS, table=listed, reason=(tables.GUARD,), steps=steps)]


def truncate(state: State, statement: Statement) -> list[Verdict]:
    """Return the verdicts on TRUNCATE, one for each table."""
    found = []
    for relation in statement.node["relations"]:
        written = of_relation(relation["RangeVar"])
        name, what = state.resolve(written), f"TRUNCATE {written.sql}"
        table = state.captured(name) if name else None
        if name is None:
            found.append(ambiguous(written, what))
        elif table is not None:
            found.append(tables.truncate(Action(state, table, statement.node, statement)))
        else:
            found.append(_perhaps_a_partition(state, written, what))
    if statement.node.get("behavior") == "DROP_CASCADE":
        told = ("CASCADE empties every table that refers to these: each captured one gets its mark in the archive",)
        found.append(Verdict(what="TRUNCATE … CASCADE", outcome=Outcome.FOLLOWS, reason=told))
    return found


def create(state: State, statement: Statement) -> list[Verdict]:  # noqa: PLR0911 - one for each kind
    """Return the verdict on CREATE TABLE, also AS a query."""
    node: Node = statement.node
    written = of_relation(node["relation"] if "relation" in node else node["into"]["rel"])
    what, step = f"CREATE TABLE {written.sql}", cures.statement(statement.text)
    if _is_temporary(node):
        # from then on the name without a schema is the temporary table's
        state.path = None
        return [unseen(f"CREATE TEMPORARY TABLE {written.sql}")]
    name = state.resolve(written)
    if name is None:
        return [ambiguous(written, what)]
    parents = [state.resolve(of_relation(one["RangeVar"])) for one in node.get("inhRelations", [])]
    captured = [table for parent in parents if parent is not None and (table := state.captured(parent)) is not None]
    if captured and "partbound" in node:
        return [tables.new_partition(state, captured[0], written, step)]
    if captured:
        reason = (
            f"it inherits from {captured[0].model.qualified}: a snapshot of that one reads its rows too, and no change of them is captured",
        )
        steps = (f"instead of it: CREATE TABLE {written.sql} (LIKE {captured[0].sql});",)
        return [Verdict(what=what, outcome=Outcome.STOPS, table=captured[0].model.qualified, reason=reason, steps=steps)]
    if state.captured(name) is not None:
        reason = ("the model has it already: PostgreSQL refuses a second one, and leaves the first one with IF NOT EXISTS",)
        return [Verdict(what=what, outcome=Outcome.FOLLOWS, table=state.tables[name.full].model.qualified, reason=reason)]
    if _is_of_a_captured(state, name):
        return [tables.takes_place(state, name, what, step)]
    reason = ("the table is not captured; to capture it, see docs/external-database.md, Add or drop a table later",)
    return [Verdict(what=what, outcome=Outcome.UNCONCERNED, reason=reason)]


def _is_temporary(node: Node) -> bool:
    relation = node["relation"] if "relation" in node else node["into"]["rel"]
    return bool(relation.get("relpersistence") == "t")
