"""Measures what was asked for, and keeps what was measured before."""

from __future__ import annotations

import os
import signal
import sys
from typing import TYPE_CHECKING, Any, Final, NoReturn

from pipeline.checks.direct import without_proxy
from pipeline.checks.progress import Progress
from pipeline.checks.terminal import show
from sandbox.addresses import NODE
from sandbox.bench import figures, machine
from sandbox.bench.topics import TOPICS, chosen

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from sandbox.bench.topics import Options

_INTERRUPTED: Final = 130


def bench(topics: Collection[str], options: Options, words: Sequence[str]) -> int:
    """Measure topics and write their figures.

    Args:
        topics: What to measure; all that need nothing to be asked for where there are none.
        options: How.
        words: The command line, which the figures name.

    Returns:
        The exit code: 0 when all was measured, 1 when not, 130 when interrupted.
    """
    os.environ |= without_proxy(os.environ, NODE)
    signal.signal(signal.SIGTERM, _interrupted)  # a tool that ends this command leaves as little behind as Ctrl-C
    about, progress = machine.about(words), Progress()
    try:
        good = [_measure(topic, options, about, progress) for topic in chosen(topics, options)]
    except KeyboardInterrupt:
        print("interrupted; what was measured before is written", file=sys.stderr)
        return _INTERRUPTED
    return 0 if all(good) else 1


def _measure(topic: str, options: Options, about: Mapping[str, Any], progress: Progress) -> bool:
    try:
        found = TOPICS[topic].measure(options, progress)
        every = figures.merged(figures.load(options.to), topic, found, about, list(TOPICS))
        figures.save(options.to, every)
    except Exception as error:  # the door: people get the message, and the other topics their turn
        print(f"error: {topic}: {str(error) or repr(error)}", file=sys.stderr)
        if was_interrupted(error):
            raise KeyboardInterrupt from error
        return False
    show("\n\n".join([found.title, *(figures.markdown(grid) for grid in found.grids)]), "")
    return True


def was_interrupted(error: BaseException | None) -> bool:
    """Return True if an error was raised while an interruption was handled."""
    return error is not None and (isinstance(error, KeyboardInterrupt) or was_interrupted(error.__context__))


def _interrupted(*_: object) -> NoReturn:
    raise KeyboardInterrupt
