"""Comparison of each captured table's model with database, publication, registry and archive; pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from pipeline.audit.avro import plain
from pipeline.ddl.avro_schemas import Field, key_schema, value_schema
from pipeline.epoch.facts import Unanswered
from pipeline.existing_database.capture_rules import differences
from pipeline.existing_database.fidelity import modelled
from pipeline.status.facts import Archived, Brokers
from pipeline.status.levels import Level
from pipeline.status.watched import Capture, Compared, Disagreement, Side
from stack.settings.tables import archive_columns
from stack.specification.source import external_sql, sql

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pipeline.ddl.avro_schemas import Schema
    from pipeline.description.stack import Description
    from pipeline.existing_database.facts import Publication, SeenTable
    from pipeline.status.facts import Known
    from pipeline.status.watched import Subject
    from stack.settings.tables import Table

_FULL: Final = "f"
_KINDS: Final = ("insert", "update", "delete", "truncate")
_NARROWED: Final = "has a row filter or a column list, which leaves changes or values out"


def compared(
    stack: Description,
    capture: Known[Capture],
    subjects: Known[Mapping[str, Subject | None]],
    archive: Mapping[str, Known[Archived]],
    brokers: Known[Brokers],
) -> Compared:
    """Return what differs between the model of each table and the sides that have answered.

    Args:
        stack: The stack, with the model.
        capture: Publication and tables of the database.
        subjects: Subjects of the registry by name, None for one that does not exist.
        archive: Archived tables by qualified name.
        brokers: Kafka, which tells whether a topic has had records.
    """
    found: dict[tuple[str, Side], tuple[Disagreement, ...]] = {}
    for table in stack.tables:
        name, archived = table.qualified, archive.get(table.qualified)
        if isinstance(capture, Capture):
            seen = capture.tables.get(table.in_database)
            found[name, Side.DATABASE] = tuple(_database(stack, table, seen))
            found[name, Side.PUBLICATION] = tuple(_publication(stack, table, capture.publication, seen))
            if seen is not None:
                found[name, Side.IDENTITY] = tuple(_identity(table, seen))
        if not isinstance(subjects, Unanswered):
            found[name, Side.REGISTRY] = tuple(_registry(stack, table, subjects, brokers))
        if isinstance(archived, Archived):
            found[name, Side.ARCHIVE] = tuple(_archive(stack, table, archived.columns))
    if isinstance(capture, Capture):
        found[stack.names.heartbeat_table, Side.PUBLICATION] = tuple(_further(stack, capture.publication))
    return Compared(found, subjects if isinstance(subjects, Unanswered) else None)


def _database(stack: Description, table: Table, seen: SeenTable | None) -> Iterator[Disagreement]:
    name, side = table.qualified, Side.DATABASE
    model = "write it into source.tables and bring the stack up, or undo it" if stack.managed else f"make tables STACK={stack.name}"
    if seen is None:
        yield Disagreement(name, side, f"the database has no table {table.in_database}", model, Level.LOST)
        return
    now, obstacles = modelled(seen, table)
    captured = {column.in_database for column in table.columns}
    for one in obstacles:
        if not one.left_out or one.left_out in captured:
            yield Disagreement(name, side, f"{name}: {one.what}", one.cure, Level.LOST)
    for difference in differences(table, now) if now is not None else ():
        yield Disagreement(name, side, difference.text, model, Level.LOST if difference.is_grave else Level.LATE)


def _publication(stack: Description, table: Table, there: Publication | None, seen: SeenTable | None) -> Iterator[Disagreement]:
    names, name, side = stack.names, table.qualified, Side.PUBLICATION
    if there is None:
        create = external_sql.create_publication(names, stack.tables)
        yield Disagreement(name, side, f"the publication {names.publication} does not exist", create, Level.LOST)
        return
    exactly = sql.set_publication_tables(names, stack.tables)
    if table.in_database not in there.tables:
        yield Disagreement(name, side, f"the publication {names.publication} lacks {table.in_database}", exactly, Level.LOST)
    if table.in_database in there.filtered:
        yield Disagreement(name, side, f"{table.in_database} in the publication {names.publication} {_NARROWED}", exactly, Level.LOST)
    silent = [kind for kind in _KINDS if kind not in there.kinds]
    if silent:
        text = f"the publication {names.publication} does not publish {', '.join(silent)}"
        yield Disagreement(name, side, text, external_sql.set_published(names), Level.LOST)
    if seen is not None and seen.identities and not there.via_root:
        text = f"the publication {names.publication} publishes changes of {name} under the names of its partitions"
        yield Disagreement(name, side, text, external_sql.set_published(names), Level.LOST)


def _further(stack: Description, there: Publication | None) -> Iterator[Disagreement]:
    """Yield what the publication has too much, and the heartbeat table that it lacks: no row is lost by either."""
    if there is None:
        return
    names, wanted = stack.names, set(sql.publication_tables(stack.names, stack.tables))
    exactly, further = sql.set_publication_tables(names, stack.tables), sorted(there.tables - wanted)
    if names.heartbeat_table not in there.tables:
        text = f"the publication {names.publication} lacks {names.heartbeat_table}: the slot of a quiet database does not move"
        yield Disagreement(names.heartbeat_table, Side.PUBLICATION, text, exactly)
    if further:
        text = f"the publication {names.publication} has {', '.join(further)}, which the stack does not capture"
        yield Disagreement(names.heartbeat_table, Side.PUBLICATION, text, exactly)


def _identity(table: Table, seen: SeenTable) -> Iterator[Disagreement]:
    lacking = [table.sql] if seen.identity != _FULL else []
    for one in [*lacking, *(leaf for leaf, kind in seen.identities if kind != _FULL)]:
        text = f"the replica identity of {one} is not FULL: a deleted row cannot be archived"
        yield Disagreement(table.qualified, Side.IDENTITY, text, sql.replica_identity(one), Level.LOST)


def _registry(stack: Description, table: Table, subjects: Mapping[str, Subject | None], brokers: Known[Brokers]) -> Iterator[Disagreement]:
    topic, side = stack.names.topic(table), Side.REGISTRY
    written = isinstance(brokers, Brokers) and any(end for (name, _), end in brokers.ends.items() if name == topic)
    for subject, wanted in _wanted(topic, table).items():
        there = subjects.get(subject)
        if there is None:
            # before its first row, a table has no schema
            if written:
                again = f"restart the connector {stack.names.source_connector}, which registers its schemas again"
                yield Disagreement(table.qualified, side, f"the registry has no subject {subject}, and the topic has records", again)
            continue
        if stack.level is not None and there.level != stack.level:
            cure = f'curl --fail --user USER --request DELETE "$REGISTRY/config/{subject}" # the registry\'s own level again'
            yield Disagreement(table.qualified, side, f"the level of the subject {subject} is {there.level} and not {stack.level}", cure)
        for text in _schemas(subject, wanted, there.schema):
            cure = f"change one row of {table.sql}, which registers its present schema (docs/schema-changes.md)"
            yield Disagreement(table.qualified, side, text, cure)


def _wanted(topic: str, table: Table) -> dict[str, Schema]:
    fields = [Field(column.name, column.archive_type, column.nullable) for column in table.columns]
    key = [field for field in fields if field.name in table.primary_key]
    return {f"{topic}-key": key_schema(topic, key), f"{topic}-value": value_schema(topic, fields)}


def _schemas(subject: str, wanted: Schema, there: Mapping[str, Any]) -> Iterator[str]:
    """Yield what the newest schema lacks or has otherwise.

    A field that only the schema has is none: the database's side tells of its column, and once that is dropped, the newest schema keeps the
    field, since the source's present one is an earlier version.
    """
    model, seen = ({field["name"]: field["type"] for field in schema.get("fields", [])} for schema in (wanted, there))
    yield from (f"the schema of {subject} has no field {name}" for name in model if name not in seen)
    for name in model:
        if name in seen and _kind(seen[name]) != _kind(model[name]):
            yield f"the field {name} of {subject} is {_kind(seen[name])} and not {_kind(model[name])}"
        elif name in seen and isinstance(seen[name], list) != isinstance(model[name], list):
            yield f"the field {name} of {subject} {'allows' if isinstance(seen[name], list) else 'refuses'} null"


def _kind(schema: Any) -> str:  # noqa: ANN401 - a schema as JSON has it
    """Return the type of a field in one word, without what the converter notes for itself."""
    held = plain(schema)
    if not isinstance(held, dict):
        return str(held)
    logical = held.get("logicalType")
    if logical == "decimal":
        return f"decimal({held.get('precision')},{held.get('scale')})"
    return str(logical or held.get("type"))


def _archive(stack: Description, table: Table, columns: Mapping[str, str]) -> Iterator[Disagreement]:
    up = "make sandbox" if stack.name == "sandbox" else f"pulumi up --refresh --stack {stack.name}"
    for name, kind in archive_columns(table):
        if name not in columns:
            text = f"the archived table {table.archive_name} has no column {name}: its values are not archived"
            yield Disagreement(table.qualified, Side.ARCHIVE, text, up, Level.LOST)
        elif columns[name] != kind:
            text = f"the column {name} of the archived table {table.archive_name} is {columns[name]} and not {kind}"
            yield Disagreement(table.qualified, Side.ARCHIVE, text, up, Level.LOST)
