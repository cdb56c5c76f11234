"""Asking a worker that may be starting, rebalancing or away."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, TypeVar

from configs.secrecy import without_passwords
from providers.kafkaconnect.causes import explained
from providers.kafkaconnect.rest import AwayError, NotNowError
from providers.operations import ProviderError
from providers.patience import Patience, backoff
from providers.unreachable import UnreachableError

if TYPE_CHECKING:
    from collections.abc import Callable

_Answer = TypeVar("_Answer")


def answered(
    patience: Patience, subject: str, ask: Callable[[], _Answer], *, first: float = 0.25, longest: float = float("inf")
) -> _Answer:
    """Ask until there is an answer.

    Args:
        patience: How long at most.
        subject: What it is about, for messages.
        ask: The question.
        first: Seconds until the second try; later ones take longer.
        longest: Seconds at most for this question.

    Raises:
        UnreachableError: If nothing answered.
        ProviderError: If the worker had no time for it.
    """
    attempt, started = 0, time.monotonic()
    while True:
        try:
            return ask()
        except NotNowError as error:
            said = without_passwords(str(error))
            if patience.over or time.monotonic() - started >= longest:
                message = f"{subject}: gave up after {patience.spent:.0f} s: "
                if isinstance(error, AwayError):
                    message += f"{said}; does Kafka Connect run, and is that its address?"
                    raise UnreachableError(message) from None
                raise ProviderError(message + explained(said)) from None
            patience.pause(backoff(attempt, first=first), f"{subject}: {said}")
            attempt += 1
