"""Messages of Alertmanager as the sandbox's receiver keeps them: mail, Slack's form, webhook. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from stack.specification.monitoring.rules.rule import Rule

WAYS = ("mail", "slack", "webhook")
_SUBJECT = re.compile(r"\[(FIRING|RESOLVED)(?:: \d+)?\] (\w+) \((\w+)\)")


@dataclass(frozen=True)
class Message:
    """One message about one alert.

    Attributes:
        at: Time of its arrival, in seconds since 1970.
        way: One of ``WAYS``.
        alert: Name of the alert.
        severity: Its severity.
        over: Whether it says that the alert is over.
        text: What it says.
    """

    at: float
    way: str
    alert: str
    severity: str
    over: bool
    text: str


def messages(received: Sequence[dict[str, Any]]) -> Iterator[Message]:
    """Yield the messages about alerts among everything that has arrived."""
    for one in received:
        if one["kind"] == "mail":
            yield from _titled(one["at"], "mail", one["subject"], one["text"])
        elif one["path"] == "/slack":
            for attachment in one["body"].get("attachments", []):
                yield from _titled(one["at"], "slack", attachment["title"], attachment["text"])
        else:
            body = one["body"]
            for alert in body["alerts"]:
                labels, notes = alert["labels"], alert["annotations"]
                text = f"{notes['summary']}\nNext: {notes['next']}\nRunbook: {notes['runbook']}\n"
                yield Message(one["at"], "webhook", labels["alertname"], labels["severity"], body["status"] == "resolved", text)


def _titled(at: float, way: str, title: str, text: str) -> Iterator[Message]:
    found = _SUBJECT.search(title)
    if found:
        yield Message(at, way, found[2], found[3], found[1] == "RESOLVED", text)


def lacks(message: Message, rule: Rule) -> list[str]:
    """Return what a message lacks of its rule: severity, summary with every figure, next step, page."""
    # a template's actions, with the text between a condition and its end
    pattern = ".*".join(re.escape(literal) for literal in re.split(r"\{\{.*\}\}|\{\{.*?\}\}", rule.summary))
    wanted = {
        f"severity {rule.severity}": message.severity == rule.severity,
        f"summary {rule.summary}": re.search(pattern, message.text) is not None and "<no value>" not in message.text,
        f"next step {rule.next}": f"Next: {rule.next}" in message.text,
        "page": f"docs/runbooks/{rule.alert}.md" in message.text,
    }
    return [f"{message.way} about {message.alert} lacks its {what}" for what, found in wanted.items() if not found]


def arrived(found: Sequence[Message], alert: str, since: float, *, over: bool = False) -> dict[str, Message]:
    """Return the first message of each way about an alert since a moment."""
    first: dict[str, Message] = {}
    for one in found:
        if one.alert == alert and one.over is over and one.at >= since:
            first.setdefault(one.way, one)
    return first
