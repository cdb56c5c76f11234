"""The sink connector as a measurement handles it: held back for a while, and never left so."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from sandbox import connectors
from sandbox.bench.figures import FiguresError
from stack.settings.names import Names

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from providers.waiting import Patience

_NAME: Final = Names.sink_connector


def commit_interval_s(outputs: Mapping[str, Any]) -> float:
    """Return the seconds between commits, by the configuration of the running connector.

    Raises:
        FiguresError: If there is no such connector.
    """
    config = connectors.client(outputs).config(_NAME)
    if config is None:
        message = f"the worker has no connector {_NAME}; run 'make sandbox'"
        raise FiguresError(message)
    return int(config["iceberg.control.commit.interval-ms"]) / 1000


@contextmanager
def held_back(outputs: Mapping[str, Any], patience: Patience) -> Iterator[None]:
    """Run the block while the sink is paused; it goes on afterwards, also after an error or Ctrl-C.

    Args:
        outputs: The stack's outputs.
        patience: How long to wait for its tasks to stop.

    Raises:
        FiguresError: If they do not.
    """
    client = connectors.client(outputs)
    try:
        client.pause(_NAME)
        while not (status := client.status(_NAME)) or {part.state for part in (status.connector, *status.tasks)} != {"PAUSED"}:
            if not patience.go_on(f"the sink to pause, it is {status or 'not there'}"):
                raise FiguresError(patience.verdict("the sink does not pause"))
        yield
    finally:
        client.resume(_NAME)
