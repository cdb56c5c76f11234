"""Prometheus, Alertmanager and the receiver of alerts in the sandbox, as a person reaches them: by a forwarded port."""

from __future__ import annotations

import subprocess
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import requests

from sandbox.alert_receiver import NODE_PORT
from sandbox.paths import KUBECONFIG

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

NAMESPACE = "data-ingestion-monitoring"
_ANSWER_S = 15


def asked(url: str, query: dict[str, str] | None = None) -> Any:
    """Return the JSON at a URL of this machine."""
    return requests.get(url, query, timeout=_ANSWER_S).json()


@contextmanager
def forwarded(deployment: str, port: int) -> Iterator[str]:
    """Give the URL of a Deployment's port, as long as the block lasts."""
    command = ["kubectl", f"--kubeconfig={KUBECONFIG}", f"--namespace={NAMESPACE}", "port-forward", f"deployment/{deployment}", f":{port}"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as running:
        try:
            assert running.stdout is not None
            # the third word of the first line is the address
            yield f"http://{running.stdout.readline().split()[2]}"
        finally:
            running.terminate()


@dataclass(frozen=True)
class Prometheus:
    """Prometheus' API."""

    url: str

    def _data(self, path: str, **query: str) -> Any:
        return asked(f"{self.url}/api/v1/{path}", query)["data"]

    def targets(self) -> list[dict[str, Any]]:
        """Return every target with its health and last error."""
        return list(self._data("targets", state="active")["activeTargets"])

    def rules(self) -> list[dict[str, Any]]:
        """Return every rule with its health, last error and alerts."""
        return [rule for group in self._data("rules")["groups"] for rule in group["rules"]]

    def names(self) -> set[str]:
        """Return the name of every metric that has a series."""
        return set(self._data("label/__name__/values"))

    def value(self, query: str) -> float | None:
        """Return the value of a query with one series, or None without one."""
        found = self._data("query", query=query)["result"]
        return float(found[0]["value"][1]) if found else None

    def firing(self) -> dict[str, str]:
        """Return the alerts that fire: name to severity."""
        alerts = self._data("alerts")["alerts"]
        return {one["labels"]["alertname"]: one["labels"]["severity"] for one in alerts if one["state"] == "firing"}


def received(since: float) -> list[dict[str, Any]]:
    """Return the mails and webhooks that have arrived since a time, in seconds since 1970."""
    return [one for one in asked(f"http://127.0.0.1:{NODE_PORT}/received") if one["at"] >= since]


def until(what: str, ask: Callable[[], Any], timeout_s: float) -> Any:
    """Return the first answer that is true, or fail with what was waited for."""
    deadline = time.monotonic() + timeout_s
    while not (found := ask()):
        assert time.monotonic() < deadline, f"{what}, after {timeout_s:.0f} s"
        time.sleep(0.5)
    return found
