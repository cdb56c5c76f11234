"""Files of promtool made of the cases: every rule file of a stack, and a test for each case."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any, Final

from stack.specification.monitoring.rules.files import RECORDING, RUNBOOKS, alert_rules, rule_files
from stack.specification.monitoring.scope import scoped, series_labels
from stack.specification.stack import Specification
from tests.debian_programs import program
from tests.declared import settings_of
from tests.monitoring.cases import archive, connect, containers, database, java, kafka, own, quality, registry, source
from tests.monitoring.cases.recording import FIGURES

if TYPE_CHECKING:
    from pathlib import Path

    from stack.settings.model import Settings
    from stack.specification.monitoring.rules.rule import Rule
    from tests.monitoring.cases.case import Case, Figure

CASES: Final[tuple[Case, ...]] = tuple(
    case for part in (own, database, source, connect, kafka, archive, registry, java, containers, quality) for case in part.CASES
)
OWNERS: Final = {"public.products": 'the "stock" {{ team }}', "public.orders": "orders team, #orders", "public.users": "users@example.com"}
"""Owners of tables in every stack of the cases."""
_SECONDS: Final = 100


def monitored(stack: str) -> Settings:
    """Return the settings of one of ``tests.declared.STACKS`` with monitoring."""
    settings = settings_of(stack)
    monitoring = settings.monitoring.model_copy(update={"enabled": True, "kubelets": ("10.0.0.0/24",)})
    return owned(settings.model_copy(update={"monitoring": monitoring}))


def owned(settings: Settings) -> Settings:
    """Return settings whose tables have the owners that the cases name."""
    return settings.model_copy(update={"quality": settings.quality.model_copy(update={"owners": OWNERS})})


def rules_of(stack: str) -> dict[str, Rule]:
    """Return the rules of a stack by the name of their alert."""
    return {rule.alert: rule for rule in alert_rules(monitored(stack))}


def files_of(stack: str) -> dict[str, str]:
    """Return the rule files of a stack."""
    return _files(monitored(stack))


def _files(settings: Settings) -> dict[str, str]:
    return rule_files(settings, Specification.of(settings).workloads)


def written(stack: str, folder: Path) -> list[Path]:
    """Write the rule files of a stack and return their paths."""
    return _written(monitored(stack), folder)


def _written(settings: Settings, folder: Path) -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in _files(settings).items():
        (folder / name).write_text(text, encoding="utf-8")
    return sorted(folder.glob("*.yml"))


def run(command: list[str]) -> subprocess.CompletedProcess[str]:
    """Run one of the programs."""
    return subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, check=False)


def cases_run(stack: str, folder: Path, settings: Settings | None = None) -> subprocess.CompletedProcess[str]:
    """Run every case of a stack in one call of promtool, each with the rules of its own part and the recording rules.

    Args:
        stack: Name of the stack.
        folder: Folder for the files.
        settings: Its settings with an existing Prometheus, whose series bear the label of the stack; by default a Prometheus of its own.
    """
    settings = settings or monitored(stack)
    _written(settings, folder)
    rules = {rule.alert: rule for rule in alert_rules(settings)}
    groups: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for case in CASES:
        if case.stack == stack and case.alert in rules:
            rule = rules[case.alert]
            groups.setdefault((rule.area, case.step), []).append(_test(case, rule, settings))
    recorded = [_recorded(one, settings) for one in FIGURES if one.stack == stack]
    suites = [_suite(area, step, tests, folder, settings) for (area, step), tests in groups.items()]
    suites += [_suite(RECORDING, "15s", recorded, folder, settings)] if recorded else []
    return run([program("promtool"), "test", "rules", *suites])


def _suite(area: str, step: str, tests: list[dict[str, Any]], folder: Path, settings: Settings) -> str:
    prefix = "" if settings.monitoring.is_managed else f"{settings.names.namespace}-"
    content = {
        "rule_files": [f"{name}.yml" for name in dict.fromkeys((RECORDING, area))],
        "evaluation_interval": step,
        "group_eval_order": [f"{prefix}{name}" for name in dict.fromkeys((RECORDING, area))],
        "tests": tests,
    }
    path = folder / f"{area}-{step}.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    return str(path)


def _test(case: Case, rule: Rule, settings: Settings) -> dict[str, Any]:
    fired = {
        "exp_labels": {"severity": rule.severity, "area": rule.area, **(case.labels or {}), **series_labels(settings)},
        "exp_annotations": {"summary": case.summary, "next": rule.next, "runbook": f"{RUNBOOKS}{rule.alert}.md"},
    }
    return {
        "name": f"{case.alert}: {case.why}",
        "interval": case.step,
        "input_series": [{"series": scoped(name, settings), "values": values} for name, values in case.series.items()],
        "alert_rule_test": [
            {"eval_time": moment, "alertname": case.alert, "exp_alerts": [] if case.labels is None else [fired]}
            for moment in _moments(case)
        ],
    }


def _moments(case: Case) -> list[str]:
    """Return the moment of an alert, or every one up to it: an alert that came and went was not silent."""
    if case.labels is not None:
        return [case.at]
    number, unit = int(case.at[:-1]), case.at[-1]
    assert case.step == f"1{unit}", case
    return [f"{moment}{unit}" for moment in range(number + 1)]


def _recorded(figure: Figure, settings: Settings) -> dict[str, Any]:
    samples = [{"labels": _of_stack(labels, settings), "value": value} for labels, value in figure.samples.items()]
    return {
        "name": f"{figure.metric}: {figure.why}",
        "interval": "15s",
        "input_series": [{"series": scoped(name, settings), "values": values} for name, values in figure.series.items()],
        "promql_expr_test": [{"expr": figure.metric, "eval_time": figure.at, "exp_samples": samples}],
    }


def _of_stack(labels: str, settings: Settings) -> str:
    """Return a sample with the label of the stack; that of a calculation has no name."""
    return scoped(f"m{labels}", settings).removeprefix("m") if labels.startswith("{") else scoped(labels, settings)
