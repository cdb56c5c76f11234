"""Firing alerts, as a Prometheus server lists them."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import requests

from pipeline.epoch.facts import Unanswered
from providers.readable import one_line
from stack.configs.secrecy import told

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipeline.status.facts import Known

_ANSWER_S: Final = 10.0
_SUMMARY: Final = 300
_SEVERITIES: Final = ("critical", "warning", "info")


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """Alert that fires.

    Attributes:
        name: Name of its rule.
        severity: ``critical``, ``warning`` or ``info``; empty without the label.
        summary: What it says of the case.
        since: Time since which its condition holds, in ISO 8601.
        labels: Its other labels.
    """

    name: str
    severity: str
    summary: str
    since: str
    labels: Mapping[str, str] = field(default_factory=dict)


def firing(url: str, own: Mapping[str, str] = MappingProxyType({})) -> Known[tuple[Alert, ...]]:
    """Return the alerts that fire, the gravest first.

    Args:
        url: Address of a Prometheus server.
        own: Labels of the stack's alerts in a Prometheus that has alerts of others.
    """
    try:
        answer = requests.get(f"{url.rstrip('/')}/api/v1/alerts", timeout=_ANSWER_S)
        answer.raise_for_status()
        fired = [one for one in answer.json()["data"]["alerts"] if one["state"] == "firing"]
        found = tuple(_alert(one) for one in fired if own.items() <= one["labels"].items())
    except (requests.RequestException, ValueError, KeyError, TypeError, AttributeError) as error:
        # the address may hold a password
        return Unanswered(f"Prometheus at {told(url)} does not list its alerts ({type(error).__name__})")
    return tuple(sorted(found, key=lambda one: (_rank(one.severity), one.name)))


def _alert(said: Mapping[str, Any]) -> Alert:
    labels, notes = dict(said["labels"]), said.get("annotations", {})
    name, severity = labels.pop("alertname"), labels.pop("severity", "")
    summary = one_line(told(str(notes.get("summary") or notes.get("description") or "")), _SUMMARY)
    return Alert(name=name, severity=severity, summary=summary, since=str(said.get("activeAt", "")), labels=labels)


def _rank(severity: str) -> int:
    return _SEVERITIES.index(severity) if severity in _SEVERITIES else len(_SEVERITIES)
