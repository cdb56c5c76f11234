"""The sink connector as a measurement handles it: held back for a while, and never left so."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import requests

from bench.figures import FiguresError
from sandbox import connectors
from settings.names import Names

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sandbox.patience import Patience

_NAME = Names.sink_connector


def commit_interval_s(outputs: Mapping[str, Any]) -> float:
    """Seconds between commits, by the configuration of the running connector."""
    config = _call(outputs, "GET", "config").json()
    return int(config["iceberg.control.commit.interval-ms"]) / 1000


@contextmanager
def held_back(outputs: Mapping[str, Any], patience: Patience) -> Iterator[None]:
    """Run the block while the sink is paused; it goes on afterwards, also after an error or Ctrl-C.

    Args:
        outputs: What ``sandbox outputs`` prints.
        patience: How long to wait for its tasks to stop.

    Raises:
        FiguresError: If they do not.
    """
    try:
        _call(outputs, "PUT", "pause")
        while (states := _states(outputs)) != {"PAUSED"}:
            if not patience.go_on(f"the sink to pause, it is {', '.join(sorted(states))}"):
                raise FiguresError(patience.verdict("the sink does not pause"))
        yield
    finally:
        _call(outputs, "PUT", "resume")


def _states(outputs: Mapping[str, Any]) -> set[str]:
    status = connectors.statuses(outputs)[_NAME]
    return {status["connector"]["state"], *(task["state"] for task in status["tasks"])}


def _call(outputs: Mapping[str, Any], method: str, verb: str) -> requests.Response:
    connect = outputs["connect"]
    url = f"{connect['url']}/connectors/{_NAME}/{verb}"
    answer = requests.request(method, url, auth=(connect["user"], connect["password"]), timeout=30)
    answer.raise_for_status()
    return answer
