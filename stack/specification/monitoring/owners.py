"""Owners of tables, who are told of a low score: the label of the alerts, and a route to each address and channel among them. Pure."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stack.settings.quality import QualitySettings

LABEL: Final = "owner"
"""Label of an alert with the owner of its table; a table without one has an alert without it."""
# Without braces: Alertmanager reads both as templates
_ADDRESS: Final = re.compile(r"[^@\s{}<>]+@[^@\s{}<>]+")
_CHANNEL: Final = re.compile(r"#[^\s{}/:@#]{1,80}")


def template(quality: QualitySettings) -> str:
    """Return the template of Prometheus that gives the owner of the label ``table``; empty without an owner."""
    cases = [f"if eq $labels.table {_text(table)} }}}}{{{{ {_text(owner)} }}}}" for table, owner in quality.owners.items()]
    return "{{ " + "{{ else ".join(cases) + "{{ end }}" if cases else ""


def receivers(quality: QualitySettings, integrations: Mapping[str, dict[str, Any]]) -> dict[str, dict[str, list[dict[str, Any]]]]:
    """Return the receiver of each owner that has an address or a channel, by name: the settings of each way to tell people.

    Args:
        quality: Data quality of the stack.
        integrations: Settings of each way that the stack has, by Alertmanager's word for it.
    """
    found: dict[str, dict[str, list[dict[str, Any]]]] = {}
    for owner in sorted(set(quality.owners.values())):
        ways = {
            "email": [{**integrations["email"], "to": one} for one in _parts(owner, _ADDRESS)] if "email" in integrations else [],
            "slack": [{**integrations["slack"], "channel": one} for one in _parts(owner, _CHANNEL)] if "slack" in integrations else [],
        }
        if any(ways.values()):
            found[f"owner {owner}"] = {way: several for way, several in ways.items() if several}
    return found


def routes(quality: QualitySettings, integrations: Mapping[str, dict[str, Any]], again: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return the routes to these receivers, behind which everybody else is told too.

    Args:
        quality: Data quality of the stack.
        integrations: As ``receivers`` takes them.
        again: Time between two messages about the same alert, by its severity.
    """
    return [
        {
            "receiver": name,
            "matchers": [f"{LABEL}={_text(name.removeprefix('owner '))}", f'severity="{severity}"'],
            "repeat_interval": time,
            "continue": True,
        }
        for name in receivers(quality, integrations)
        for severity, time in again.items()
    ]


def _parts(owner: str, kind: re.Pattern[str]) -> list[str]:
    """Return the parts of an owner, between commas, that are of a kind."""
    return [part.strip() for part in owner.split(",") if kind.fullmatch(part.strip())]


def _text(value: str) -> str:
    """Return a text as templates and matchers have it, in quotes."""
    return json.dumps(value, ensure_ascii=False)
