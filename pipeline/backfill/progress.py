"""Progress of backfills, from what the connector has stored with its position and which signals it has read."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from pipeline.backfill.signals import PAUSE, RESUME, START, STOP

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pipeline.backfill.signals import Signal

_TABLES: Final = "incremental_snapshot_collections"
_ID: Final = "incremental_snapshot_correlation_id"
_LAST: Final = "incremental_snapshot_primary_key"
_END: Final = "incremental_snapshot_maximum_key"
# Java's serialisation of a whole number ends with its bytes, after the descriptions of its class and of java.lang.Number.
_WHOLE: Final = {b"java.lang.Integer": 4, b"java.lang.Long": 8, b"java.lang.Short": 2}

# Length of an array with one value, which stands behind the description of the array's class.
_ONE: Final = b"\x00\x00\x00\x01"


@dataclass(frozen=True, slots=True)
class Progress:
    """State of the backfills of a stack.

    Attributes:
        tables: Tables that are read, or wait to be, in their order.
        name: Name of the signal that has started them, or an empty text.
        share: Part of the first table's keys that has been read, from 0 to 1, or None where the key is no whole number.
        paused: Whether the last signal that counts was a pause.
        waiting: Signals that the connector has not read yet.
    """

    tables: tuple[str, ...]
    name: str
    share: float | None
    paused: bool
    waiting: tuple[Signal, ...]

    def __str__(self) -> str:
        """One line, without a value of a row."""
        waits = f"; {len(self.waiting)} signal(s) are not read yet" if self.waiting else ""
        if not self.tables:
            return f"no backfill runs{waits}"
        share = "" if self.share is None else f", {self.share:.0%} of its keys"
        later = f", then {', '.join(self.tables[1:])}" if self.tables[1:] else ""
        return f"{'paused at' if self.paused else 'reads'} {self.tables[0]}{share}{later}{waits}"


def progress(stored: Mapping[str, Any], signals: Sequence[Signal], consumed: int) -> Progress:
    """Return the progress.

    Args:
        stored: What the connector has stored with its position.
        signals: Signals in the topic.
        consumed: Offset of the first signal that the connector has not read.
    """
    waiting = tuple(signal for signal in signals if signal.offset >= consumed)
    done = [signal.kind for signal in signals if signal.offset < consumed and signal.kind in (START, STOP, PAUSE, RESUME)]
    return Progress(
        tables=_tables(stored.get(_TABLES)),
        name=str(stored.get(_ID) or ""),
        share=_share(stored.get(_LAST), stored.get(_END)),
        paused=bool(done) and done[-1] == PAUSE,
        waiting=waiting,
    )


def _tables(text: object) -> tuple[str, ...]:
    try:
        listed = json.loads(str(text or "[]"))
        return tuple(str(one[f"{_TABLES}_id"]) for one in listed)
    except (ValueError, KeyError, TypeError):
        return ()


def _share(last: object, end: object) -> float | None:
    place, most = _number(last), _number(end)
    if place is None or not most or place < 0 or most < 0:
        return None
    return min(1.0, place / most)


def _number(text: object) -> int | None:
    """Return the only value of a key that Java has serialised, where it is a whole number."""
    try:
        given = bytes.fromhex(str(text or ""))
    except ValueError:
        return None
    array, _, content = given.partition(b"xp")
    kinds = [kind for kind in _WHOLE if kind in content]
    if b"[Ljava.lang.Object;" not in array or content[:4] != _ONE or len(kinds) != 1:
        return None
    return int.from_bytes(given[-_WHOLE[kinds[0]] :], signed=True)
