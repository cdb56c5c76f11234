"""What a writer does next: a transaction of any kind, chosen by chance, on the blocks that it has."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from sandbox.faults import transactions
from sandbox.faults.books import Change
from sandbox.faults.rows import DOMAIN
from sandbox.faults.transactions import Block, Step

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

_ROWS_KEPT: Final = 2_500
_WITNESSES_KEPT: Final = 150
SAVEPOINT: Final = "SAVEPOINT part"
BACK: Final = "ROLLBACK TO SAVEPOINT part"


@dataclass(frozen=True, slots=True)
class Plan:
    """One transaction.

    Attributes:
        kind: What it is, for the record.
        witness: Number of the user that only this transaction inserts: where it is, the transaction was committed.
        steps: Its statements.
        before: Blocks as they are without it.
        after: Blocks as they are with it.
        undone: Whether it ends by ROLLBACK.
    """

    kind: str
    witness: int
    steps: tuple[Step, ...]
    before: tuple[Block, ...]
    after: tuple[Block, ...]
    undone: bool = False

    @property
    def changes(self) -> list[Change]:
        """What it changes when it is committed."""
        return [change for step in self.steps for change in step.changes]


@dataclass
class Planner:
    """Plans the transactions of one writer, whose rows nobody else touches.

    Attributes:
        chance: Source of chance.
        next: Next number that has not been used.
        blocks: Its rows.
        witnesses: Witnesses of its transactions that were committed.
    """

    chance: random.Random
    next: int
    blocks: tuple[Block, ...] = ()
    witnesses: list[int] = field(default_factory=list)

    def plan(self) -> Plan:
        """Return the next transaction. Once it is committed, call `done`."""
        kept = sum(block.rows for block in self.blocks)
        kind = "delete" if kept > _ROWS_KEPT else self.chance.choices(*zip(*self._weights().items(), strict=True))[0]
        kinds: dict[str, Callable[[list[Block]], list[Step]]] = {
            "insert": self._insert,
            "copy": self._copy,
            "update": self._update,
            "key": self._key,
            "delete": self._delete,
            "savepoint": self._savepoint,
            "short life": self._short_life,
        }
        blocks = [block.copy() for block in self.blocks]
        witness = self._numbers(1)
        steps = [_witness(witness), *kinds[kind](blocks)]
        undone = self.chance.random() < 0.06  # noqa: PLR2004 - of a hundred transactions
        if len(self.witnesses) > _WITNESSES_KEPT and not undone:
            steps.append(_without(self.witnesses))
        return Plan(f"{kind}, rolled back" if undone else kind, witness, tuple(steps), self.blocks, tuple(blocks), undone)

    def done(self, plan: Plan) -> None:
        """Go on from a committed transaction."""
        self.blocks = plan.after
        if any(step.statement.startswith("DELETE FROM users WHERE id IN") for step in plan.steps):
            self.witnesses.clear()
        self.witnesses.append(plan.witness)

    def _weights(self) -> dict[str, int]:
        free = {"insert": 30, "copy": 6, "savepoint": 6, "short life": 4}
        return {**free, "update": 42, "key": 6, "delete": 6} if self.blocks else free

    def _numbers(self, count: int) -> int:
        first, self.next = self.next, self.next + count
        return first

    def _block(self) -> Block:
        size = transactions.size(self.chance)
        return Block(self._numbers(size), size)

    def _insert(self, blocks: list[Block]) -> list[Step]:
        block = self._block()
        tables = self.chance.choice((("users",), ("users", "products"), ("users", "products", "orders", "order_items")))
        blocks.append(block)
        return list(transactions.inserted(block, tables))

    def _copy(self, blocks: list[Block]) -> list[Step]:
        size = self.chance.randint(50, 500)
        blocks.append(Block(self._numbers(size), size))
        return [transactions.copied(blocks[-1])]

    def _update(self, blocks: list[Block]) -> list[Step]:
        block = self.chance.choice(blocks)
        tables = [table for table in block.versions if self.chance.random() < 0.6] or ["users"]  # noqa: PLR2004 - more than half
        return [transactions.updated(block, table) for table in tables for _ in range(self.chance.choice((1, 1, 2)))]

    def _key(self, blocks: list[Block]) -> list[Step]:
        free = [
            (block, table)
            for block in blocks
            for table in ("users", "order_items")
            if table in block.versions and table not in block.moved and (table != "users" or "orders" not in block.versions)
        ]
        if not free:
            return self._update(blocks)
        return [transactions.moved(*self.chance.choice(free))]

    def _delete(self, blocks: list[Block]) -> list[Step]:
        return [step for _ in range(min(len(blocks), 3)) for step in transactions.deleted(blocks.pop(0))]

    def _savepoint(self, blocks: list[Block]) -> list[Step]:
        lost, kept = self._block(), self._block()
        blocks.append(kept)
        undone = [Step(step.statement) for step in transactions.inserted(lost, ("users", "products"))]
        return [Step(SAVEPOINT), *undone, Step(BACK), *transactions.inserted(kept, ("users",))]

    def _short_life(self, blocks: list[Block]) -> list[Step]:
        del blocks
        block = self._block()
        return [*transactions.inserted(block, ("users", "products")), transactions.updated(block, "products"), *transactions.deleted(block)]


def _witness(number: int) -> Step:
    statement = f"INSERT INTO users (id, email, first_name, last_name) VALUES ({number}, '{number}@{DOMAIN}', md5('{number}/0'), '0')"  # noqa: S608
    return Step(statement, (Change("users", number, "c", 0),))


def _without(witnesses: list[int]) -> Step:
    listed = ", ".join(map(str, witnesses))
    return Step(f"DELETE FROM users WHERE id IN ({listed})", tuple(Change("users", number, "d", 0) for number in witnesses))  # noqa: S608
