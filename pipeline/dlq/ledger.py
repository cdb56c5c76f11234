"""State of every dead letter, from marks that stand in the dead-letter topic itself.

A mark stands in the partition of the letters that it is about, behind them: retention, which deletes from the front, never deletes it
first, and a topic that is created again has neither.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Final

from pipeline.dlq.letter import CONNECT_HEADERS, Letter, Place, Record, letter

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence


# Header of a mark. A record with headers of Connect is no mark, whatever else it has: the sink keeps headers of strangers.
MARK_HEADER: Final = "__dead_letters.mark"
_VERSION: Final = b"1"
_ORIGIN: Final = frozenset(f"{CONNECT_HEADERS}{part}" for part in ("topic", "partition", "offset"))


class State(Enum):
    """State of a dead letter; the value is its word in marks and output."""

    OPEN = "open"
    REPLAYED = "replayed"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class Mark:
    """What was done with some letters of one partition.

    Attributes:
        state: Their state from now on.
        offsets: Their offsets.
        reason: Reason given for dropping them.
        time_ms: When; the time of the mark's record.
    """

    state: State
    offsets: tuple[int, ...]
    reason: str = ""
    time_ms: int = 0

    @property
    def value(self) -> bytes:
        """Return the value of its record."""
        return json.dumps({"state": self.state.value, "offsets": self.offsets, "reason": self.reason}).encode()

    @property
    def headers(self) -> list[tuple[str, bytes]]:
        """Return the headers of its record."""
        return [(MARK_HEADER, _VERSION)]


def mark(record: Record) -> Mark | None:
    """Read a mark; None for any other record, and for one that only looks like a mark."""
    names = {name for name, _value in record.headers}
    if MARK_HEADER not in names or any(name.startswith(CONNECT_HEADERS) for name in names):
        return None
    try:
        fields = json.loads(record.value or b"")
        state, offsets, reason = State(fields["state"]), tuple(fields["offsets"]), fields["reason"]
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    whole = all(type(offset) is int for offset in offsets)
    return Mark(state, offsets, reason, record.timestamp_ms) if whole and state is not State.OPEN and isinstance(reason, str) else None


@dataclass(frozen=True, slots=True)
class Count:
    """Dead letters that somebody has to look at.

    Attributes:
        open: Number of letters that nothing was done with.
        expired: Most letters that retention may have deleted while they were open.
    """

    open: int
    expired: int = 0

    @property
    def is_wrong(self) -> bool:
        """True if there is anything to look at."""
        return bool(self.open or self.expired)

    def __str__(self) -> str:
        """Return it in words."""
        lost = f", up to {self.expired} deleted by retention before anything was done with them" if self.expired else ""
        return f"{self.open or 'none'} open{lost}"


@dataclass(frozen=True, slots=True)
class Ledger:
    """All dead letters that the topic holds, and what was done with them.

    Attributes:
        letters: Dead letters in the order of their places, one for each original record.
        marks: The last mark of each letter that has one.
        expired: Most letters that retention may have deleted while they were open.
        ends: End of each partition when it was read.
    """

    letters: tuple[Letter, ...]
    marks: Mapping[Place, Mark]
    expired: int = 0
    ends: Mapping[int, int] = field(default_factory=dict)

    def state(self, place: Place) -> State:
        """Return the state of the letter at a place."""
        found = self.marks.get(place)
        return found.state if found else State.OPEN

    @property
    def open(self) -> tuple[Letter, ...]:
        """Return the letters that nothing was done with."""
        return tuple(one for one in self.letters if one.place not in self.marks)

    @property
    def counts(self) -> dict[State, int]:
        """Return the number of letters in each state."""
        found = Counter(self.state(one.place) for one in self.letters)
        return {state: found[state] for state in State}

    @property
    def settled(self) -> dict[int, int]:
        """Return, for each partition, the offset below which no letter is open."""
        first = {one.place.partition: one.place.offset for one in reversed(self.open)}
        return {partition: first.get(partition, end) for partition, end in self.ends.items()}


def ledger(records: Iterable[Record], expired: int = 0, ends: Mapping[int, int] | None = None) -> Ledger:
    """Read the whole topic into a ledger.

    Args:
        records: All committed records, in the order of each partition.
        expired: Most letters that retention may have deleted while they were open.
        ends: End of each partition.
    """
    letters, marks = list[Letter](), dict[Place, Mark]()
    for record in records:
        found = mark(record)
        if found is None:
            letters.append(letter(record))
            continue
        for offset in found.offsets:
            # a mark is about letters before it; and what was done stays done, so the first mark of a letter holds
            if offset < record.place.offset:
                marks.setdefault(Place(record.place.partition, offset), found)
    return Ledger(tuple(_once(sorted(letters, key=lambda one: one.place), marks)), marks, expired, ends or {})


def _once(letters: Sequence[Letter], marks: Mapping[Place, Mark]) -> list[Letter]:
    """Return one letter for each original record, a settled one where there is one, else the first.

    A sink that is started again reads anew what it had not committed, and sets the same record aside once more.
    """
    found: dict[object, Letter] = {}
    for one in letters:
        origin = (one.origin.topic, one.origin.partition, one.origin.offset) if one.origin else one.place
        held = found.get(origin)
        if held is None or (held.place not in marks and one.place in marks):
            found[origin] = one
    return sorted(found.values(), key=lambda one: one.place)


def without_values(records: Iterable[Record]) -> Iterator[Record]:
    """Yield records as far as the number of open letters depends on them: marks, and the origins of letters."""
    for record in records:
        if mark(record):
            yield record
        else:
            yield Record(record.place, 0, None, None, tuple(one for one in record.headers if one[0] in _ORIGIN))


def unread(begins: Mapping[int, int], settled: Mapping[int, int]) -> int:
    """Return the most letters that retention may have deleted while they were open.

    Args:
        begins: First offset of each partition.
        settled: Offset of each partition below which no letter is open, where one was ever stored.
    """
    return sum(max(0, begin - settled.get(partition, 0)) for partition, begin in begins.items())


def marks_for(letters: Sequence[Letter], state: State, reason: str = "") -> dict[int, Mark]:
    """Return the mark of each partition that settles some letters."""
    offsets: dict[int, list[int]] = {}
    for one in letters:
        offsets.setdefault(one.place.partition, []).append(one.place.offset)
    return {partition: Mark(state, tuple(sorted(listed)), reason) for partition, listed in offsets.items()}
