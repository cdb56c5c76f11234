"""Canonical form of values: the archive's own types, reached from Avro, from PostgreSQL's text and from Parquet alike.

All three sides are columns of the same Arrow types, and the hash of a row is calculated from them by one expression of DuckDB.
"""

from __future__ import annotations

import datetime as dt
import re
import struct
from dataclasses import dataclass
from decimal import Context, Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from pipeline.audit.avro import plain
from stack.settings.quality import BROKEN_RULES
from stack.settings.sql_names import in_quotes
from stack.settings.tables import PARTITION_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    Convert = Callable[[Any], Any]

EPOCH: Final = "__epoch"
"""Column with the number of the history that a row belongs to; NULL, as in an archive without it, stands for 1."""

EPOCH_PROPERTY: Final = "data-ingestion.epoch"
"""Property of an archived table with the number of the present epoch; without it, the first."""

OF_THE_SINK: Final = frozenset({"__topic", "__kafka_partition", "__kafka_offset", EPOCH, BROKEN_RULES, *PARTITION_COLUMNS})
"""Columns that only the sink adds, so that Kafka has no value for them."""

_DECIMAL: Final = re.compile(r"decimal\((\d+), ?(\d+)\)")
_TYPES: Final[Mapping[str, tuple[pa.DataType, str]]] = {
    "int": (pa.int32(), "INTEGER"),
    "long": (pa.int64(), "BIGINT"),
    "boolean": (pa.bool_(), "BOOLEAN"),
    "float": (pa.float32(), "FLOAT"),
    "double": (pa.float64(), "DOUBLE"),
    "string": (pa.string(), "VARCHAR"),
    "binary": (pa.binary(), "BLOB"),
    "date": (pa.date32(), "DATE"),
    "timestamp": (pa.timestamp("us"), "TIMESTAMP"),
    "timestamptz": (pa.timestamp("us", "UTC"), "TIMESTAMP WITH TIME ZONE"),
}
_EXACT: Final = Context(prec=80)
_LONGEST_IN_64_BITS: Final = 18
_ZONED: Final = "io.debezium.time.ZonedTimestamp"
# The image's own converter of values that Debezium would change
_LOCAL: Final = "dataingestion.connect.LocalTimestamp"
# Days that stand for the infinities there
_INFINITE: Final = frozenset({-(2**31), 2**31 - 1})


class UnsupportedTypeError(ValueError):
    """A column whose values cannot be brought into the canonical form."""


class UncomparableError(ValueError):
    """A value without canonical form, such as an infinite date."""


@dataclass(frozen=True, slots=True)
class Column:
    """Column whose values are compared.

    Attributes:
        name: Its name, the same on all sides.
        type: Its Iceberg type.
    """

    name: str
    type: str

    @property
    def is_of_the_row(self) -> bool:
        """True if the database has the column too; the pipeline's own begin with two underscores."""
        return not self.name.startswith("__")

    @property
    def arrow(self) -> pa.DataType:
        """Type in Arrow. Raises UnsupportedTypeError."""
        return self._known()[0]

    @property
    def sql(self) -> str:
        """Type in DuckDB. Raises UnsupportedTypeError."""
        return self._known()[1]

    @property
    def quoted(self) -> str:
        """Name in DuckDB's SQL."""
        return in_quotes(self.name)

    def _known(self) -> tuple[pa.DataType, str]:
        decimal = _DECIMAL.fullmatch(self.type)
        if decimal:
            precision, scale = int(decimal[1]), int(decimal[2])
            return pa.decimal128(precision, scale), f"DECIMAL({precision},{scale})"
        if self.type not in _TYPES:
            message = f"the column {self.name} has the type {self.type}, whose values the audit cannot compare"
            raise UnsupportedTypeError(message)
        return _TYPES[self.type]


def compared(fields: Iterable[tuple[str, str]]) -> tuple[Column, ...]:
    """Return the compared columns of an archived table: all but the sink's own.

    Args:
        fields: Name and Iceberg type of each column of the archive.

    Raises:
        UnsupportedTypeError: If values of one cannot be compared.
    """
    columns = tuple(Column(name, kind) for name, kind in fields if name not in OF_THE_SINK)
    for column in columns:
        _ = column.arrow
    return columns


def row_hash(columns: Sequence[Column]) -> str:
    """Return DuckDB's expression for the hash of a row's values, which tells NULL from every value."""
    return f"hash({', '.join(_hashed(column) for column in columns)})"


def _hashed(column: Column) -> str:
    value = f"CAST({column.quoted} AS {column.sql})"
    # DuckDB combines the two halves of a number of 128 bits so that some pairs are equal, such as 0 and the first one below
    return f"CAST({value} AS VARCHAR)" if pa.types.is_decimal(column.arrow) and column.arrow.precision > _LONGEST_IN_64_BITS else value


def from_avro(column: Column, schema: Any) -> Convert | None:  # noqa: ANN401 - JSON
    """Return a function from a decoded Avro value, not NULL, to the canonical form; None where both are the same.

    The function raises UncomparableError for a value without canonical form.

    Raises:
        UnsupportedTypeError: If values of this schema cannot become values of the column.
    """
    branch = plain(schema)
    described: Mapping[str, Any] = branch if isinstance(branch, dict) else {"type": branch}
    kind, logical, connect = described.get("type"), described.get("logicalType"), described.get("connect.name")
    target = column.type.partition("(")[0]
    if kind == "bytes" and logical == "decimal" and target == "decimal":
        return _unscaled(column.arrow.precision - column.arrow.scale, -int(described.get("scale", 0)))
    if kind == "string" and (target, connect) in {("timestamptz", _ZONED), ("timestamp", _LOCAL)}:
        return _instant
    if target == "timestamp" and kind == "long" and logical == "timestamp-millis":  # from before the converter
        return lambda value: value * 1000
    if target == "date" and kind == "int" and logical == "date":
        return _day
    same = {kind: kind for kind in ("int", "long", "boolean", "float", "double", "string")} | {"bytes": "binary"}
    fits = target == same.get(str(kind)) or (kind, target) in {("int", "long"), ("float", "double")}
    if fits and logical is None:
        return None
    message = f"the column {column.name} is {column.type} in the archive and {kind} ({logical or connect or 'plain'}) in Kafka"
    raise UnsupportedTypeError(message)


def from_text(column: Column) -> Convert:
    """Return a function from PostgreSQL's text, not NULL, to the canonical form.

    The function raises UncomparableError for a value without canonical form.
    """
    return _TEXT[column.type.partition("(")[0]]


def _instant(text: str) -> dt.datetime:
    try:
        return dt.datetime.fromisoformat(text)
    except ValueError:
        raise UncomparableError from None


def _day(number: int) -> int:
    if number in _INFINITE:
        raise UncomparableError
    return number


def _unscaled(whole_digits: int, exponent: int) -> Convert:
    """Return a function from the bytes of a decimal; one with more digits than the column has stands for NaN."""

    def convert(value: bytes) -> Decimal:
        number = Decimal(int.from_bytes(value, "big", signed=True)).scaleb(exponent, _EXACT)
        if abs(number) >= Decimal(10) ** whole_digits:
            raise UncomparableError
        return number

    return convert


def _binary(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("\\x"))


def _date(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise UncomparableError from None


def _decimal(text: str) -> Decimal:
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise UncomparableError from None
    if not number.is_finite():
        raise UncomparableError
    return number


def _single(text: str) -> float:
    return float(struct.unpack("f", struct.pack("f", float(text)))[0])


_TEXT: Final[Mapping[str, Convert]] = {
    "int": int,
    "long": int,
    "boolean": lambda text: text == "t",
    "float": _single,
    "double": float,
    "string": str,
    "binary": _binary,
    "date": _date,
    "timestamp": _instant,
    "timestamptz": _instant,
    "decimal": _decimal,
}
