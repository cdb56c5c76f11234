"""Requests to a worker that may be starting, rebalancing or unreachable."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeVar

from providers.kafkaconnect.causes import explained
from providers.kafkaconnect.errors import AwayError, ForeignError, NotNowError, RefusedError
from providers.kafkaconnect.rest import READ_SECONDS
from providers.operations import ProviderError
from providers.unreachable import UnreachableError
from providers.waiting import backoff
from stack.configs.secrecy import without_passwords

if TYPE_CHECKING:
    from collections.abc import Callable

    from providers.waiting import Patience

_Answer = TypeVar("_Answer")

# Seconds for a request after the limit, such as the removal itself after the wait for what the connector holds
_LEAST: Final = 1.0


def answered(
    patience: Patience, subject: str, ask: Callable[[float], _Answer], *, first: float = 0.25, longest: float = float("inf")
) -> _Answer:
    """Repeat a request until it is answered.

    Args:
        patience: Time limit of the whole operation.
        subject: Subject of messages.
        ask: The request, given the seconds that it may take.
        first: Seconds until the second attempt; later pauses are longer.
        longest: Limit for this request, in seconds.

    Raises:
        UnreachableError: If nothing answered.
        ProviderError: If the worker was busy until the limit, or refused, or if something else answered.
    """
    attempt, begun = 0, patience.spent
    while True:
        left = min(patience.seconds, begun + longest) - patience.spent
        try:
            return ask(min(READ_SECONDS, max(_LEAST, left)))
        except RefusedError as error:
            raise type(error)(error.status, without_passwords(error.said), subject) from None
        except ForeignError as error:
            message = f"{subject}: {error}"
            raise ForeignError(message) from None
        except NotNowError as error:
            reason = without_passwords(str(error))
            if patience.over or patience.spent - begun >= longest:
                message = f"{subject}: gave up after {patience.spent:.0f} s: "
                if isinstance(error, AwayError):
                    message += f"{reason}; check that Kafka Connect runs, and its address"
                    raise UnreachableError(message) from None
                raise ProviderError(message + explained(reason)) from None
            patience.pause(backoff(attempt, first=first), f"{subject}: {reason}")
            attempt += 1
