"""Errors of one request to a worker."""

from __future__ import annotations

from providers.operations import ProviderError


class NotNowError(Exception):
    """The worker cannot answer yet: not reachable, starting, rebalancing, or failing for a reason that may pass."""


class AwayError(NotNowError):
    """Nothing answered at all; the message names the address and why."""


class ForeignError(ProviderError):
    """Something answered, but not as Kafka Connect does; the message names the request and the answer."""


class RefusedError(ProviderError):
    """The worker understood and said no."""

    def __init__(self, status: int, said: str, subject: str = "") -> None:
        """Keep the HTTP status and the worker's own message beside the whole one, which begins with the subject."""
        self.status = status
        self.said = said
        super().__init__(f"{subject}: Kafka Connect refuses: {said}" if subject else said)


class NoConnectorError(RefusedError):
    """The worker itself says that it has no such connector."""


class NoClassError(RefusedError):
    """The worker's image lacks the connector's class."""
