"""Rows of the load: the value of every column follows from the row's number and version, in the database and for a reader of the archive.

A row's number is its first key; a changed key is the number plus a constant. Rows of a run lie in a range of numbers of their own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import random

_LOWEST: Final = 100_000_000
SPAN: Final = 5_000_000
"""Numbers that one run may use."""
_RUNS: Final = 100
MOVED: Final = 700_000_000
"""What a changed key adds to the number; the sum is still an integer of PostgreSQL."""
DOMAIN: Final = "faults.invalid"
"""Reserved domain (RFC 2606), so that no row of the application looks like one of these."""

# Hexadecimal digests hardly compress: 2,560 characters are stored outside of the row.
_DIGESTS: Final = 80

# PostgreSQL, with %(number)s and %(version)s as expressions
_STATES: Final = ("pending", "processing", "shipped", "delivered")


def base(chance: random.Random) -> int:
    """Return the first number of a run."""
    return _LOWEST + SPAN * chance.randrange(_RUNS)


def values(table: str, number: str, version: str) -> dict[str, str]:
    """Return the columns of a row as expressions of PostgreSQL.

    A description is written with each even version and left untouched by the odd ones.

    Args:
        table: Which table.
        number: Expression of its number.
        version: Expression of its version.
    """
    digest = f"md5({number} || '/' || {version})"
    states = ", ".join(f"'{state}'" for state in _STATES)
    return {
        "users": {"email": f"{number} || '@{DOMAIN}'", "first_name": digest, "last_name": f"({version})::text"},
        "products": {
            "name": f"{number} || '@{DOMAIN}'",
            "description": (
                f"(SELECT string_agg(md5({number} || '/' || ({version}) || '/' || part), '' ORDER BY part) "  # noqa: S608 - constants
                f"FROM generate_series(1, {_DIGESTS}) AS part)"
            ),
            "price": f"({version}) + 0.25",
            "stock_quantity": version,
            "category": digest,
        },
        "orders": {
            "status": f"(ARRAY[{states}])[1 + ({version}) % {len(_STATES)}]",
            "total_amount": f"({version}) + 0.50",
            "shipping_address": f"{number} || '@{DOMAIN}'",
        },
        "order_items": {"quantity": number, "unit_price": f"({version}) + 0.75"},
    }[table]


READ: Final = {
    "users": ("TRY_CAST(split_part(email, '@', 1) AS BIGINT)", "TRY_CAST(last_name AS BIGINT)", f"email LIKE '%@{DOMAIN}'"),
    "products": ("TRY_CAST(split_part(name, '@', 1) AS BIGINT)", "stock_quantity", f"name LIKE '%@{DOMAIN}'"),
    "orders": (
        "TRY_CAST(split_part(shipping_address, '@', 1) AS BIGINT)",
        "CAST(floor(total_amount) AS BIGINT)",
        f"shipping_address LIKE '%@{DOMAIN}'",
    ),
    "order_items": ("quantity", "CAST(floor(unit_price) AS BIGINT)", "id >= 100000000"),
}
"""How a reader of the archive finds number and version of a row, and knows that it is one of the load; in DuckDB's SQL."""

_SOUND: Final = {
    "users": "first_name = md5(number || '/' || version)",
    "products": (
        "price = version + 0.25 AND category = md5(number || '/' || version) AND description = array_to_string(list_transform("
        f"range(1, {_DIGESTS + 1}), lambda part: md5(number || '/' || (version - version % 2) || '/' || part)), '')"
    ),
    "orders": f"status = list_extract({list(_STATES)}, 1 + version % {len(_STATES)}) AND total_amount = version + 0.50",
    "order_items": "unit_price = version + 0.75",
}


def question(table: str) -> str:
    """Return the query for what has arrived of a table, over ``changes``; its parameter is the first position in the write-ahead log."""
    number, version, ours = READ[table]
    rows = f"SELECT *, {number} AS number, {version} AS version FROM changes WHERE {ours} AND __source_lsn >= ?"  # noqa: S608 - constants
    columns = f"number, __op, version, coalesce({_SOUND[table]}, FALSE) AS sound, __source_lsn, id, __kafka_partition, __kafka_offset"
    return f", found AS ({rows}) SELECT {columns} FROM found ORDER BY __kafka_partition, __kafka_offset"  # noqa: S608 - as above
