"""The tables of alerts and of recorded metrics in docs/runbooks/README.md, from the rules of every kind of stack."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pipeline.documents.generated import replaced
from pipeline.recording.recorder import ROOT
from pipeline.recording.stackfile import stack_config
from stack.judgement.stack import parse_text
from stack.specification.monitoring.rules.files import alert_rules
from stack.specification.monitoring.rules.recording import recordings
from stack.specification.monitoring.rules.thresholds import Thresholds
from stack.specification.stack import Specification

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stack.settings.model import Settings
    from stack.specification.monitoring.rules.rule import Rule

DOCUMENT: Final = ROOT / "docs" / "runbooks" / "README.md"
# Together they have each part both ways: made by the program, and an existing one; and both registries
_STACKS: Final = ("sandbox", "dev", "prod")


def alerts() -> dict[str, Rule]:
    """Return the rule of every alert that a stack can have, by its name."""
    found: dict[str, Rule] = {}
    for stack in _STACKS:
        for rule in alert_rules(_monitored(stack)):
            found.setdefault(rule.alert, rule)
    return found


def _monitored(stack: str) -> Settings:
    """Return the settings of a stack with everything that can be looked at."""
    settings = parse_text(stack_config(ROOT, stack).values)
    everything = {"enabled": True, "kubelets": settings.monitoring.kubelets or ("10.0.0.0/8",)}
    return settings.model_copy(update={"monitoring": settings.monitoring.model_copy(update=everything)})


def table() -> str:
    """Return the table: alert, severity, part, meaning."""
    rows = [(f"[{rule.alert}]({rule.alert}.md)", rule.severity, rule.area, rule.meaning) for rule in alerts().values()]
    return _table(("alert", "severity", "part", "meaning"), rows)


def recorded() -> str:
    """Return the table of recorded metrics: name and meaning."""
    found: dict[str, str] = {}
    for stack in _STACKS:
        settings = _monitored(stack)
        for one in recordings(Thresholds(settings), Specification.of(settings).workloads):
            found.setdefault(one.record, one.meaning)
    return _table(("metric", "meaning"), [(f"`{name}`", meaning) for name, meaning in found.items()])


def updated(text: str) -> str:
    """Return the document with fresh tables."""
    return replaced(replaced(text, "alerts", table()), "recorded", recorded())


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
