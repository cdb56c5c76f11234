"""The table in docs/monitoring.md of the critical alerts that were fired by their faults, from ``bench/alerts.json``."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from pipeline.documents.generated import replaced
from pipeline.recording.recorder import ROOT

if TYPE_CHECKING:
    from collections.abc import Mapping

DOCUMENT: Final = ROOT / "docs" / "monitoring.md"
FIGURES: Final = ROOT / "bench" / "alerts.json"
PART: Final = "fired"
_NONE: Final = "-"

NOT_CAUSED: Final[Mapping[str, str]] = {
    "EventsErroneous": "no change is known that Debezium cannot pass on, and the one key with which it would go on behind it is refused",
    "HangingTransaction": (
        "a broker counts a transaction as late after 20 minutes, and ends each one after 15 at most;"
        " what has none of its own is refused by the brokers' check of transactions"
    ),
    "LogDirectoryOffline": "a broker has one folder and ends itself when that fails: `BrokerMissing` and `ContainerRestarts` tell it",
}
"""Critical alerts that no test fires, each with the reason."""


def part(content: Mapping[str, Any]) -> str:
    """Return when and where the figures were measured, and the table."""
    about = content.get("about")
    if not about:
        return table(content["alerts"])
    place = about["machine"]
    where = f"{place['cpus']} x {place['model']}, {place['memory_mib']} MiB of memory, {place['system']}"
    return f"Run: {about['date']}, commit {about['commit']}, {where}.\n\n{table(content['alerts'])}"


def table(figures: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the table: one row for each alert, in the order of the names.

    Args:
        figures: By alert: its ``fault``, its ``cure``, the seconds ``firing_s`` from fault to alert, ``told_s`` to the last of the
            messages, ``ended_s`` from cure to the end of the alert, ``told_ended_s`` to the message about that, and ``explained_by``,
            the alert that is told in its place; a figure that is missing was not measured.
    """
    lines = [
        "| alert | fault | fires after, s | told after, s | cure | over after, s | that told after, s |",
        "| --- | --- | ---: | ---: | --- | ---: | ---: |",
    ]
    for alert in sorted({*figures, *NOT_CAUSED}):
        name, one = f"[{alert}](runbooks/{alert}.md)", figures.get(alert)
        if one is None:
            lines.append(f"| {name} | not caused: {NOT_CAUSED[alert]} | {_NONE} | {_NONE} | {_NONE} | {_NONE} | {_NONE} |")
            continue
        by = one.get("explained_by")
        told, ended = (f"by `{by}`",) * 2 if by else (_seconds(one, "told_s"), _seconds(one, "told_ended_s"))
        cells = (name, one["fault"], _seconds(one, "firing_s"), told, one.get("cure", _NONE), _seconds(one, "ended_s"), ended)
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _seconds(one: Mapping[str, Any], name: str) -> str:
    value = one.get(name)
    return _NONE if value is None else f"{value:.0f}"


def updated(text: str) -> str:
    """Return the document with a fresh table."""
    return replaced(text, PART, part(json.loads(FIGURES.read_text(encoding="utf-8"))))
