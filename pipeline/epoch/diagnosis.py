"""Judgement of a history by its facts: whole, broken by a cause, begun in the stack file only, or undecided; pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from pipeline.epoch.facts import Server, Slot, Source, Unanswered
from pipeline.reading.log_position import lsn_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pipeline.epoch.facts import Facts
    from stack.settings.names import Names
    from stack.settings.seams import Seam


# Seconds without a reader after which the position that the worker stored last has been asked for
_SETTLED_S = 60.0


class State(Enum):
    """State of a history."""

    WHOLE = "whole"
    BROKEN = "broken"
    UNFINISHED = "unfinished"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True)
class Verdict:
    """Judgement.

    Attributes:
        state: State of the history.
        text: Reason, as a sentence.
        cause: Cause of a break, as ``streaming.seams`` names it; empty without one.
    """

    state: State
    text: str
    cause: str = ""


def diagnosis(names: Names, seams: Iterable[Seam], facts: Facts) -> Verdict:
    """Return the judgement.

    A break that one part shows counts, even if another part does not answer.

    Args:
        names: Names of the epoch in the stack file.
        seams: Breaks that the stack file records.
        facts: What the parts say.
    """
    for cause, text in (
        ("lost-brokers", _lost_brokers(names, facts)),
        ("restored-database", _restored_database(facts)),
        ("lost-slot", _lost_slot(names, facts)),
        ("missing-slot", _missing_slot(names, facts)),
    ):
        if text:
            return Verdict(State.BROKEN, text, cause)
    if _is_unfinished(names, seams, facts):
        text = f"epoch {names.epoch} stands in the stack file and has not begun: the worker has no connector {names.source_connector} yet"
        return Verdict(State.UNFINISHED, text)
    if facts.unanswered:
        return Verdict(State.UNDECIDED, "; ".join(facts.unanswered))
    if isinstance(facts.source, Source) and facts.source.state is None:
        return Verdict(State.UNDECIDED, f"the worker has no connector {names.source_connector}: bring the stack up first")
    return Verdict(State.WHOLE, "the history has no break")


def _lost_brokers(names: Names, facts: Facts) -> str:
    if not isinstance(facts.control, Unanswered):
        for table in facts.archived:
            for partition, position in sorted(table.control.items()):
                end = facts.control.get(table.topic, {}).get(partition, 0)
                if end < position:
                    return (
                        f"the brokers or their topics are new: {table.topic} ends at offset {end} of partition {partition}, and the "
                        f"archived table of {table.name} was committed at {position}"
                    )
    if isinstance(facts.source, Source) and facts.source.state is None and isinstance(facts.server, Server) and facts.server.slot:
        return (
            f"the brokers or their topics are new: the database has the slot {names.current_slot}, and the worker has no connector "
            f"{names.source_connector}"
        )
    return ""


def _restored_database(facts: Facts) -> str:
    source, server = facts.source, facts.server
    if not isinstance(source, Source):
        return ""
    if isinstance(server, Server) and source.position is not None:
        if source.system and source.system != server.system:
            return f"the database is another one: its system identifier is {server.system}, and that of the stored position {source.system}"
        if server.end < source.position:
            end, stored = lsn_text(server.end), lsn_text(source.position)
            return f"the database went back in time: its log ends at {end}, before the stored position {stored}"
    return f"the database went back in time, or is another one: {source.reason}" if source.went_back else ""


def _lost_slot(names: Names, facts: Facts) -> str:
    slot = facts.server.slot if isinstance(facts.server, Server) else None
    if slot is None or not slot.is_lost:
        return ""
    why = f" (invalidation_reason {slot.invalidation})" if slot.invalidation else ""
    return f"the slot {names.current_slot} is lost: the database has removed write-ahead log that the source had not read{why}"


def _missing_slot(names: Names, facts: Facts) -> str:
    server, position = facts.server, facts.position
    if not isinstance(server, Server) or position is None:
        return ""
    source = facts.source if isinstance(facts.source, Source) else None
    if server.slot is None:
        # in an epoch that has not begun, the archived position is that of the earlier one
        begun = (source is not None and source.position is not None) or any(
            one.epoch == names.epoch and one.position is not None for one in facts.archived
        )
        return f"the slot {names.current_slot} does not exist, and the log was read up to {lsn_text(position)}" if begun else ""
    if source is None or not (source.log_gone or _is_behind(source, server.slot)):
        return ""
    begins = server.slot.restart if server.slot.confirmed is None else server.slot.confirmed
    sent = "no change" if begins is None else f"only changes after {lsn_text(begins)}"
    return (
        f"the slot {names.current_slot} is another one, or another client has advanced it: it sends {sent}, and the source has read up to "
        f"{lsn_text(position)} only"
    )


def _is_behind(source: Source, slot: Slot) -> bool:
    """Return whether a stopped source's slot has left out changes: that of a running one advances after the position was asked for."""
    stopped = not slot.active and slot.inactive_s is not None and slot.inactive_s > _SETTLED_S
    return stopped and source.position is not None and slot.confirmed is not None and slot.confirmed > source.position


def _is_unfinished(names: Names, seams: Iterable[Seam], facts: Facts) -> bool:
    """Tell whether the stack file names an epoch that does not run."""
    if names.epoch == 1:
        return False
    if isinstance(facts.source, Source):
        return facts.source.state is None
    # after lost brokers the command has ended the workers
    recorded = any(seam.epoch == names.epoch for seam in seams)
    return recorded and bool(facts.archived) and not any(one.control for one in facts.archived)
