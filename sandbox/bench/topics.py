"""Topics of measurement, in the order in which they run; each loads only what it needs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from pipeline.checks.progress import Progress
    from sandbox.bench.figures import Figures

FOLDER: Final = Path(__file__).resolve().parents[2] / "bench"


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Options of a measurement.

    Attributes:
        cold: File of the steps of a start with empty caches, and what the clock said behind an ``@``.
        warm: The same with full caches and no sandbox.
        again: The same with a sandbox that runs.
        runs: How often each command of the plan is timed.
        inserts: How many single rows are inserted.
        rows: How many rows are queued, or compared.
        minutes: The most that one queue may take.
        variant: Beginning of the names of the builds that are made.
        to: Folder of the figures.
    """

    cold: str | None = None
    warm: str | None = None
    again: str | None = None
    runs: int = 5
    inserts: int = 20
    rows: int = 200_000
    minutes: int = 20
    variant: str = ""
    to: Path = FOLDER


@dataclass(frozen=True, slots=True)
class Topic:
    """Something that can be measured.

    Attributes:
        meaning: What it is, in half a sentence.
        measure: Measures it.
    """

    meaning: str
    measure: Callable[[Options, Progress], Figures]


def _steps(options: Options, _: Progress) -> Figures:
    from sandbox.bench import steps  # noqa: PLC0415 - each topic loads only what it needs

    return steps.measure({"cold": options.cold, "warm": options.warm, "again": options.again})


def _plan(options: Options, progress: Progress) -> Figures:
    from sandbox.bench import plan  # noqa: PLC0415 - as above

    return plan.measure(progress, options.runs)


def _visible(options: Options, progress: Progress) -> Figures:
    from pipeline.reading import saved_outputs  # noqa: PLC0415 - as above
    from sandbox.bench import visible  # noqa: PLC0415 - as above

    return visible.measure(saved_outputs.read(), progress, options.inserts)


def _drain(options: Options, progress: Progress) -> Figures:
    from pipeline.reading import saved_outputs  # noqa: PLC0415 - as above
    from sandbox.bench import drain  # noqa: PLC0415 - as above

    return drain.measure(saved_outputs.read(), progress, options.rows, options.minutes)


def _memory(_: Options, progress: Progress) -> Figures:
    from sandbox.bench import memory  # noqa: PLC0415 - as above

    return memory.measure(progress)


def _builds(options: Options, progress: Progress) -> Figures:
    from sandbox.bench import builds  # noqa: PLC0415 - as above

    return builds.measure(progress, options.variant)


def _engine(_: Options, progress: Progress) -> Figures:
    from sandbox.bench import engine  # noqa: PLC0415 - as above

    return engine.measure(progress)


def _audit(options: Options, progress: Progress) -> Figures:
    from sandbox.bench import audit  # noqa: PLC0415 - as above

    return audit.measure(progress, options.rows)


def _agents(options: Options, progress: Progress) -> Figures:
    from sandbox.bench import agents  # noqa: PLC0415 - as above

    return agents.measure(progress, options.rows, options.minutes)


TOPICS: Final[Mapping[str, Topic]] = {
    "steps": Topic("what 'make sandbox' spends its time on; from files, see below", _steps),
    "plan": Topic("how long 'python -m pipeline plan' takes; needs no sandbox", _plan),
    "visible": Topic("seconds from an INSERT to the row in the archive", _visible),
    "drain": Topic("rows per second of source and sink, with a queue in Kafka between them", _drain),
    "memory": Topic("each pod and container against its limit, and the node itself", _memory),
    "builds": Topic("cold builds of the Go programs by the compiler's flags; half an hour, only when asked for", _builds),
    "engine": Topic("time and memory of the Pulumi engine's commands, on a ground without a pipeline; only when asked for", _engine),
    "audit": Topic("time, memory and disk of an audit's comparison of --rows rows; needs no sandbox; only when asked for", _audit),
    "agents": Topic(
        "cost of the monitoring in throughput and processor time; takes it away and brings it back; only when asked for", _agents
    ),
}

ONLY_WHEN_ASKED: Final = frozenset({"builds", "engine", "audit", "agents"})
"""Half an hour of compiling, a pipeline of their own, a disk full of rows, and a pipeline without its monitoring for a while."""


def chosen(named: Collection[str], options: Options) -> list[str]:
    """Return the topics to measure, in their order: those that are named, or all that need nothing to be named."""
    if named:
        return [topic for topic in TOPICS if topic in named]
    recorded = options.cold or options.warm or options.again
    return [topic for topic in TOPICS if topic not in ONLY_WHEN_ASKED and (topic != "steps" or recorded)]
