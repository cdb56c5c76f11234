"""Output about dead letters: a table by topic and cause, one letter in full, refusals. Pure, and harmless whatever a record holds."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from rich.table import Table

from pipeline.checks.neutral import neutral
from pipeline.dlq.causes import cause
from pipeline.dlq.ledger import State
from pipeline.dlq.masking import contents, raw, shortened
from pipeline.dlq.selection import spans

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pipeline.dlq.ledger import Ledger
    from pipeline.dlq.letter import Letter
    from pipeline.dlq.soundness import Side

_NOT_CONNECT = "not known"
_MOST_SPANS = 6


@dataclass(frozen=True, slots=True, order=True)
class _Group:
    """What the letters of one line have in common."""

    state: str
    topic: str
    stage: str
    error: str
    words: str


def positions(letters: Sequence[Letter]) -> list[str]:
    """Return the positions of letters as the commands read them."""
    offsets: dict[int, list[int]] = {}
    for one in letters:
        offsets.setdefault(one.place.partition, []).append(one.place.offset)
    return [f"{partition}:{span}" for partition, listed in sorted(offsets.items()) for span in spans(listed)]


def _groups(ledger: Ledger) -> list[tuple[_Group, list[Letter]]]:
    """Return the letters by state, topic and cause, open ones first."""
    found: dict[_Group, list[Letter]] = {}
    for one in ledger.letters:
        stage, error = one.cause
        topic = one.origin.topic if one.origin else _NOT_CONNECT
        found.setdefault(_Group(ledger.state(one.place).value, topic, stage, error, cause(one).words), []).append(one)
    return sorted(found.items(), key=lambda item: (item[0].state != State.OPEN.value, item[0]))


def _time(timestamp_ms: int) -> str:
    try:
        return datetime.fromtimestamp(timestamp_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")
    except (ValueError, OverflowError, OSError):
        return "unknown"


def _times(letters: Sequence[Letter]) -> tuple[str, str]:
    times = [one.record.timestamp_ms for one in letters]
    return _time(min(times)), _time(max(times))


def summary(ledger: Ledger) -> str:
    """Return the counts in one line."""
    counts = ledger.counts
    line = ", ".join(f"{counts[state]} {state.value}" for state in State)
    return f"Dead letters: {line}" + (f"; {expired(ledger.expired)}" if ledger.expired else "")


def expired(number: int) -> str:
    """Return what is said of letters that retention has deleted."""
    return f"up to {number} deleted by retention before anything was done with them ('dlq drop --expired' says that this is known)"


def table(ledger: Ledger) -> Table:
    """Return the letters by topic and cause; times are those of the original records, in UTC."""
    grid = Table(title="Dead letters by topic and cause, times of the records in UTC", title_justify="left")
    for title in ("state", "topic", "stage", "error", "cause"):
        grid.add_column(title)
    grid.add_column("number", justify="right")
    for title in ("first", "last", "positions"):
        grid.add_column(title)
    for group, letters in _groups(ledger):
        listed = positions(letters)
        more = [f"and {len(listed) - _MOST_SPANS} more"] if len(listed) > _MOST_SPANS else []
        where = " ".join([*listed[:_MOST_SPANS], *more])
        grid.add_row(group.state, group.topic, group.stage, group.error, group.words, str(len(letters)), *_times(letters), where)
    return grid


def as_json(stack: str, topic: str, ledger: Ledger) -> str:
    """Return counts and groups as JSON."""
    groups = [
        {
            "state": group.state,
            "topic": group.topic,
            "stage": group.stage,
            "error": group.error,
            "cause": group.words,
            "number": len(letters),
            "first": _times(letters)[0],
            "last": _times(letters)[1],
            "positions": positions(letters),
        }
        for group, letters in _groups(ledger)
    ]
    counts = {state.value: number for state, number in ledger.counts.items()}
    return json.dumps({"stack": stack, "deadLetterTopic": topic, **counts, "expired": ledger.expired, "groups": groups}, indent=2)


def letter_lines(letter: Letter, ledger: Ledger, sides: Mapping[str, Side | str], *, values: bool) -> Iterator[str]:
    """Yield one letter in full.

    Args:
        letter: The letter.
        ledger: All letters, for its state.
        sides: Key and value by name, as the registry describes them, or why it does not.
        values: True to show values, the error's message and headers.
    """
    found, origin, record = cause(letter), letter.origin, letter.record
    done = ledger.marks.get(letter.place)
    state = ledger.state(letter.place).value
    when = f" at {_time(done.time_ms)} UTC" if done else ""
    why = f": {neutral(shortened(done.reason)).replace(chr(10), ' ')}" if done and done.reason else ""
    yield f"{letter.place}  {state}{when}{why}"
    yield f"  record of    {_time(record.timestamp_ms)} UTC"
    if origin is not None:
        yield f"  from         {origin.topic}, partition {origin.partition}, offset {origin.offset}, set aside by {origin.connector}"
        yield f"  error        {origin.exception} in {origin.stage}"
    if letter.replays:
        yield f"  came back    {letter.replays} times"
    yield f"  cause        {found.words}"
    yield f"  next step    {found.step}" if state == State.OPEN.value else "  next step    none"
    for name, data in (("key", record.key), ("value", record.value)):
        yield from _side_lines(name, data, sides.get(name), values=values)
    yield from _hidden_lines(letter, values=values)


def _side_lines(name: str, data: bytes | None, side: Side | str | None, *, values: bool) -> Iterator[str]:
    label = f"  {name:<12} "
    if data is None or side is None:
        yield f"{label}none"
    elif isinstance(side, str):
        yield f"{label}{raw(data, values=values)}; {side}"
    else:
        fields = contents(side, values=values)
        known = f"Avro, schema id {side.number}" if side.number is not None else raw(data, values=values)
        yield f"{label}{known}" + (f"; today it holds {side.fault}" if side.fault else "")
        if side.fault and side.number is not None and values and not fields:
            yield f"{'':15}{raw(data, values=True)}"
        yield from (f"{'':15}{field}" for field in fields)


def _hidden_lines(letter: Letter, *, values: bool) -> Iterator[str]:
    if not values:
        more = f"{len(letter.own_headers)} headers" + (" and the error's message" if letter.message else "")
        yield f"  hidden       values, {more}: --values shows them"
        return
    for name, value in letter.own_headers:
        yield f"  header       {shortened(name)} = {raw(value, values=True)}"
    for line in shortened(letter.message).split("\n") if letter.message else ():
        yield f"  message      {line}"


def refusals(refused: Mapping[str, Sequence[Letter]]) -> Iterator[str]:
    """Yield what is said of letters that would not pass: for each reason, the positions that it holds for."""
    if refused:
        yield f"{sum(map(len, refused.values()))} would not pass and stay open:"
    for reason, letters in refused.items():
        yield f"  {' '.join(positions(letters))}  {neutral(reason)}"
