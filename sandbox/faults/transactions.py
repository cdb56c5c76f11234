"""Kinds of transaction that the load is made of. Each is a list of steps: statements with the changes that they make.

Rows come in blocks that are inserted, changed and deleted as one, so that a statement of a few words makes many changes.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from sandbox.faults.books import Change
from sandbox.faults.rows import DOMAIN, MOVED, values

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator

# Of ten rows of a block: how many have a product, an order, an order's item. Their numbers are the lowest of the block.
_SHARES: Final = {"users": 10, "products": 1, "orders": 4, "order_items": 4}
COPIED: Final = "COPY users (id, email, first_name, last_name) FROM STDIN"


@dataclass
class Block:
    """Rows of all tables, by a range of numbers.

    Attributes:
        first: The first number.
        size: How many.
        versions: Version of the rows of each table that has some.
        moved: Tables whose keys were changed.
    """

    first: int
    size: int
    versions: dict[str, int] = field(default_factory=dict)
    moved: set[str] = field(default_factory=set)

    def number_of(self, table: str) -> int:
        """Return how many rows it has in a table."""
        return max(1, self.size * _SHARES[table] // 10)

    def numbers(self, table: str) -> range:
        """Return the numbers of its rows in a table."""
        return range(self.first, self.first + self.number_of(table))

    def key(self, table: str) -> int:
        """Return the key of its first row in a table."""
        return self.first + (MOVED if table in self.moved else 0)

    def copy(self) -> Block:
        """Return a block like this one, for a transaction that may come to nothing."""
        return Block(self.first, self.size, dict(self.versions), set(self.moved))

    def changes(self, table: str, operation: str) -> list[Change]:
        """Return a change of each of its rows in a table."""
        return [Change(table, number, operation, self.versions[table]) for number in self.numbers(table)]

    @property
    def rows(self) -> int:
        """Number of its rows in all tables."""
        return sum(self.number_of(table) for table in self.versions)


@dataclass(frozen=True, slots=True)
class Step:
    """One statement.

    Attributes:
        statement: SQL.
        changes: Changes that it makes, in the order of their rows.
        copied: Rows that follow a COPY.
    """

    statement: str
    changes: tuple[Change, ...] = ()
    copied: tuple[tuple[object, ...], ...] = ()


def inserted(block: Block, tables: tuple[str, ...]) -> Iterator[Step]:
    """Insert a block's rows into tables, parents first."""
    for table in tables:
        block.versions[table] = 0
        columns = {"id": "number", **_parents(block, table), **values(table, "number", "0")}
        names, filled = ", ".join(columns), ", ".join(columns.values())
        numbers = block.numbers(table)
        series = f"generate_series({numbers.start}, {numbers.stop - 1}) AS number"
        yield Step(f"INSERT INTO {table} ({names}) SELECT {filled} FROM {series}", tuple(block.changes(table, "c")))  # noqa: S608 - numbers


def _parents(block: Block, table: str) -> dict[str, str]:
    every = f"{block.first} + (number - {block.first}) % {block.number_of('products')}"
    return {"orders": {"user_id": "number"}, "order_items": {"order_id": "number", "product_id": every}}.get(table, {})


def copied(block: Block) -> Step:
    """Copy a block's users."""
    block.versions["users"] = 0
    rows = tuple((number, f"{number}@{DOMAIN}", _digest(number), "0") for number in block.numbers("users"))
    return Step(COPIED, tuple(block.changes("users", "c")), rows)


def updated(block: Block, table: str) -> Step:
    """Give a block's rows in a table their next version."""
    version = block.versions[table] = block.versions[table] + 1
    number = f"(id - {MOVED})" if table in block.moved else "id"
    columns = values(table, number, str(version))
    if version % 2:
        columns.pop("description", None)
    columns.pop("quantity", None)
    filled = ", ".join(f"{name} = {value}" for name, value in columns.items())
    return Step(f"UPDATE {table} SET {filled} WHERE {_those(block, table)}", tuple(block.changes(table, "u")))  # noqa: S608 - numbers


def moved(block: Block, table: str) -> Step:
    """Change the keys of a block's rows in a table to which nothing refers: readers see a deletion and an insertion for each."""
    before, where = block.changes(table, "d"), _those(block, table)
    block.versions[table] += 1
    version = str(block.versions[table])
    columns = {"id": f"id + {MOVED}", **values(table, "id", version)}
    if block.versions[table] % 2:
        columns.pop("description", None)
    block.moved.add(table)
    filled = ", ".join(f"{name} = {value}" for name, value in columns.items())
    both = [change for pair in zip(before, block.changes(table, "c"), strict=True) for change in pair]
    return Step(f"UPDATE {table} SET {filled} WHERE {where}", tuple(both))  # noqa: S608 - numbers


def deleted(block: Block) -> Iterator[Step]:
    """Delete a block: its users, with whom its orders and their items go by cascade, and then its products."""
    gone = [change for table in ("users", "orders", "order_items") if table in block.versions for change in block.changes(table, "d")]
    yield Step(f"DELETE FROM users WHERE {_those(block, 'users')}", tuple(gone))  # noqa: S608 - numbers
    if "products" in block.versions:
        yield Step(f"DELETE FROM products WHERE {_those(block, 'products')}", tuple(block.changes("products", "d")))  # noqa: S608 - numbers
    block.versions.clear()


def _digest(number: int) -> str:
    return hashlib.md5(f"{number}/0".encode(), usedforsecurity=False).hexdigest()


def _those(block: Block, table: str) -> str:
    first = block.key(table)
    return f"id BETWEEN {first} AND {first + block.number_of(table) - 1}"


def size(chance: random.Random) -> int:
    """Return how many users a block has: a few, some dozens, or seldom thousands."""
    return chance.choices((chance.randint(1, 4), chance.randint(20, 120), chance.randint(1500, 3000)), (45, 52, 3))[0]
