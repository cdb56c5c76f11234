"""A value has one canonical form, whether it comes from Avro, from PostgreSQL's text or from the archive's Parquet."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import struct
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.audit import avro
from pipeline.audit.avro import UnreadableError
from pipeline.audit.canonical import Column, UncomparableError, UnsupportedTypeError, compared, from_avro, from_text, row_hash
from pipeline.audit.pgoutput import UNCHANGED, Begin, Change, Commit, Relation, Truncate, UnknownMessageError, decode

if TYPE_CHECKING:
    from collections.abc import Callable
    from decimal import Decimal

LOCAL = {"type": "string", "connect.name": "dataingestion.connect.LocalTimestamp"}
ZONED = {"type": "string", "connect.name": "io.debezium.time.ZonedTimestamp"}
MOMENTS = st.datetimes(min_value=dt.datetime(1, 1, 2), max_value=dt.datetime(9999, 12, 30))  # noqa: DTZ001 - without a zone
TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)))
SINGLES = st.floats(width=32, allow_nan=False)
DOUBLES = st.floats(allow_nan=False)


def number(value: int) -> bytes:
    """Return Avro's bytes of a whole number."""
    left, out = (value << 1) ^ (value >> 63), b""
    while left > 0x7F:
        out += bytes([left & 0x7F | 0x80])
        left >>= 7
    return out + bytes([left])


def text(value: str | bytes) -> bytes:
    """Return Avro's bytes of a text."""
    data = value if isinstance(value, bytes) else value.encode()
    return number(len(data)) + data


def unscaled(value: Decimal) -> bytes:
    """Return a decimal as Connect writes it."""
    whole = int(value.scaleb(2))
    return text(whole.to_bytes((whole.bit_length() + 8) // 8, "big", signed=True))


# Iceberg type, Avro schema, values, Avro's bytes of one, PostgreSQL's text of one
Case = tuple[str, Any, "st.SearchStrategy[Any]", "Callable[[Any], bytes]", "Callable[[Any], str]"]
CASES: dict[str, Case] = {
    "int": ("int", "int", st.integers(-(2**31), 2**31 - 1), number, str),
    "long": ("long", "long", st.integers(-(2**63), 2**63 - 1), number, str),
    "boolean": ("boolean", "boolean", st.booleans(), lambda value: bytes([value]), lambda value: "t" if value else "f"),
    "real": ("float", "float", SINGLES, lambda value: struct.pack("<f", value), repr),
    "double": ("double", "double", DOUBLES, lambda value: struct.pack("<d", value), repr),
    "text": ("string", "string", TEXTS, text, str),
    "bytes": ("binary", "bytes", st.binary(), text, lambda value: f"\\x{value.hex()}"),
    "decimal": (
        "decimal(12, 2)",
        {"type": "bytes", "logicalType": "decimal", "scale": 2, "precision": 12},
        st.decimals(min_value=-(10**9), max_value=10**9, places=2),
        unscaled,
        str,
    ),
    "date": (
        "date",
        {"type": "int", "logicalType": "date"},
        MOMENTS.map(dt.datetime.date),
        lambda value: number((value - dt.date(1970, 1, 1)).days),
        dt.date.isoformat,
    ),
    "timestamp": (
        "timestamp",
        LOCAL,
        MOMENTS,
        lambda value: text(value.isoformat("T", "microseconds")),
        lambda value: value.isoformat(" "),
    ),
    "timestamptz": ("timestamptz", ZONED, MOMENTS, lambda value: text(value.isoformat() + "Z"), lambda value: value.isoformat(" ") + "+00"),
}


@pytest.mark.parametrize("name", CASES)
@given(data=st.data())
def test_avro_and_postgresqls_text_have_the_same_canonical_form(name: str, data: st.DataObject) -> None:
    kind, schema, values, encode, write = CASES[name]
    value, column = data.draw(values), Column("it", kind)
    read = avro.record({"type": "record", "fields": [{"name": "it", "type": ["null", schema]}]})
    (found,) = read(b"\0\0\0\0\1" + number(1) + encode(value))
    convert = from_avro(column, ["null", schema])
    from_kafka = pa.array([found if convert is None else convert(found)], column.arrow)
    from_log = pa.array([from_text(column)(write(value))], column.arrow)
    assert from_kafka.equals(from_log) or from_kafka.to_pylist() == from_log.to_pylist()
    expected = value.replace(tzinfo=dt.UTC) if name == "timestamptz" else value
    assert from_kafka.to_pylist() == [expected]


def test_a_timestamp_that_was_cut_to_milliseconds_is_another_value() -> None:
    """Debezium's own form, which topics still have from before the image's converter."""
    column, schema = Column("it", "timestamp"), {"type": "long", "logicalType": "timestamp-millis"}
    convert = from_avro(column, schema)
    assert convert is not None
    for written, is_same in (("2026-01-01 08:00:00.123", True), ("2026-01-01 08:00:00.123999", False)):
        from_kafka = pa.array([convert(1767254400123)], column.arrow)
        assert from_kafka.equals(pa.array([from_text(column)(written)], column.arrow)) == is_same, written


SPECIAL = {
    "decimal(12, 2)": ({"type": "bytes", "logicalType": "decimal", "scale": 2, "precision": 12}, (10**12).to_bytes(6, "big"), "NaN"),
    "date": ({"type": "int", "logicalType": "date"}, 2**31 - 1, "infinity"),
    "timestamp": (LOCAL, "-infinity", "-infinity"),
    "timestamptz": (ZONED, "infinity", "infinity"),
}


@pytest.mark.parametrize("kind", SPECIAL)
def test_a_value_that_is_none_in_the_archive_is_compared_on_no_side(kind: str) -> None:
    schema, in_kafka, in_log = SPECIAL[kind]
    convert = from_avro(Column("it", kind), schema)
    assert convert is not None
    with pytest.raises(UncomparableError):
        convert(in_kafka)
    with pytest.raises(UncomparableError):
        from_text(Column("it", kind))(in_log)


def test_null_is_told_from_every_value_and_from_its_place() -> None:
    columns = compared([("a", "string"), ("b", "string")])
    rows = [(None, "x"), ("x", None), (None, None), ("", "x"), ("x", "x"), ("xx", "")]
    database = duckdb.connect()
    hashes = [
        database.execute(f"SELECT {row_hash(columns)} FROM (VALUES (?::VARCHAR, ?::VARCHAR)) AS v(a, b)", row).fetchone() for row in rows
    ]
    assert len(set(hashes)) == len(rows)


@pytest.mark.parametrize(
    ("kind", "schema"), [("int", "string"), ("string", "int"), ("timestamptz", "string"), ("date", "int"), ("binary", "string")]
)
def test_a_column_that_changed_its_type_is_refused_and_not_compared_by_chance(kind: str, schema: str) -> None:
    with pytest.raises(UnsupportedTypeError, match="in the archive and"):
        from_avro(Column("it", kind), schema)


def test_a_column_of_no_known_type_is_refused() -> None:
    with pytest.raises(UnsupportedTypeError, match="list<string>"):
        compared([("it", "list<string>")])


def test_the_sinks_own_columns_are_not_compared() -> None:
    assert compared([("__epoch", "int"), ("__kafka_offset", "long"), ("year", "string"), ("__op", "string")]) == (Column("__op", "string"),)


@given(st.binary())
def test_bytes_that_are_no_record_are_unreadable_and_nothing_worse(data: bytes) -> None:
    read = avro.record({"type": "record", "fields": [{"name": "a", "type": "string"}, {"name": "b", "type": ["null", "long"]}]})
    try:
        avro.schema_id(data)
        found = read(data)
    except UnreadableError:
        return
    assert b"\0" + data[1:5] + text(found[0]) + (number(0) if found[1] is None else number(1) + number(found[1])) == data or len(data) > 5


def test_a_poison_record_is_unreadable() -> None:
    with pytest.raises(UnreadableError):
        avro.schema_id(b"poison 123")
    with pytest.raises(UnreadableError):
        avro.record(json.loads('"string"') and {"type": "string"})


def values(*parts: str | None) -> bytes:
    """Return pgoutput's bytes of a row; None is NULL, and '?' an unchanged value."""
    out = struct.pack("!H", len(parts))
    for part in parts:
        data = (part or "").encode()
        out += b"n" if part is None else b"u" if part == "?" else b"t" + struct.pack("!i", len(data)) + data
    return out


RELATION = b"R" + struct.pack("!I", 9) + b"public\0things\0f" + struct.pack("!H", 2)
RELATION += b"\1id\0" + struct.pack("!Ii", 23, -1) + b"\0name\0" + struct.pack("!Ii", 25, -1)


@pytest.mark.parametrize(
    ("payload", "message"),
    [
        (b"B" + struct.pack("!QqI", 500, 0, 7), Begin(500, 7)),
        (b"C" + struct.pack("!BQQq", 0, 500, 540, 0), Commit(500, 540)),
        (RELATION, Relation(9, "public", "things", ("id", "name"))),
        (b"I" + struct.pack("!I", 9) + b"N" + values("1", None), Change(9, "I", None, ("1", None))),
        (
            b"U" + struct.pack("!I", 9) + b"O" + values("1", "a") + b"N" + values("1", "?"),
            Change(9, "U", ("1", "a"), ("1", UNCHANGED)),
        ),
        (b"D" + struct.pack("!I", 9) + b"O" + values("1", ""), Change(9, "D", ("1", ""), None)),
        (b"T" + struct.pack("!IBII", 2, 0, 9, 10), Truncate((9, 10))),
        (b"O" + struct.pack("!Q", 1) + b"other\0", None),
    ],
    ids=["begin", "commit", "relation", "insert", "update", "delete", "truncate", "origin"],
)
def test_each_message_of_the_log_is_decoded(payload: bytes, message: object) -> None:
    assert decode(payload) == message


@given(st.binary(min_size=1))
def test_a_message_that_is_none_is_said_to_be_none(data: bytes) -> None:
    with contextlib.suppress(UnknownMessageError):
        decode(data)


@pytest.mark.parametrize("cut", range(1, 20))
def test_a_change_that_ends_early_is_no_change(cut: int) -> None:
    whole = b"I" + struct.pack("!I", 9) + b"N" + values("1", "some longer text")
    with pytest.raises(UnknownMessageError):
        decode(whole[:-cut])
