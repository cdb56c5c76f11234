"""The registry's verdict on a changed table: the schemas of its two subjects, before and after."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from pipeline.ddl.avro_schemas import Schema, key_schema, value_schema
from pipeline.ddl.compatibility import Conflict, Level, conflicts, least

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.ddl.stack import Stack
    from pipeline.ddl.state import Captured


class Answer(Enum):
    """Answer of the registry to a schema."""

    SAME = "unchanged"
    TAKEN = "accepted"
    REFUSED = "refused"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """One subject of the registry.

    Attributes:
        name: Name of the subject.
        level: Its level.
        answer: What the registry does.
        before: Schema before; None where records have none.
        after: Schema after.
        conflicts: Why it is refused, by field.
        least: Strictest level that takes it, as far as it is known.
        reason: Why the answer is not known; empty where it is.
    """

    name: str
    level: Level
    answer: Answer
    before: Schema | None
    after: Schema | None
    conflicts: tuple[Conflict, ...] = ()
    least: Level = Level.FULL
    reason: str = ""

    @property
    def changed(self) -> list[tuple[str, object, object]]:
        """Fields that differ: name, and type before and after; None where there is none."""
        sides = [{field["name"]: field for field in (schema or {"fields": []})["fields"]} for schema in (self.before, self.after)]
        names = dict.fromkeys([*sides[0], *sides[1]])
        return [(name, sides[0].get(name), sides[1].get(name)) for name in names if sides[0].get(name) != sides[1].get(name)]


def judged(stack: Stack, before: Captured, after: Captured) -> tuple[Subject, ...]:
    """Return the subjects of a table, with what the registry does at the table's first change after the statement."""
    topic = stack.names.topic(before.model)
    value = _judged(stack, f"{topic}-value", *([_value(topic, table, unknown) for unknown in (True, False)] for table in (before, after)))
    key = _judged(stack, f"{topic}-key", *([_key(topic, table, unknown) for unknown in (True, False)] for table in (before, after)))
    return (value, key)


def _value(topic: str, table: Captured, unknown: bool) -> Schema:  # noqa: FBT001 - one of two cases, of which both are tried
    return value_schema(topic, (column.field(unknown) for column in table.columns.values()))


def _key(topic: str, table: Captured, unknown: bool) -> Schema | None:  # noqa: FBT001 - as above
    if not table.key:
        return None
    # the order of the key's columns is the table's
    return key_schema(topic, (column.field(unknown) for name, column in table.columns.items() if name in table.key))


def _judged(stack: Stack, name: str, before: Sequence[Schema | None], after: Sequence[Schema | None]) -> Subject:
    """Return a subject from the schemas with unknown defaults, and without them."""
    level, old, new = stack.level, before[1], after[1]
    if old is None or new is None or (before[0] == after[0] and old == new):
        return Subject(name=name, level=level, answer=Answer.SAME, before=old, after=new)
    pairs = [(now, then) for now, then in zip(after, before, strict=True) if now is not None and then is not None]
    refused = [conflicts(level, now, [then]) for now, then in pairs]
    weakest = least(*pairs[1])
    if all(refused):
        return Subject(name=name, level=level, answer=Answer.REFUSED, before=old, after=new, conflicts=tuple(refused[1]), least=weakest)
    if any(refused):
        reason = "the table file does not say whether the column has a default that the source knows"
        return Subject(
            name=name, level=level, answer=Answer.UNKNOWN, before=old, after=new, conflicts=tuple(refused[1]), least=weakest, reason=reason
        )
    if level.is_transitive:
        reason = "the present schema is no obstacle; a transitive level compares with all earlier ones, which are not known here"
        return Subject(name=name, level=level, answer=Answer.UNKNOWN, before=old, after=new, reason=reason)
    return Subject(name=name, level=level, answer=Answer.TAKEN, before=old, after=new)
