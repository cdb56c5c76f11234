"""Ways of rows through the pipeline with and without monitoring: processor time between two looks, and both arms compared. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final, Literal

from sandbox.bench.figures import NOTHING, FiguresError, Grid

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sandbox.bench import drain

Part = Literal["pipeline", "monitoring"]

WITH, WITHOUT = "with", "without"
_MILLION: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class PodTime:
    """Processor time of one pod since it began.

    Attributes:
        part: What it belongs to.
        component: Component of the pod.
        seconds: Processor seconds.
    """

    part: Part
    component: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Way:
    """One measured way of rows through the pipeline.

    Attributes:
        arm: ``with`` or ``without`` monitoring.
        run: Its durations.
        pipeline: Processor seconds of each component of the pipeline.
        monitoring: Processor seconds of each component of the monitoring.
    """

    arm: str
    run: drain.Run
    pipeline: Mapping[str, float]
    monitoring: Mapping[str, float]

    @property
    def changes(self) -> int:
        """Changes that went through."""
        return self.run.queued.rows + self.run.deleted.rows


def used(before: Mapping[str, PodTime], after: Mapping[str, PodTime]) -> tuple[dict[str, float], dict[str, float]]:
    """Return the processor seconds between two looks by component: those of the pipeline, and those of the monitoring.

    Args:
        before: Times of the pods by ``uid``.
        after: The same later.

    Raises:
        FiguresError: If there are no pods, or a pod began or ended in between.
    """
    changed = sorted({pod.component for uid, pod in {**before, **after}.items() if not (uid in before and uid in after)})
    if changed:
        message = f"a pod of {', '.join(changed)} began or ended while its processor time was measured; measure again"
        raise FiguresError(message)
    if not before:
        message = "no pod of the pipeline has a control group on this machine; run this where the sandbox runs"
        raise FiguresError(message)
    spent: dict[Part, dict[str, float]] = {"pipeline": {}, "monitoring": {}}
    for uid, pod in after.items():
        of_part = spent[pod.part]
        of_part[pod.component] = of_part.get(pod.component, 0.0) + pod.seconds - before[uid].seconds
    return spent["pipeline"], spent["monitoring"]


def table(ways: Sequence[Way]) -> Grid:
    """One row for each rate and each processor time, with and without monitoring, and their ratio.

    Args:
        ways: At least one way with and one without.
    """
    arms = [[way for way in ways if way.arm == arm] for arm in (WITH, WITHOUT)]
    components = tuple(dict.fromkeys(name for way in ways for name in way.pipeline))
    times: dict[str, Callable[[Sequence[Way]], float]] = {
        **{f"{name}, processor seconds per million changes": partial(_pipeline, components=(name,)) for name in components},
        "the pipeline's pods together": partial(_pipeline, components=components),
        "pods of the monitoring": _monitoring,
        "all pods together": partial(_everything, components=components),
    }
    rates = [(f"{name}, rows per second", *_compared(arms, rate, 0)) for name, rate in _RATES.items()]
    spent = [(name, *_compared(arms, time, 1)) for name, time in times.items()]
    return Grid(("what", "with", "without", "with / without"), (*rates, *spent))


def single(ways: Sequence[Way]) -> Grid:
    """One row for each way, in the order of measurement."""
    rows = [
        (
            f"{number}, {way.arm}",
            *(f"{rate([way]):.0f}" for rate in _RATES.values()),
            f"{_pipeline([way], tuple(way.pipeline)):.1f}",
            f"{_monitoring([way]):.1f}",
        )
        for number, way in enumerate(ways, start=1)
    ]
    times = ("the pipeline's processor seconds per million changes", "the monitoring's")
    return Grid(("way", *(f"{name}, rows per second" for name in _RATES), *times), tuple(rows), "Single ways")


def _compared(arms: Sequence[Sequence[Way]], value: Callable[[Sequence[Way]], float], digits: int) -> tuple[str, str, str]:
    having, lacking = map(value, arms)
    return f"{having:.{digits}f}", f"{lacking:.{digits}f}", f"{having / lacking:.3f}" if lacking else NOTHING


def _source(ways: Sequence[Way]) -> float:
    return sum(way.run.queued.rows for way in ways) / sum(way.run.queued.capture_s for way in ways)


def _sink(ways: Sequence[Way]) -> float:
    return sum(way.run.drained.rows for way in ways) / sum(way.run.drained.total_s for way in ways)


def _both(ways: Sequence[Way]) -> float:
    return sum(way.run.deleted.rows for way in ways) / sum(way.run.deleted.total_s for way in ways)


_RATES: Final[Mapping[str, Callable[[Sequence[Way]], float]]] = {"source": _source, "sink": _sink, "both together": _both}


def _per_million(seconds: float, ways: Sequence[Way]) -> float:
    return seconds / sum(way.changes for way in ways) * _MILLION


def _pipeline(ways: Sequence[Way], components: Sequence[str]) -> float:
    return _per_million(sum(way.pipeline.get(name, 0.0) for way in ways for name in components), ways)


def _monitoring(ways: Sequence[Way]) -> float:
    return _per_million(sum(sum(way.monitoring.values()) for way in ways), ways)


def _everything(ways: Sequence[Way], components: Sequence[str]) -> float:
    return _pipeline(ways, components) + _monitoring(ways)
