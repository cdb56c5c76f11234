"""Levels of a registry, on schemas that differ in one field."""

from __future__ import annotations

import pytest

from pipeline.ddl.avro_schemas import Field, key_schema, value_schema
from pipeline.ddl.compatibility import Level, accepts, conflicts, least
from stack.specification.streaming.debezium import ADDED_FIELDS

ID = Field("id", "int", nullable=False)
BEFORE = value_schema("shop.public.marks", [ID, Field("a", "int", nullable=False)])
# What the second column becomes, and the strictest level that takes it
CHANGES = {
    "the same": (Field("a", "int", nullable=False), Level.FULL),
    "wider": (Field("a", "long", nullable=False), Level.BACKWARD),
    "a fraction": (Field("a", "double", nullable=False), Level.BACKWARD),
    "text": (Field("a", "string", nullable=False), Level.NONE),
    "nullable": (Field("a", "int", nullable=True), Level.BACKWARD),
    "with a default": (Field("a", "int", nullable=False, default=True), Level.FULL),
    "a date": (Field("a", "date", nullable=False), Level.FULL),
    "a decimal": (Field("a", "decimal(10,2)", nullable=False), Level.NONE),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_column_is_taken_up_to_a_level(change: str) -> None:
    column, strictest = CHANGES[change]
    after = value_schema("shop.public.marks", [ID, column])
    assert least(after, BEFORE) == strictest
    assert accepts(strictest, after, [BEFORE])


@pytest.mark.parametrize(
    ("further", "strictest"),
    [
        (Field("b", "string", nullable=True), Level.FULL),
        (Field("b", "string", nullable=False, default=True), Level.FULL),
        (Field("b", "string", nullable=False), Level.FORWARD),
    ],
)
def test_a_new_column_needs_a_default_and_a_dropped_one_too(further: Field, strictest: Level) -> None:
    after = value_schema("shop.public.marks", [ID, Field("a", "int", nullable=False), further])
    assert least(after, BEFORE) == strictest
    back = {Level.FULL: Level.FULL, Level.FORWARD: Level.BACKWARD}
    assert least(BEFORE, after) == back[strictest]


def test_a_conflict_names_field_types_and_who_cannot_read() -> None:
    after = value_schema("shop.public.marks", [ID, Field("a", "long", nullable=False), Field("b", "date", nullable=False)])
    found = {one.field: one for one in conflicts(Level.FULL, after, [BEFORE])}
    assert (found["a"].backward, found["a"].reason) == (False, "the earlier schema has int, and new rows have long")
    assert (found["b"].backward, found["b"].reason) == (True, "the new schema requires it, earlier rows lack it, and it has no default")


def test_a_level_that_is_not_transitive_looks_at_the_last_schema_only() -> None:
    nullable = value_schema("shop.public.marks", [ID, Field("a", "int", nullable=True)])
    assert accepts(Level.FORWARD, BEFORE, [BEFORE, nullable])
    assert accepts(Level.BACKWARD, nullable, [BEFORE])
    assert not accepts(Level.BACKWARD_TRANSITIVE, BEFORE, [nullable, BEFORE])
    assert not accepts(Level.FULL_TRANSITIVE, BEFORE, [nullable, BEFORE])
    assert accepts(Level.NONE, value_schema("other", []), [BEFORE])


def test_another_record_is_a_conflict_of_the_whole_schema() -> None:
    renamed = {**BEFORE, "name": "Other"}
    assert [one.field for one in conflicts(Level.BACKWARD, renamed, [BEFORE])] == [""]


def test_the_value_has_the_columns_that_the_source_adds_and_the_key_has_none() -> None:
    names = [field["name"] for field in BEFORE["fields"]]
    assert names == ["id", "a", "__deleted", *(f"__{field.replace('.', '_')}" for field in ADDED_FIELDS)]
    assert [field["name"] for field in key_schema("shop.public.marks", [ID])["fields"]] == ["id"]
