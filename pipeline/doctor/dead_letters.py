"""Check of a stack that runs already: dead letters that nobody has replayed or dropped."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pipeline.checks.check import fine, unseen, warning
from pipeline.dlq.cluster import dead_letter_topic
from pipeline.dlq.topic import TopicError
from providers.operations import ProviderError

if TYPE_CHECKING:
    from pipeline.checks.check import Finding
    from pipeline.dlq.ledger import Count
    from stack.settings.model import Settings

# Brokers that run answer in milliseconds; before the first 'up' there are none
_ANSWER_S: Final = 5.0


def look(settings: Settings, bootstrap: tuple[str, ...]) -> Count | str:
    """Count the dead letters of a stack; the reason where that is not possible, as before its first ``up``.

    Args:
        settings: Settings of the stack.
        bootstrap: Its brokers, as this machine reaches them.
    """
    try:
        return dead_letter_topic(settings, ",".join(bootstrap)).count(_ANSWER_S)
    except (TopicError, ProviderError) as error:
        return str(error)


def none_open(found: Count | str, stack: str) -> Finding:
    """Judge the number of dead letters.

    Args:
        found: Their number, or why it is not known.
        stack: Name of the stack, for the cure.
    """
    if isinstance(found, str):
        return unseen("no broker of this stack answers, which is right before the first 'up'")
    if found.is_wrong:
        return warning(str(found), f".venv/bin/python -m pipeline dlq list --stack {stack}")
    return fine(str(found))
