"""Records of a topic become rows of the archive's types, tombstones or unreadable ones; dead letters name their records."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
import pytest

from pipeline.audit.canonical import UnsupportedTypeError
from pipeline.audit.records import Records, set_aside
from tests.audit.conftest import SUBJECT
from tests.audit.test_values import ZONED, number, text, unscaled

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

FIELDS: list[dict[str, Any]] = [
    {"name": "id", "type": "int"},
    {"name": "price", "type": {"type": "bytes", "logicalType": "decimal", "scale": 2}},
    {"name": "created_at", "type": ZONED},
    {"name": "__op", "type": ["null", "string"]},
    {"name": "__source_lsn", "type": ["null", "long"]},
]
SCHEMAS = {7: {"type": "record", "fields": FIELDS}, 8: {"type": "record", "fields": [{"name": "id", "type": "string"}]}}


class Message:
    """A record as librdkafka gives it."""

    def __init__(self, value: bytes | None, headers: Mapping[str, bytes] | None = None) -> None:
        """Keep it."""
        self._value, self._headers = value, headers

    def value(self) -> bytes | None:
        return self._value

    def partition(self) -> int:
        return 2

    def offset(self) -> int:
        return 11

    def headers(self) -> list[tuple[str, bytes]] | None:
        return list(self._headers.items()) if self._headers is not None else None


class Schemas:
    """A registry."""

    def schema(self, number: int) -> Mapping[str, Any] | None:
        return SCHEMAS.get(number)


def written(folder: Path, value: bytes | None) -> dict[str, Any]:
    """Return the one row that a record becomes."""
    records = Records(SUBJECT, Schemas(), folder / "rows.parquet")  # type: ignore[arg-type]
    records.take(Message(value))  # type: ignore[arg-type]
    records.spill.close()
    (row,) = pq.read_table(folder / "rows.parquet").to_pylist()
    return dict(row)


def encoded(moment: str) -> bytes:
    header = b"\0\0\0\0\7"
    return header + number(5) + unscaled(Decimal("1.50")) + text(moment) + number(1) + text("c") + number(1) + number(99)


def test_a_row_has_the_archives_types_and_null_where_its_schema_has_no_column(tmp_path: Path) -> None:
    row = written(tmp_path, encoded("2026-01-01T08:00:00.000001Z"))
    assert (row["@partition"], row["@offset"], row["@form"], row["@comparable"]) == (2, 11, "row", True)
    assert (row["id"], row["price"], row["name"], row["__source_lsn"]) == (5, Decimal("1.50"), None, 99)
    assert row["created_at"].microsecond == 1


def test_a_moment_that_no_calendar_here_has_is_not_compared_and_the_row_keeps_its_name(tmp_path: Path) -> None:
    row = written(tmp_path, encoded("+12026-01-01T08:00:00Z"))
    assert (row["@form"], row["@comparable"], row["id"], row["__source_lsn"]) == ("row", False, 5, 99)


@pytest.mark.parametrize(
    "value",
    [b"poison", b"", b"\0\0\0\0\7", b"\0\0\0\0\1" + number(5), encoded("x") + b"!"],
    ids=["poison", "empty", "short", "unknown", "long"],
)
def test_a_value_that_is_no_row_is_unreadable(tmp_path: Path, value: bytes) -> None:
    assert written(tmp_path, value)["@form"] == "unreadable"


def test_a_record_without_value_is_a_tombstone(tmp_path: Path) -> None:
    assert written(tmp_path, None)["@form"] == "tombstone"


def test_a_schema_that_cannot_become_the_archives_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedTypeError, match="the column id is int in the archive and string"):
        written(tmp_path, b"\0\0\0\0\x08" + text("5"))


def test_a_dead_letter_names_its_record_and_another_record_does_not() -> None:
    names = {"__connect.errors.topic": b"t", "__connect.errors.partition": b"3", "__connect.errors.offset": b"44", "other": b"\xff"}
    assert set_aside(Message(b"", names)) == ("t", 3, 44)  # type: ignore[arg-type]
    assert set_aside(Message(b"", {"__connect.errors.topic": b"t"})) is None  # type: ignore[arg-type]
    assert set_aside(Message(b"")) is None  # type: ignore[arg-type]
