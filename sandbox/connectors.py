"""The state of the stack's connectors, as the worker tells it to the provider's own client."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any, Final, NoReturn

from providers.kafkaconnect.causes import explained
from providers.kafkaconnect.rest import ConnectClient, NotNowError, RefusedError, Status
from providers.operations import ProviderError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

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
    except (NotNowError, RefusedError, ProviderError):
        return []
    failed = [(name, part) for name, status in sorted(found.items()) for part in status.failed]
    return [f"  {name}, {part.label}:\n{textwrap.indent(explained(part.trace), '    ')}" for name, part in failed]


def refuse(failed: Sequence[str]) -> NoReturn:
    """Raise ConnectorFailedError about failed connectors and tasks, with what to do."""
    listed = "\n".join(failed)
    message = (
        f"the worker reports failed tasks, and restarting them has not helped:\n{listed}\n  mend the cause and run 'make sandbox' again"
    )
    raise ConnectorFailedError(message)
