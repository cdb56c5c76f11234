"""The state of the stack's connectors, as the worker tells it to the provider's own client."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any, Final, NoReturn

from providers.kafkaconnect.errors import NotNowError
from providers.kafkaconnect.reasons import reasons
from providers.kafkaconnect.rest import ConnectClient
from providers.operations import ProviderError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from providers.kafkaconnect.status import Status

_ANSWER_S: Final = 10.0


class ConnectorFailedError(Exception):
    """A connector or one of its tasks has failed; the message holds the worker's own reason."""


def client(outputs: Mapping[str, Any]) -> ConnectClient:
    """Return a client of the worker's REST API.

    Args:
        outputs: The stack's outputs.
    """
    connect = outputs["connect"]
    return ConnectClient(connect["url"], connect["user"], connect["password"])


def statuses(outputs: Mapping[str, Any]) -> dict[str, Status]:
    """Name to status of every connector.

    Args:
        outputs: The stack's outputs.
    """
    return client(outputs).statuses(seconds=_ANSWER_S)


def failures(outputs: Mapping[str, Any]) -> list[str]:
    """Return what has failed at this moment, each with the worker's reason; a worker that does not answer now has not failed.

    Args:
        outputs: The stack's outputs.
    """
    try:
        found = statuses(outputs)
    except (NotNowError, ProviderError):
        return []
    failed = [(name, label, reason) for name, status in sorted(found.items()) for label, reason in reasons(status.failed)]
    return [f"  {name}, {label}:\n{textwrap.indent(reason, '    ')}" for name, label, reason in failed]


def refuse(failed: Sequence[str]) -> NoReturn:
    """Raise ConnectorFailedError about failed connectors and tasks, with what to do."""
    listed = "\n".join(failed)
    message = (
        f"the worker reports failed tasks, and restarting them has not helped:\n{listed}\n  mend the cause and run 'make sandbox' again"
    )
    raise ConnectorFailedError(message)
