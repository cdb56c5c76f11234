"""The worker's REST API: one method a call, and what its answers mean."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlsplit

import requests

from providers.operations import ProviderError, scrubbed

if TYPE_CHECKING:
    from collections.abc import Mapping

CONNECT_SECONDS: Final = 2.0
"""A worker that is there accepts a connection at once; a preview must not hang on one that is not."""

READ_SECONDS: Final = 90.0
"""The worker's own limit for a request that its herder has to answer."""

NO_SUCH_CLASS: Final = "Failed to find any class"
"""Part of the worker's message about a connector that its image lacks."""

_BUSY = (409, 503)
_UNAUTHENTICATED, _FORBIDDEN, _NOT_FOUND, _SERVER_ERROR = 401, 403, 404, 500


class NotNowError(Exception):
    """The worker cannot answer yet: not reachable, starting, rebalancing, or failing for a reason that may pass."""


class AwayError(NotNowError):
    """Nothing answered at all; the message names the address and why."""


class RefusedError(Exception):
    """The worker understood and said no; the message is its own."""

    def __init__(self, status: int, message: str) -> None:
        """Keep the HTTP status beside the message."""
        self.status = status
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class Part:
    """A connector or one of its tasks as the worker reports it."""

    label: str
    state: str
    trace: str = ""


@dataclass(frozen=True, slots=True)
class Status:
    """A connector and its tasks."""

    connector: Part
    tasks: tuple[Part, ...]

    @property
    def failed(self) -> tuple[Part, ...]:
        """The parts that gave up; none of them starts again by itself."""
        return tuple(part for part in (self.connector, *self.tasks) if part.state == "FAILED")

    @property
    def running(self) -> bool:
        """True if the connector and all of its tasks run, and it has at least one task."""
        return bool(self.tasks) and all(part.state == "RUNNING" for part in (self.connector, *self.tasks))

    @property
    def state(self) -> str:
        """One word for all: RUNNING only if everything runs, else the first state that is not."""
        return next(
            (part.state for part in (self.connector, *self.tasks) if part.state != "RUNNING"),
            "RUNNING" if self.tasks else "UNASSIGNED",
        )

    def __str__(self) -> str:
        """Every part with its state."""
        return ", ".join(f"{part.label} {part.state}" for part in (self.connector, *self.tasks)) + ("" if self.tasks else ", no task yet")


@dataclass(frozen=True, slots=True)
class Complaint:
    """One complaint of the worker about one key; `private` when the definition says that the value is a password."""

    key: str
    message: str
    private: bool


class ConnectClient:
    """One Connect cluster."""

    def __init__(self, url: str, username: str | None = None, password: str | None = None) -> None:
        """Address the cluster at `url`, with basic authentication when a user is given."""
        self.url = url.rstrip("/")
        self._username = username
        self._password = password or ""
        self._through_proxies = (urlsplit(url).hostname or "") not in ("127.0.0.1", "localhost", "::1")

    def config(self, name: str) -> dict[str, str] | None:
        """Return the live configuration, None without such a connector."""
        live: dict[str, str] | None = self._found("GET", f"/connectors/{quote(name, safe='')}/config")
        return live

    def status(self, name: str) -> Status | None:
        """Return the live status, None while there is none."""
        answer = self._found("GET", f"/connectors/{quote(name, safe='')}/status")
        return _status(answer) if answer is not None else None

    def statuses(self, *, seconds: float = READ_SECONDS) -> dict[str, Status]:
        """Return the live status of every connector that has one."""
        listed = self._call("GET", "/connectors?expand=status", seconds=seconds)
        return {name: _status(about["status"]) for name, about in listed.items() if "status" in about}

    def put(self, name: str, config: Mapping[str, str]) -> None:
        """Create or reconfigure."""
        self._call("PUT", f"/connectors/{quote(name, safe='')}/config", dict(config))

    def restart_failed(self, name: str) -> None:
        """Start what FAILED once more."""
        self._call("POST", f"/connectors/{quote(name, safe='')}/restart?includeTasks=true&onlyFailed=true")

    def pause(self, name: str) -> None:
        """Pause a connector and its tasks; they keep their resources."""
        self._call("PUT", f"/connectors/{quote(name, safe='')}/pause")

    def resume(self, name: str) -> None:
        """End a pause or a stop."""
        self._call("PUT", f"/connectors/{quote(name, safe='')}/resume")

    def stop(self, name: str) -> None:
        """Shut its tasks down and keep its configuration."""
        self._call("PUT", f"/connectors/{quote(name, safe='')}/stop")

    def forget_offsets(self, name: str) -> None:
        """Forget how far it had come; only for one that is stopped."""
        self._call("DELETE", f"/connectors/{quote(name, safe='')}/offsets")

    def delete(self, name: str) -> bool:
        """Remove it; False when there was none."""
        try:
            self._call("DELETE", f"/connectors/{quote(name, safe='')}")
        except RefusedError as refusal:
            if refusal.status == _NOT_FOUND:
                return False
            raise
        return True

    def validate(self, java_class: str, config: Mapping[str, str], *, seconds: float = READ_SECONDS) -> list[Complaint]:
        """Return the complaints of worker and plugin about a configuration; many plugins try to connect, hence `seconds`."""
        answer = self._call("PUT", f"/connector-plugins/{quote(java_class, safe='')}/config/validate", dict(config), seconds=seconds)
        complaints = []
        for entry in answer.get("configs", ()):
            value, definition = entry.get("value") or {}, entry.get("definition") or {}
            private = definition.get("type") == "PASSWORD"
            complaints += [Complaint(value.get("name", ""), message, private) for message in value.get("errors", ())]
        return complaints

    def plugins(self) -> list[str]:
        """Return the connector classes the worker has."""
        return sorted(plugin["class"] for plugin in self._call("GET", "/connector-plugins"))

    def _found(self, method: str, path: str) -> Any:  # JSON  # noqa: ANN401  # JSON
        try:
            return self._call(method, path)
        except RefusedError as refusal:
            if refusal.status == _NOT_FOUND:
                return None
            raise

    def _call(self, method: str, path: str, body: object = None, *, seconds: float = READ_SECONDS) -> Any:  # noqa: ANN401  # JSON
        with requests.Session() as session:
            session.trust_env = self._through_proxies
            try:
                answer = session.request(
                    method,
                    self.url + path,
                    json=body,
                    auth=(self._username, self._password) if self._username is not None else None,
                    timeout=(CONNECT_SECONDS, seconds),
                )
            except requests.RequestException as error:
                message = f"no answer from {self.url} ({_why(error)})"
                raise AwayError(message) from None
        if answer.ok:
            return _json(answer)
        self._raise(answer)
        return None

    def _raise(self, answer: requests.Response) -> None:
        message = scrubbed(_said(answer), [self._password])
        if answer.status_code in (_UNAUTHENTICATED, _FORBIDDEN):
            who = f"user {self._username!r}" if self._username is not None else "a request without user"
            message = f"Kafka Connect at {self.url} refuses {who} (HTTP {answer.status_code}); check username and password of the provider"
            raise ProviderError(message)
        if NO_SUCH_CLASS in message:  # the worker says so with a 500 or a 404, by version
            raise RefusedError(_NOT_FOUND, message)
        if answer.status_code in _BUSY or answer.status_code >= _SERVER_ERROR:
            raise NotNowError(message or f"HTTP {answer.status_code}")
        raise RefusedError(answer.status_code, message or f"HTTP {answer.status_code}")


def _status(answer: Any) -> Status:  # noqa: ANN401 - JSON
    connector = Part("connector", answer["connector"]["state"], answer["connector"].get("trace", ""))
    tasks = sorted(answer.get("tasks", ()), key=lambda task: int(task["id"]))
    return Status(connector, tuple(Part(f"task {task['id']}", task["state"], task.get("trace", "")) for task in tasks))


def _json(answer: requests.Response) -> Any:  # JSON  # noqa: ANN401  # JSON
    if not answer.content:
        return None
    try:
        return answer.json()
    except requests.JSONDecodeError:
        message = f"{urlsplit(answer.url).netloc} answers something that is not JSON; is this the worker's REST port?"
        raise ProviderError(message) from None


def _said(answer: requests.Response) -> str:
    try:
        said = answer.json()
    except requests.JSONDecodeError:
        return answer.text.strip()[:300]
    return str(said.get("message", "")) if isinstance(said, dict) else ""


def _why(error: requests.RequestException) -> str:
    text = str(error)
    for sign, meaning in (
        ("refused", "connection refused"),
        ("Name or service not known", "no such host"),
        ("Failed to resolve", "no such host"),
        ("Read timed out", "it accepted the request and never answered"),
        ("timed out", "timed out"),
        ("reset by peer", "connection reset"),
        ("Remote end closed", "connection closed"),
    ):
        if sign in text:
            return meaning
    return type(error).__name__
