"""Alerts about the quality of the data. Pure."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from stack.specification.monitoring import owners
from stack.specification.monitoring.rules.rule import Rule, command
from stack.specification.monitoring.rules.thresholds import MINUTE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stack.specification.monitoring.rules.thresholds import Thresholds

_Rule = partial(Rule, area="quality")
_QUALITY: Final = command("quality")
_SCORE: Final = "min by (checkpoint, table) (data_quality_score)"


def rules(limits: Thresholds) -> Iterator[Rule]:
    """Yield the rules of a stack."""
    quality = limits.settings.quality
    owner = {owners.LABEL: owners.template(quality)} if quality.owners else {}
    # a record is in the window of some checks and leaves it again: an alert that waited for longer would never fire
    lasting_s = min(15 * MINUTE, quality.window_minutes * MINUTE // 2)
    low, very_low = (f"{percent / 100:g}" for percent in (quality.warning_percent, quality.critical_percent))
    yield _Rule(
        alert="QualityLow",
        severity="warning",
        expression=f"{_SCORE} < {low}",
        wait_s=10 * MINUTE,
        meaning=f"The quality of a table is below {low}",
        summary="The quality of {{ $labels.table }} at the checkpoint {{ $labels.checkpoint }} has been"
        f' {{{{ $value | printf "%.3f" }}}} for 10 minutes (limit {low})',
        next=_QUALITY,
        labels=owner,
    )
    yield _Rule(
        alert="QualityVeryLow",
        severity="critical",
        expression=f"{_SCORE} < {very_low}",
        wait_s=10 * MINUTE,
        meaning=f"The quality of a table is below {very_low}",
        summary="The quality of {{ $labels.table }} at the checkpoint {{ $labels.checkpoint }} has been"
        f' {{{{ $value | printf "%.3f" }}}} for 10 minutes (limit {very_low})',
        next=_QUALITY,
        labels=owner,
    )
    yield _Rule(
        alert="QualityUnknown",
        severity="warning",
        # an idle database has nothing to judge
        expression='sum(increase(quality_rows_checked_total[1h])) > 0 unless on () count(data_quality_score{checkpoint="archive"})',
        wait_s=90 * MINUTE,
        meaning="Rows are archived, and the quality of the archive is not measured; no score is not a good score",
        summary="The quality of the archive has not been measured for 90 minutes, and rows are archived",
        next=_QUALITY,
    )
    yield _Rule(
        alert="RowsMissing",
        severity="critical",
        expression='data_quality_figure{figure="completeness"} < 1',
        wait_s=lasting_s,
        meaning="Changes of a table are in Kafka, had their time, and are neither in the archive nor among the dead letters",
        summary="Only {{ $value | humanizePercentage }} of the changes of {{ $labels.table }} are in the archive, and they had their time",
        next=_QUALITY,
    )
    yield _Rule(
        alert="RowsTwice",
        severity="critical",
        expression='data_quality_figure{figure="uniqueness"} < 1',
        wait_s=lasting_s,
        meaning="The archive has changes of a table twice",
        summary="Only {{ $value | humanizePercentage }} of the rows of {{ $labels.table }} stand for a change of their own",
        next=_QUALITY,
    )
