"""The command ``python -m bench``."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn

from bench import figures, machine
from checks.direct import without_proxy
from sandbox.addresses import NODE
from sandbox.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from bench.figures import Figures

_DESCRIPTION: Final = """\
Measure the sandbox that runs on this machine, and write bench/figures.md (to read) and bench/figures.json (single values).

topics:
  steps    what 'make sandbox' spends its time on; from files, see below
  plan     how long 'python -m plan' takes; needs no sandbox
  visible  seconds from an INSERT to the row in the archive
  drain    rows per second of source and sink, with a queue in Kafka between them
  memory   each pod and container against its limit, and the node itself
  builds   cold builds of the Go programs by the compiler's flags; half an hour, only when asked for
  engine   time and memory of the Pulumi engine's commands, on a ground without a pipeline; only when asked for

Without a topic all but the last two are measured, steps only where a file is given. They run in the order above whatever the order
given, so memory's peaks hold what the others did. What is measured replaces its chapter in the figures; the other chapters stay. Rows
that a measurement inserts are removed and the sink is resumed, also after Ctrl-C. Their changes stay in the archive, which keeps every
change."""

_EPILOG: Final = """\
the steps of a start, which only somebody who starts the sandbox can record:
  cold   rm -rf /var/cache/data-ingestion-sandbox; time .venv/bin/python -m sandbox up --times cold.json
  warm   make sandbox-down;                        time .venv/bin/python -m sandbox up --times warm.json
  again                                            time .venv/bin/python -m sandbox up --times again.json
  python -m bench steps --cold cold.json@SECONDS --warm warm.json@SECONDS --again again.json@SECONDS

examples:
  python -m bench                       all but steps
  python -m bench memory                only memory
  python -m bench visible --inserts 5   a quick look
  python -m bench drain --rows 20000    a tenth of the queue"""

_HERE: Final = Path(__file__).resolve().parent


def _steps(arguments: argparse.Namespace, _: Progress) -> Figures:
    from bench import steps  # noqa: PLC0415 - each topic loads only what it needs

    return steps.measure({"cold": arguments.cold, "warm": arguments.warm, "again": arguments.again})


def _plan(arguments: argparse.Namespace, progress: Progress) -> Figures:
    from bench import plan  # noqa: PLC0415 - as above

    return plan.measure(progress, arguments.runs)


def _visible(arguments: argparse.Namespace, progress: Progress) -> Figures:
    from bench import visible  # noqa: PLC0415 - as above
    from sandbox import outputs  # noqa: PLC0415 - as above

    return visible.measure(outputs.read(), progress, arguments.inserts)


def _drain(arguments: argparse.Namespace, progress: Progress) -> Figures:
    from bench import drain  # noqa: PLC0415 - as above
    from sandbox import outputs  # noqa: PLC0415 - as above

    return drain.measure(outputs.read(), progress, arguments.rows, arguments.minutes)


def _memory(_: argparse.Namespace, progress: Progress) -> Figures:
    from bench import memory  # noqa: PLC0415 - as above

    return memory.measure(progress)


def _builds(arguments: argparse.Namespace, progress: Progress) -> Figures:
    from bench import builds  # noqa: PLC0415 - as above

    return builds.measure(progress, arguments.variant)


def _engine(_: argparse.Namespace, progress: Progress) -> Figures:
    from bench import engine  # noqa: PLC0415 - as above

    return engine.measure(progress)


ONLY_WHEN_ASKED: Final = ("builds", "engine")
"""Half an hour of compiling, and a pipeline of their own."""

TOPICS: Final[Mapping[str, Callable[[argparse.Namespace, Progress], Figures]]] = {
    "steps": _steps,
    "plan": _plan,
    "visible": _visible,
    "drain": _drain,
    "memory": _memory,
    "builds": _builds,
    "engine": _engine,
}
"""What can be measured, in the order in which it is."""


def _topic(text: str) -> str:
    if text not in TOPICS:
        message = f"{text!r} is not a topic; there are {', '.join(TOPICS)}"
        raise argparse.ArgumentTypeError(message)
    return text


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        message = f"{number} is less than 1"
        raise argparse.ArgumentTypeError(message)
    return number


def parser() -> argparse.ArgumentParser:
    """What the command understands."""
    made = argparse.ArgumentParser(
        prog="python -m bench", description=_DESCRIPTION, epilog=_EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    made.add_argument("topics", nargs="*", type=_topic, metavar="topic", help=", ".join(TOPICS))
    for run, meaning in {"cold": "empty caches", "warm": "full caches, no sandbox", "again": "a sandbox that runs"}.items():
        made.add_argument(f"--{run}", metavar="FILE[@SECONDS]", help=f"steps of a start with {meaning}; and what the clock said")
    made.add_argument("--runs", type=_positive, default=5, metavar="N", help="how often plan times each command (default: 5)")
    made.add_argument("--inserts", type=_positive, default=20, metavar="N", help="how many single rows visible inserts (default: 20)")
    made.add_argument("--rows", type=_positive, default=200_000, metavar="N", help="how many rows drain queues (default: 200000)")
    made.add_argument("--minutes", type=_positive, default=20, metavar="N", help="the most that drain may take (default: 20)")
    made.add_argument("--variant", default="", metavar="NAME", help="only builds whose name begins so (default: all)")
    made.add_argument("--to", type=Path, default=_HERE, metavar="FOLDER", help="where the figures go (default: bench)")
    return made


def chosen(arguments: argparse.Namespace) -> list[str]:
    """The topics to measure, in their order."""
    if arguments.topics:
        return [topic for topic in TOPICS if topic in arguments.topics]
    recorded = arguments.cold or arguments.warm or arguments.again
    return [topic for topic in TOPICS if topic not in ONLY_WHEN_ASKED and (topic != "steps" or recorded)]


def _measure(topic: str, arguments: argparse.Namespace, about: Mapping[str, Any], progress: Progress) -> bool:
    try:
        found = TOPICS[topic](arguments, progress)
        every = figures.merged(figures.load(arguments.to), topic, found, about, list(TOPICS))
        figures.save(arguments.to, every)
    except Exception as error:  # the door: people get the message, and the other topics their turn
        print(f"error: {topic}: {str(error) or repr(error)}", file=sys.stderr)
        if was_interrupted(error):
            raise KeyboardInterrupt from error
        return False
    print("\n\n".join([f"{found.title}", *(figures.markdown(grid) for grid in found.grids)]) + "\n")
    return True


def was_interrupted(error: BaseException | None) -> bool:
    """Whether an error came up while an interruption was being tidied up after."""
    return error is not None and (isinstance(error, KeyboardInterrupt) or was_interrupted(error.__context__))


def _interrupted(*_: object) -> NoReturn:
    raise KeyboardInterrupt


def main(argv: Sequence[str] | None = None) -> int:
    """Measure what was asked for.

    Returns:
        The exit code: 0 when all was measured, 1 when not, 130 when interrupted.
    """
    given = list(sys.argv[1:] if argv is None else argv)
    arguments = parser().parse_args(given)
    os.environ |= without_proxy(os.environ, NODE)
    signal.signal(signal.SIGTERM, _interrupted)  # a tool that ends this command leaves as little behind as Ctrl-C
    about, progress = machine.about(given), Progress()
    try:
        good = [_measure(topic, arguments, about, progress) for topic in chosen(arguments)]
    except KeyboardInterrupt:
        print("interrupted; what was measured before is written", file=sys.stderr)
        return 130
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
