"""Random rows and changes of any tables, and what PostgreSQL itself wrote of each: by triggers, which share nothing with the program."""

from __future__ import annotations

import json
import random
import string
import struct
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from stack.configs.session import OPTIONS
from stack.settings.sql_names import quoted
from tests.images.type_matrix import BYTES, TEXT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from stack.settings.tables import Column, Table

_LETTERS: Final = string.ascii_letters + string.digits + " '\"\\{},;|\n\té€🐘ß%_"
_LONG: Final = 20_000
_DAYS, _SECONDS = 3_000_000, 86_400
_WHOLE: Final = {"smallint": 15, "integer": 31, "bigint": 63, "oid": 32}
_NULLS, _NEW_ROW, _NO_ROW, _NEW_KEY = 0.2, 0.4, 0.55, 0.95
_POOLS: Final = {**TEXT, **BYTES}
# Spelling of values as the source's session has it
PLAIN: Final = " ".join(f"SET {setting};" for setting in OPTIONS.removeprefix("-c ").split(" -c "))
# Query for the labels of each enum, by the name that the model has for it
ENUMS: Final = (
    "SELECT json_object_agg(kind, labels) FROM (SELECT format('%I.%I', n.nspname, t.typname) AS kind, "
    "array_agg(e.enumlabel) AS labels FROM pg_enum e JOIN pg_type t ON t.oid = e.enumtypid "
    "JOIN pg_namespace n ON n.oid = t.typnamespace GROUP BY 1) AS enums;"
)
# What triggers write to
LOG: Final = "CREATE SCHEMA seen; CREATE TABLE seen.log (id bigserial PRIMARY KEY, name text, op text, old text[], new text[]);"


@dataclass
class Maker:
    """Values of columns, from one seed.

    Attributes:
        seed: The seed.
        labels: Labels of each enum, by the type's name as the model has it.
        number: Last number of a key.
    """

    seed: int
    labels: Mapping[str, Sequence[str]]
    number: int = 0
    random: random.Random = field(init=False)

    def __post_init__(self) -> None:
        """Begin."""
        self.random = random.Random(self.seed)  # noqa: S311 - no secret; the same values for the same seed

    def value(self, column: Column, *, of_key: bool = False) -> str | None:
        """Return a literal for a column without quotes, None for NULL; one for a key that no row has yet."""
        if of_key:
            return self._key(column.type)
        if column.nullable and self.random.random() < _NULLS:
            return None
        kind, _, size = column.type.partition("(")
        if column.type in self.labels:
            return self.random.choice(self.labels[column.type])
        if column.type.removesuffix("[]") in self.labels:
            return "{" + ",".join(f'"{label}"' for label in self.random.sample(self.labels[column.type.removesuffix("[]")], 1)) + "}"
        if kind in _WHOLE:
            return str(self.random.randint(0 if kind == "oid" else -(2 ** _WHOLE[kind]), 2 ** _WHOLE[kind] - 1))
        made = self._made().get(kind)
        return made(size.rstrip(")")) if made else self.random.choice(_POOLS[column.type if column.type in _POOLS else kind])

    def _made(self) -> Mapping[str, Callable[[str], str]]:
        return {
            "boolean": lambda _: self.random.choice(["t", "f"]),
            "real": lambda _: self.random.choice(["0", "-0", "NaN", "1e-45", "3.4028235e38", str(self.random.random())]),
            "double precision": lambda _: self.random.choice(["0", "-0", "NaN", "-Infinity", "5e-324", repr(self.random.gauss(0, 1e9))]),
            "text": self._text,
            "varchar": self._text,
            "char": self._text,
            "uuid": lambda _: str(uuid.UUID(int=self.random.getrandbits(128))),
            "date": lambda _: f"{self._moment():%Y-%m-%d}".zfill(10),
            "timestamp": lambda _: self._moment().isoformat(sep=" "),
            "timestamptz": lambda _: self._moment().isoformat(sep=" ") + self.random.choice(["+00", "+05:30", "-11"]),
            "bytea": lambda _: "\\x" + self.random.randbytes(self._length(_LONG)).hex(),
            "jsonb": lambda _: json.dumps({self._text("9"): self.random.choice([None, 1.10, [self._text("")]])}),
            "numeric": self._numeric,
        }

    def _key(self, kind: str) -> str:
        self.number += 1
        if kind == "uuid":
            return str(uuid.UUID(int=self.number))
        if kind in {"timestamp", "timestamptz"}:
            return self._moment().isoformat(sep=" ")
        return str(self.number)

    def _length(self, most: int) -> int:
        return self.random.choice([0, 1, self.random.randint(0, min(most, 20)), min(most, 20), most if self.random.random() < 0.1 else 3])

    def _text(self, size: str) -> str:
        most = int(size) if size else _LONG
        return "".join(self.random.choices(_LETTERS, k=min(most, self._length(most))))

    def _moment(self) -> datetime:
        start = datetime(1000, 1, 1, tzinfo=UTC).replace(tzinfo=None)
        return start + timedelta(self.random.randrange(_DAYS), self.random.randrange(_SECONDS), self.random.randrange(10**6))

    def _numeric(self, size: str) -> str:
        if not size:
            return self.random.choice(TEXT["numeric"][:5])
        digits, scale = map(int, size.split(","))
        number = self.random.randrange(10 ** self.random.randint(0, digits))
        return f"{self.random.choice(['', '-'])}{number}e-{scale}"


def logged(table: Table) -> str:
    """Return the statements that log each change of a table: its number, the table, and both rows as PostgreSQL writes their values."""
    name = table.archive_name
    values = ", ".join(
        f"CASE WHEN $1.{name} IS NULL THEN NULL ELSE format('%s', $1.{name}) END"
        for name in (quoted(column.in_database) for column in table.columns)
    )
    return f"""
CREATE FUNCTION seen.of_{name}({table.sql}) RETURNS text[] LANGUAGE sql AS $$ SELECT ARRAY[{values}] $$;
CREATE FUNCTION seen.log_{name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  INSERT INTO seen.log (name, op, old, new) VALUES ('{name}', left(TG_OP, 1),
    CASE WHEN TG_OP <> 'INSERT' THEN seen.of_{name}(OLD) END, CASE WHEN TG_OP <> 'DELETE' THEN seen.of_{name}(NEW) END);
  RETURN NULL; END $$;
CREATE TRIGGER seen AFTER INSERT OR UPDATE OR DELETE ON {table.sql} FOR EACH ROW EXECUTE FUNCTION seen.log_{name}();
"""


def since(number: int) -> str:
    """Return the query for the changes that the triggers have logged after a number: number, table, operation, and both rows."""
    return f"SELECT json_build_array(id, name, op, old, new) FROM seen.log WHERE id > {number} ORDER BY id;"


def literal(value: str | None) -> str:
    """Return a value for SQL."""
    return "NULL" if value is None else "'" + value.replace("'", "''") + "'"


def inserted(table: Table, maker: Maker) -> str:
    """Return a statement that inserts a random row."""
    given = [(column, maker.value(column, of_key=column.name in table.primary_key)) for column in table.columns]
    names = ", ".join(quoted(column.in_database) for column, _ in given)
    values = ", ".join(literal(value) for _, value in given)
    return f"INSERT INTO {table.sql} ({names}) OVERRIDING SYSTEM VALUE VALUES ({values});"


def changed(table: Table, maker: Maker) -> str:
    """Return a statement that changes something at random: a new row, columns or the key of one, a row less."""
    key = ", ".join(quoted(column.in_database) for column in table.columns if column.name in table.primary_key)
    some = f"ROW({key}) = (SELECT {key} FROM {table.sql} ORDER BY md5(concat({key}, {maker.random.randrange(999)})) LIMIT 1)"
    draw = maker.random.random()
    of_key = draw > _NEW_KEY
    there = [column for column in table.columns if (column.name in table.primary_key) is of_key]
    if draw < _NEW_ROW or not there:
        return inserted(table, maker)
    if draw < _NO_ROW:
        return f"DELETE FROM {table.sql} WHERE {some};"
    chosen = maker.random.sample(there, maker.random.randint(1, min(3, len(there))))
    sets = ", ".join(f"{quoted(column.in_database)} = {literal(maker.value(column, of_key=of_key))}" for column in chosen)
    return f"UPDATE {table.sql} SET {sets} WHERE {some};"


def plain(column: Column, value: str | None) -> object:
    """Return a value as Python has it, from PostgreSQL's text or from the text of the probe."""
    kind = column.archive_type
    if value is None or kind in {"string", "binary", "int", "long"} or kind.startswith("decimal"):
        return value
    if kind == "boolean":
        return {"t": "true", "f": "false"}.get(value, value)
    if kind in {"float", "double"}:
        return repr(float(value) if kind == "double" else struct.unpack("f", struct.pack("f", float(value)))[0])
    if kind == "date":
        return value if "-" in value[1:] else f"{datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=int(value)):%Y-%m-%d}".zfill(10)
    return datetime.fromisoformat(value)


def row_of(table: Table, values: Sequence[str | None] | dict[str, str | None]) -> tuple[object, ...]:
    """Return the values of a row in the order of the table's columns."""
    found = [values[column.name] for column in table.columns] if isinstance(values, dict) else values
    return tuple(plain(column, value) for column, value in zip(table.columns, found, strict=True))


def expected(table: Table, op: str, old: list[str | None] | None, new: list[str | None] | None) -> list[tuple[str, tuple[object, ...]]]:
    """Return the rows that a change gives: a new key is a deletion and an insertion."""
    if op == "I":
        return [("c", row_of(table, new or []))]
    if op == "D":
        return [("d", row_of(table, old or []))]
    before, after = row_of(table, old or []), row_of(table, new or [])
    places = [place for place, column in enumerate(table.columns) if column.name in table.primary_key]
    same = [before[place] for place in places] == [after[place] for place in places]
    return [("u", after)] if same else [("d", before), ("c", after)]
