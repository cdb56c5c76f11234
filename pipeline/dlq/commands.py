"""Commands for dead letters: list, show, replay and drop. Each returns an exit code, and prints one sentence for an error."""

from __future__ import annotations

import functools
import os
from typing import TYPE_CHECKING, Final, ParamSpec

from pipeline.checks.direct import without_proxy
from pipeline.checks.neutral import complain
from pipeline.checks.terminal import show as shown
from pipeline.dlq import report, settling
from pipeline.dlq.cluster import dead_letter_topic
from pipeline.dlq.registry import Registry, RegistryError
from pipeline.dlq.selection import SelectionError
from pipeline.dlq.settling import Request
from pipeline.dlq.soundness import refusal, side, sides
from pipeline.dlq.topic import TopicError
from pipeline.reading.stack import NotRunningError, running
from pipeline.recording.stackfile import StackFileError, UnknownStackError
from providers.operations import ProviderError
from stack.judgement.stack import SettingsError
from stack.settings.sinks import sinks

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pipeline.dlq.letter import Letter
    from pipeline.dlq.soundness import Side
    from pipeline.dlq.topic import DeadLetterTopic
    from pipeline.reading.stack import RunningStack

_P = ParamSpec("_P")

FINE, WRONG, USAGE = 0, 1, 2
_EXPECTED: Final = (SelectionError, SettingsError, StackFileError, NotRunningError, ProviderError, TopicError, RegistryError)


def _for_people(command: Callable[_P, int]) -> Callable[_P, int]:
    """Turn each expected error of a command into a message and an exit code."""

    @functools.wraps(command)
    def run(*arguments: _P.args, **options: _P.kwargs) -> int:
        os.environ |= without_proxy(os.environ)
        try:
            return command(*arguments, **options)
        except _EXPECTED as error:
            complain(f"error: {error}")
            return USAGE if isinstance(error, UnknownStackError) else WRONG

    return run


def _opened(stack: str) -> tuple[RunningStack, DeadLetterTopic]:
    found = running(stack)
    return found, dead_letter_topic(found.settings, found.outputs["kafka"]["bootstrapServers"])


@_for_people
def listed(stack: str, *, as_json: bool) -> int:
    """Print all dead letters by topic and cause.

    Args:
        stack: Name of the stack.
        as_json: True to print JSON.

    Returns:
        0 if none is open and none has expired, else 1.
    """
    _, topic = _opened(stack)
    ledger = topic.read()
    if as_json:
        print(report.as_json(stack, topic.name, ledger))
    else:
        shown(*([report.table(ledger)] if ledger.letters else []), report.summary(ledger))
    return WRONG if ledger.open or ledger.expired else FINE


@_for_people
def show(stack: str, positions: Sequence[str], *, values: bool) -> int:
    """Print some dead letters in full.

    Args:
        stack: Name of the stack.
        positions: Positions and ranges.
        values: True to show values, messages and headers of strangers.
    """
    selection = Request(stack=stack, positions=positions).selection
    found, topic = _opened(stack)
    ledger, registry = topic.read(), Registry(found.outputs["registry"])
    for one in selection.chosen(ledger.letters):
        described = {name: _described(one, name, data, registry) for name, data in sides(one)}
        shown("\n".join(report.letter_lines(one, ledger, described, values=values)))
    return FINE


def _described(letter: Letter, name: str, data: bytes, registry: Registry) -> Side | str:
    subject = f"{letter.origin.topic}-{name}" if letter.origin else name
    try:
        return side(data, subject, registry)
    except RegistryError as error:
        return str(error)


@_for_people
def replay(request: Request, *, again: bool) -> int:
    """Put open dead letters back on their topics.

    Args:
        request: Which ones, and how.
        again: True to put back also what came back too often.

    Returns:
        0 if all chosen letters were put back, else 1.
    """
    request.check()
    found, topic = _opened(request.stack)
    writer = settling.writer(topic, dry_run=request.dry_run)
    ledger, registry = topic.read(), Registry(found.outputs["registry"])
    open_, settled = settling.chosen(request, ledger)
    each = sinks(found.settings.names, found.tables, found.settings.archive.sinks)
    read = {one.connector: one.topics for one in each}
    verdicts = [(one, refusal(one, registry, read, again=again)) for one in open_]
    sound = [one for one, reason in verdicts if not reason]
    refused = {reason: [one for one, other in verdicts if other == reason] for _, reason in verdicts if reason}
    _say([*_left_alone(request, settled), *report.refusals(refused)])
    done, said = settling.settle(request, sound, "replay", topic, writer.replay if writer else None)
    _say(said)
    return FINE if done and not refused else WRONG


@_for_people
def drop(request: Request, reason: str, *, expired: bool) -> int:
    """Mark open dead letters as dropped.

    Args:
        request: Which ones, and how.
        reason: Why they are not needed; it is stored.
        expired: True to say only that the loss of expired letters is known.

    Returns:
        0 if all chosen letters were dropped, else 1.
    """
    if not reason.strip():
        message = "--reason is empty: say in a few words why these records are not needed, for whoever asks later"
        raise SelectionError(message)
    if expired and (request.positions or request.topic or request.cause or request.everything):
        message = "--expired is about letters that are gone, the other words choose letters that are there: leave one of them out"
        raise SelectionError(message)
    if expired:
        return _acknowledged(request, reason.strip())
    request.check()
    _, topic = _opened(request.stack)
    writer = settling.writer(topic, dry_run=request.dry_run)
    open_, settled = settling.chosen(request, topic.read())
    _say(_left_alone(request, settled))
    write = functools.partial(writer.drop, reason=reason.strip()) if writer else None
    done, said = settling.settle(request, open_, "drop", topic, write)
    _say(said)
    return FINE if done else WRONG


def _left_alone(request: Request, settled: Sequence[Letter]) -> list[str]:
    """Return what is said of letters that were chosen by position and are settled already."""
    alone = request.positions and settled
    return [f"Left alone, since replayed or dropped already: {' '.join(report.positions(settled))}"] if alone else []


def _acknowledged(request: Request, reason: str) -> int:
    _, topic = _opened(request.stack)
    ledger = topic.read()
    what = f"record that the loss of up to {ledger.expired} dead letters, which retention deleted while they were open, is known"
    if not ledger.expired:
        _say(["No dead letter has expired while it was open"])
    elif request.dry_run:
        _say([f"Would {what}"])
    elif request.agreed(what):
        topic.settle(ledger.settled, reason)
        _say([f"Done: {what}"])
    else:
        return WRONG
    return FINE


def _say(lines: Sequence[str]) -> None:
    for line in lines:
        print(line)
