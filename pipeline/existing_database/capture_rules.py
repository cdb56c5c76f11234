"""Judgements of role, publication and tables of an existing database, each with the SQL that cures it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pipeline.checks.check import failure, fine, unseen, warning
from pipeline.existing_database import session_rules
from pipeline.existing_database.fidelity import modelled
from stack.specification.source import external_sql, sql

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pipeline.checks.check import Finding
    from pipeline.existing_database.facts import Database, SeenTable
    from pipeline.existing_database.target import Target
    from stack.settings.tables import Table

_FULL: Final = "f"
_KINDS: Final = ("insert", "update", "delete", "truncate")


def _lines(statements: Iterable[str]) -> str:
    return "\n".join(dict.fromkeys(statements))


def _captured(seen: Database, target: Target) -> list[tuple[Table, SeenTable]]:
    """Return the captured tables that exist, each with its model."""
    return [(table, seen.tables[table.in_database]) for table in target.tables if table.in_database in seen.tables]


def tables(seen: Database, target: Target) -> Finding:
    """Check whether every captured table exists."""
    absent = [table.in_database for table in target.tables if table.in_database not in seen.tables]
    if absent:
        return failure(
            f"not in {target.names.database}: {', '.join(absent)}", f"make tables STACK={target.stack}, or correct names.database"
        )
    return fine(f"all {len(target.tables)} captured tables exist")


def role(seen: Database, target: Target) -> Finding:
    """Check whether the role exists, may replicate, and is no superuser."""
    names, managed = target.names, seen.server.managed
    if seen.role is None:
        cure = [
            external_sql.create_role(names),
            external_sql.allow_replication(names, managed=managed),
            f"\\password {names.debezium_role}",
        ]
        return failure(f"the role {names.debezium_role} does not exist", _lines(cure))
    if not seen.role.login:
        return failure(f"{names.debezium_role} may not log in", f"ALTER ROLE {names.debezium_role} LOGIN;")
    if not (seen.role.replication or seen.role.superuser):
        lacks = "is not a member of rds_replication" if managed else "lacks the attribute REPLICATION"
        console = "" if managed else "\n(or, where a provider runs the server and no login may give REPLICATION, in the provider's console)"
        return failure(f"{names.debezium_role} {lacks}", external_sql.allow_replication(names, managed=managed) + console)
    if seen.role.superuser:
        return warning(
            f"{names.debezium_role} is a superuser and needs far fewer rights",
            f"ALTER ROLE {names.debezium_role} NOSUPERUSER REPLICATION;",
        )
    return fine(f"{names.debezium_role} may log in and replicate")


def grants(seen: Database, target: Target) -> Finding:
    """Check whether the role may connect, use the schemas, and read each captured table for the first snapshot."""
    names, role_ = target.names, seen.role
    if role_ is None:
        return unseen(f"not seen: the role {names.debezium_role} does not exist")
    schemas = [schema for schema in external_sql.schemas(names, target.tables) if schema not in role_.schemas]
    unread = [table.sql for table, _ in _captured(seen, target) if table.in_database not in role_.reads]
    missing = [
        *([] if role_.connects else [f"CONNECT on {names.database}"]),
        *(f"USAGE on {schema}" for schema in schemas),
        *(f"SELECT on {table}" for table in unread),
    ]
    if missing:
        cure = [
            *([] if role_.connects else [external_sql.grant_connect(names)]),
            *(external_sql.grant_usage(names, schema) for schema in schemas),
            *(external_sql.grant_select(names, table) for table in unread),
        ]
        return failure(f"{names.debezium_role} lacks {', '.join(missing)}", _lines(cure))
    return fine(f"{names.debezium_role} may read every captured table")


def hidden_rows(seen: Database, target: Target) -> Finding:
    """Check whether row-level security would silently leave rows out of the first snapshot."""
    secured = [table.qualified for table, there in _captured(seen, target) if there.row_security]
    if secured and seen.role is not None and not (seen.role.bypasses_row_security or seen.role.superuser):
        effect = "with row_security off stops" if session_rules.refuses_hidden_rows(seen, target) else "may hide rows from"
        return failure(
            f"row-level security {effect} the first snapshot: {', '.join(secured)}",
            f"ALTER ROLE {target.names.debezium_role} BYPASSRLS; or a policy that lets it read all rows",
        )
    return fine("row-level security hides no rows from the snapshot")


def heartbeat(seen: Database, target: Target) -> Finding:
    """Check whether the heartbeat table exists and the role may write to it."""
    names = target.names
    if not seen.heartbeat:
        return failure(f"{names.heartbeat_table} does not exist", _lines([sql.create_heartbeat(names), sql.grant_heartbeat(names)]))
    if seen.role is not None and not (seen.role.writes_heartbeat or seen.role.superuser):
        return failure(f"{names.debezium_role} may not write to {names.heartbeat_table}", sql.grant_heartbeat(names))
    return fine(f"{names.heartbeat_table} is writable")


def publication(seen: Database, target: Target) -> Finding:
    """Check whether the publication contains exactly the captured tables and the heartbeat table, without filters."""
    names, there = target.names, seen.publication
    # first the identities: a published table without one refuses the application's UPDATE and DELETE
    first = [sql.replica_identity(table.sql) for table, one in _captured(seen, target) if one.refuses_changes]
    if there is None:
        create = external_sql.create_publication(names, target.tables)
        return failure(f"the publication {names.publication} does not exist", _lines([*first, create]))
    if there.all_tables:
        return failure(
            f"{names.publication} is FOR ALL TABLES: the server decodes the changes of every other table for nothing",
            _lines([*first, f"DROP PUBLICATION {names.publication};", external_sql.create_publication(names, target.tables)]),
        )
    wanted = set(sql.publication_tables(names, target.tables))
    missing, further = sorted(wanted - there.tables), sorted(there.tables - wanted)
    refusing = [name for name in further if name in seen.tables and seen.tables[name].refuses_changes]
    wrong = [
        *([f"lacks {', '.join(missing)}"] if missing else []),
        *([f"contains {', '.join(further)}, not captured"] if further else []),
        *([f"has a row filter or a column list on {', '.join(sorted(there.filtered))}"] if there.filtered else []),
    ]
    if wrong:
        cure = _lines([*first, sql.set_publication_tables(names, target.tables)])
        effect = f"; an UPDATE or a DELETE of {', '.join(refusing)} fails, without a replica identity" if refusing else ""
        return (failure if missing or there.filtered or refusing else warning)(f"{names.publication} {', '.join(wrong)}{effect}", cure)
    return fine(f"{names.publication} contains the {len(wanted)} tables")


def published(seen: Database, target: Target) -> Finding:
    """Check whether the publication publishes every kind of change."""
    names, there = target.names, seen.publication
    if there is None:
        return unseen(f"not seen: the publication {names.publication} does not exist")
    silent = [kind for kind in _KINDS if kind not in there.kinds]
    partitioned = [table.qualified for table, one in _captured(seen, target) if one.identities]
    if silent:
        return failure(f"{names.publication} does not publish {', '.join(silent)}", external_sql.set_published(names))
    if partitioned and not there.via_root:
        return failure(
            f"{names.publication} publishes changes under the names of partitions, which are not captured: {', '.join(partitioned)}",
            external_sql.set_published(names),
        )
    return fine(", ".join(_KINDS))


def replica_identity(seen: Database, target: Target) -> Finding:
    """Check whether the log contains the whole old row, so that a deleted row can be archived."""
    lacking = []
    for table, there in _captured(seen, target):
        lacking += [table.sql] if there.identity != _FULL else []
        lacking += [leaf for leaf, kind in there.identities if kind != _FULL]
    if lacking:
        return failure(f"not FULL: {', '.join(lacking)}", _lines(map(sql.replica_identity, lacking)))
    return fine("FULL for every captured table")


def columns(seen: Database, target: Target) -> Finding:
    """Check whether keys and columns equal those of the typed model, which decides how they are archived."""
    found: list[Difference] = []
    obstacles = []
    for table, there in _captured(seen, target):
        now, why = modelled(there, table)
        captured = {column.in_database for column in table.columns}
        obstacles += [(f"{table.qualified}: {one.what}", one.cure) for one in why if not one.left_out or one.left_out in captured]
        if now is not None:
            found += differences(table, now)
    if obstacles:
        return failure("; ".join(what for what, _ in obstacles), _lines(cure for _, cure in obstacles))
    if found:
        is_grave = any(one.is_grave for one in found)
        return (failure if is_grave else warning)(
            "; ".join(one.text for one in found), f"make tables STACK={target.stack}, and review the difference"
        )
    return fine("equal to the typed model of the tables")


@dataclass(frozen=True, slots=True)
class Difference:
    """Difference between the model of a table and the table.

    Attributes:
        text: The difference, in a sentence without a full stop.
        is_grave: Whether the archive receives something other than the model declares.
    """

    text: str
    is_grave: bool


def differences(model: Table, now: Table) -> list[Difference]:
    """Return the differences between the model of a table and the model that its present state would have."""
    wanted, there = ({column.in_database: column for column in table.columns} for table in (model, now))
    gone = [f"{model.qualified} has no column {name}" for name in wanted if name not in {*there, *now.left_out}]
    types = [
        f"{model.qualified}.{name} is {there[name].type} and not {column.type}"
        for name, column in wanted.items()
        if name in there and there[name].type != column.type
    ]
    key = (model.primary_key, model.key) != (now.primary_key, now.key)
    keys = [f"the key of {model.qualified} is the {now.key} over {', '.join(now.primary_key)}"] if key else []
    new = [f"{model.qualified} has a new column {name}" for name in [*there, *now.left_out] if name not in {*wanted, *model.left_out}]
    nulls = [
        f"{model.qualified}.{name} {'allows NULL' if there[name].nullable else 'is NOT NULL'}"
        for name, column in wanted.items()
        if name in there and there[name].nullable != column.nullable
    ]
    return [Difference(text, is_grave=True) for text in (*gone, *types, *keys)] + [
        Difference(text, is_grave=False) for text in (*new, *nulls)
    ]
