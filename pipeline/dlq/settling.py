"""One run of ``replay`` or ``drop``: what is chosen, the question, the transactions, and the position that makes the next count cheap."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.checks.agreement import agreed
from pipeline.checks.neutral import complain
from pipeline.dlq import report
from pipeline.dlq.selection import Selection, Span
from pipeline.dlq.topic import TopicError
from pipeline.dlq.writing import Writer

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pipeline.dlq.ledger import Ledger
    from pipeline.dlq.letter import Letter
    from pipeline.dlq.topic import DeadLetterTopic


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a command line asks for.

    Attributes:
        stack: Name of the stack.
        positions: Positions and ranges; none for all.
        topic: Original topic; empty for all.
        cause: Stage or class of the error; empty for all.
        everything: True for all open letters.
        yes: True to ask nothing.
        dry_run: True to say only what would be done.
    """

    stack: str
    positions: Sequence[str] = ()
    topic: str = ""
    cause: str = ""
    everything: bool = False
    yes: bool = False
    dry_run: bool = False

    @property
    def selection(self) -> Selection:
        """Return the choice of letters.

        Raises:
            SelectionError: If nothing is chosen, or a position is none.
        """
        return Selection(spans=tuple(map(Span.of, self.positions)), topic=self.topic, cause=self.cause, everything=self.everything)

    def check(self) -> None:
        """Refuse a wrong choice before anything is asked.

        Raises:
            SelectionError: If nothing is chosen, or a position is none.
        """
        _ = self.selection

    def agreed(self, what: str) -> bool:
        """Ask a person whether to do something, if there is one."""
        return self.yes or agreed(what)


def writer(topic: DeadLetterTopic, *, dry_run: bool) -> Writer | None:
    """Return the writer, which has ended what an earlier run left open; None where nothing is to be written.

    Raises:
        TopicError: If the cluster does not answer.
    """
    if dry_run:
        return None
    opened = Writer(topic, lambda done: complain(f"  {done} done"))
    opened.open()
    return opened


def chosen(request: Request, ledger: Ledger) -> tuple[list[Letter], list[Letter]]:
    """Return the chosen letters: those that are open, and those that are settled already.

    Raises:
        SelectionError: If a position holds no dead letter.
    """
    meant = request.selection.chosen(ledger.letters)
    return [one for one in meant if one.place not in ledger.marks], [one for one in meant if one.place in ledger.marks]


def settle(
    request: Request, letters: Sequence[Letter], what: str, topic: DeadLetterTopic, write: Callable[[Sequence[Letter]], None] | None
) -> tuple[bool, list[str]]:
    """Ask, and write.

    Args:
        request: What was asked for.
        letters: Open letters that can be settled.
        what: What is done with them, as in ``replay``.
        topic: The dead-letter topic.
        write: Writes; None in a dry run.

    Returns:
        False if the answer was no, and what to say on standard output.
    """
    if not letters:
        return True, ["Nothing to do"]
    phrase = f"{what} {len(letters)} dead letter{'s' if len(letters) > 1 else ''}: {' '.join(report.positions(letters))}"
    if write is None:
        return True, [f"Would {phrase}"]
    if not request.agreed(phrase):
        return False, []
    write(letters)
    after = topic.read()
    if not after.expired:
        # what was done stands in the topic; this only makes the next count cheap
        try:
            topic.settle(after.settled)
        except TopicError as error:
            complain(f"note: all is done, but the next count reads the whole topic: {error}")
    return True, [f"Done: {phrase}", report.summary(after)]
