"""Pairs of Avro schemas: tables before and after changes, and records of every kind of type that a source may register."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

from pipeline.ddl.avro_schemas import Field, Schema, key_schema, value_schema

if TYPE_CHECKING:
    from collections.abc import Iterator

TOPIC = "shop.public.marks"
TYPES = ("int", "long", "float", "double", "boolean", "string", "binary", "date", "timestamp", "timestamptz")
DECIMALS = ("decimal(10,2)", "decimal(12,2)", "decimal(12,4)", "decimal(38,0)")
NAMES = ("a", "b", "c", "d", "e")


def tables(seed: int, number: int) -> Iterator[tuple[Schema, Schema]]:
    """Yield a number of pairs: the schema of a table, and that after some changes of its columns."""
    chance = random.Random(seed)  # noqa: S311 - no secret
    for turn in range(number):
        before = [Field("id", chance.choice(("int", "long", "string")), nullable=False), *map(_column(chance), chance.sample(NAMES, 3))]
        after = _changed(chance, before)
        made = key_schema if turn % 5 == 0 else value_schema
        yield made(TOPIC, before), made(TOPIC, after)


def _column(chance: random.Random) -> Any:
    def make(name: str) -> Field:
        nullable = chance.random() < 0.4
        return Field(name, chance.choice(TYPES + DECIMALS), nullable, default=not nullable and chance.random() < 0.5)

    return make


def _changed(chance: random.Random, before: list[Field]) -> list[Field]:
    after, make = list(before), _column(chance)
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        place = chance.randrange(len(after))
        old = after[place]
        kind = chance.choice(("add", "drop", "rename", "type", "null", "default", "order"))
        if kind == "add":
            after.append(make(f"new{len(after)}"))
        elif kind == "drop" and len(after) > 1:
            del after[place]
        elif kind == "rename":
            after[place] = Field(f"{old.name}_2", old.archived, old.nullable, old.default)
        elif kind == "type":
            after[place] = Field(old.name, chance.choice(TYPES + DECIMALS), old.nullable, old.default)
        elif kind == "null":
            after[place] = Field(old.name, old.archived, not old.nullable)
        elif kind == "default":
            after[place] = Field(old.name, old.archived, nullable=False, default=not old.default)
        else:
            chance.shuffle(after)
    return after


def records(seed: int, number: int) -> Iterator[tuple[Schema, Schema]]:
    """Yield a number of pairs of records with types of all kinds, as Debezium has for columns that the program leaves out."""
    chance = random.Random(seed)  # noqa: S311 - no secret
    for _ in range(number):
        yield _record(chance), _record(chance)


def _record(chance: random.Random) -> Schema:
    fields = []
    for name in chance.sample(NAMES, 2):
        kind = _type(chance, name)
        default = {"default": None} if isinstance(kind, list) and kind[0] == "null" else {}
        fields.append({"name": name, "type": kind, **default})
    return {"type": "record", "name": chance.choice(("Value", "Value", "Other")), "namespace": TOPIC, "fields": fields}


def _type(chance: random.Random, name: str) -> Any:
    plain = chance.choice(("int", "long", "float", "double", "string", "bytes", "boolean"))
    return chance.choice(
        (
            plain,
            ["null", plain],
            ["null", plain],
            [plain, "null"] if plain != "int" else ["int", "string"],
            {"type": "array", "items": plain},
            {"type": "map", "values": plain},
            {"type": "enum", "name": f"Enum{name}", "symbols": chance.choice((["A"], ["A", "B"], ["B"]))},
            {"type": "fixed", "name": f"Fixed{name}", "size": chance.choice((4, 8))},
            {"type": "record", "name": f"Point{name}", "fields": [{"name": chance.choice("xy"), "type": plain}]},
        )
    )
