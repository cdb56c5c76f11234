"""Load on the database: all writers, and the end of their rows."""

from __future__ import annotations

import random
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sandbox.faults import rows
from sandbox.faults.plans import Planner
from sandbox.faults.writer import Writer, connected

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from sandbox.faults.books import Books

WRITERS: Final = 4


class LoadError(RuntimeError):
    """A writer has stopped."""


@dataclass
class Load:
    """All writers.

    Attributes:
        writers: Each with its thread.
    """

    writers: list[Writer]

    @property
    def begun(self) -> dict[int, float]:
        """When each committed transaction began, by its witness."""
        return {number: at for writer in self.writers for number, at in list(writer.begun.items())}

    @property
    def in_doubt(self) -> tuple[int, int]:
        """Transactions whose COMMIT was not answered: committed after all, and not committed."""
        every = [found for writer in self.writers for found in list(writer.in_doubt)]
        return sum(every), len(every) - sum(every)

    @property
    def kinds(self) -> dict[str, int]:
        """Committed transactions by kind."""
        every = sorted({kind for writer in self.writers for kind in list(writer.kinds)})
        return {kind: sum(writer.kinds.get(kind, 0) for writer in self.writers) for kind in every}

    def settle(self, timeout_s: float) -> None:
        """Wait until every transaction of this moment has come to its end.

        Raises:
            LoadError: If a writer has stopped, or stands still.
        """
        turns, deadline = [writer.turns for writer in self.writers], time.monotonic() + timeout_s
        for writer, before in zip(self.writers, turns, strict=True):
            while writer.busy and writer.turns == before and writer.broken is None:
                if time.monotonic() > deadline:
                    message = f"the writer {writer.name} has not ended its transaction in {timeout_s:.0f} s"
                    raise LoadError(message)
                time.sleep(0.05)
            if writer.broken is not None:
                message = f"the writer {writer.name} has stopped: {writer.broken}"
                raise LoadError(message) from writer.broken


@contextmanager
def load(seed: int, outputs: Callable[[], Mapping[str, Any]], books: Books, rate: float) -> Iterator[Load]:
    """Write for as long as the block runs.

    Args:
        seed: What decides the transactions.
        outputs: Gives the address and the login of this moment.
        books: Where committed changes are entered.
        rate: Changes per second, of all writers together.
    """
    first, share = rows.base(random.SystemRandom()), rows.SPAN // WRITERS
    chances = [random.Random(f"{seed}/{number}") for number in range(WRITERS)]  # noqa: S311 - transactions
    writers = [
        Writer(f"faults-{first}-{number}", outputs, books, Planner(chance, first + number * share), rate / WRITERS)
        for number, chance in enumerate(chances)
    ]
    threads = [threading.Thread(target=writer.run, name=writer.name, daemon=True) for writer in writers]
    for thread in threads:
        thread.start()
    try:
        yield Load(writers)
    finally:
        for writer in writers:
            writer.end()
        for thread in threads:
            thread.join(60)


def remove(outputs: Mapping[str, Any]) -> int:
    """Delete the rows of every run, in transactions of some thousands, and return how many users there were."""
    total = 0
    with connected(outputs, "faults-removal") as connection:
        for table, text in (("users", "email"), ("products", "name")):
            statement = f"DELETE FROM {table} WHERE id IN (SELECT id FROM {table} WHERE {text} LIKE %s LIMIT 5000)"  # noqa: S608 - constants
            while number := connection.execute(statement, [f"%@{rows.DOMAIN}"]).rowcount:
                connection.commit()
                total += number if table == "users" else 0
    return total
