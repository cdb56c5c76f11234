"""The worker's REST API: one method a call."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlsplit

from providers.kafkaconnect import forms
from providers.kafkaconnect.answers import Reading, decoded
from providers.kafkaconnect.errors import ForeignError, NoClassError, NoConnectorError, NotNowError, RefusedError
from providers.kafkaconnect.exchange import Request, exchange
from providers.operations import ProviderError, scrubbed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from providers.kafkaconnect.forms import Complaint
    from providers.kafkaconnect.status import Status

READ_SECONDS: Final = 90.0
"""The worker's own limit for a request that its herder has to answer."""

NO_SUCH_CLASS: Final = "Failed to find any class"
"""Part of the worker's message about a connector that its image lacks."""

# 409 during a rebalance; the others come from what stands in front of a worker
_BUSY: Final = (408, 409, 425, 429)
# Connect's statuses for a request that it understood and that its content made impossible
_REFUSED: Final = (400, 422)
_UNAUTHENTICATED, _FORBIDDEN, _NOT_FOUND, _SERVER_ERROR = 401, 403, 404, 500
_SUCCESS, _REDIRECT, _CLIENT_ERROR = 200, 300, 400
_NO_CONTENT: Final = "no content"


class ConnectClient:
    """One Connect cluster. Every method takes the time limit of its one request, in seconds."""

    def __init__(self, url: str, username: str | None = None, password: str | None = None) -> None:
        """Address the cluster at `url`, with basic authentication when a user is given."""
        self.url = url.rstrip("/")
        self._username = username
        self._password = password or ""
        self._through_proxies = (urlsplit(url).hostname or "") not in ("127.0.0.1", "localhost", "::1")

    def config(self, name: str, *, seconds: float = READ_SECONDS) -> dict[str, str] | None:
        """Return the live configuration, None without such a connector."""
        answer = self._found(f"/connectors/{quote(name, safe='')}/config", seconds)
        return None if answer is None else answer.read("the configuration of a connector", forms.config(name))

    def status(self, name: str, *, seconds: float = READ_SECONDS) -> Status | None:
        """Return the live status, None while there is none."""
        answer = self._found(f"/connectors/{quote(name, safe='')}/status", seconds)
        return None if answer is None else answer.read("the status of a connector", forms.status)

    def statuses(self, *, seconds: float = READ_SECONDS) -> dict[str, Status]:
        """Return the live status of every connector that has one."""
        return self._call("GET", "/connectors?expand=status", seconds).read("a list of connectors", forms.statuses)

    def put(self, name: str, config: Mapping[str, str], *, seconds: float = READ_SECONDS) -> None:
        """Create or reconfigure."""
        answer = self._call("PUT", f"/connectors/{quote(name, safe='')}/config", seconds, dict(config))
        answer.read("the connector", forms.described(name))

    def restart_failed(self, name: str, *, seconds: float = READ_SECONDS) -> None:
        """Start what FAILED once more."""
        answer = self._call("POST", f"/connectors/{quote(name, safe='')}/restart?includeTasks=true&onlyFailed=true", seconds)
        if answer.answer.body:
            answer.read("the status of the connector", forms.status)

    def pause(self, name: str, *, seconds: float = READ_SECONDS) -> None:
        """Pause a connector and its tasks; they keep their resources."""
        self._call("PUT", f"/connectors/{quote(name, safe='')}/pause", seconds).read_nothing(_NO_CONTENT)

    def resume(self, name: str, *, seconds: float = READ_SECONDS) -> None:
        """End a pause or a stop."""
        self._call("PUT", f"/connectors/{quote(name, safe='')}/resume", seconds).read_nothing(_NO_CONTENT)

    def stop(self, name: str, *, seconds: float = READ_SECONDS) -> None:
        """Shut its tasks down and keep its configuration."""
        self._call("PUT", f"/connectors/{quote(name, safe='')}/stop", seconds).read_nothing(_NO_CONTENT)

    def positions(self, name: str, *, seconds: float = READ_SECONDS) -> list[Mapping[str, Any]]:
        """Return how far it had come, as it has stored it itself: nothing before its first record, or without such a connector."""
        answer = self._found(f"/connectors/{quote(name, safe='')}/offsets", seconds)
        return [] if answer is None else answer.read("the position of a connector", forms.positions)

    def forget_offsets(self, name: str, *, seconds: float = READ_SECONDS) -> None:
        """Forget how far it had come; only for one that is stopped."""
        self._call("DELETE", f"/connectors/{quote(name, safe='')}/offsets", seconds).read("a message", forms.told)

    def delete(self, name: str, *, seconds: float = READ_SECONDS) -> bool:
        """Remove it; False when there was none."""
        try:
            self._call("DELETE", f"/connectors/{quote(name, safe='')}", seconds).read_nothing(_NO_CONTENT)
        except NoConnectorError:
            return False
        return True

    def validate(self, java_class: str, config: Mapping[str, str], *, seconds: float = READ_SECONDS) -> list[Complaint]:
        """Return the complaints of worker and plugin about a configuration; many plugins try to connect, which takes its time."""
        answer = self._call("PUT", f"/connector-plugins/{quote(java_class, safe='')}/config/validate", seconds, dict(config))
        return answer.read("a validation", forms.complaints)

    def plugins(self, *, seconds: float = READ_SECONDS) -> list[str]:
        """Return the connector classes the worker has."""
        return self._call("GET", "/connector-plugins", seconds).read("a list of plugins", forms.plugins)

    def _found(self, path: str, seconds: float) -> Reading | None:
        try:
            return self._call("GET", path, seconds)
        except NoConnectorError:
            return None

    def _call(self, method: str, path: str, seconds: float, body: object = None) -> Reading:
        login = (self._username, self._password) if self._username is not None else None
        request = Request(method, self.url, path, body, login, seconds, self._through_proxies)
        answer = exchange(request)
        reading = Reading(request, answer, decoded(answer.body), self._scrubbed)
        if not _SUCCESS <= answer.status < _REDIRECT:
            raise self._error(reading)
        return reading

    def _error(self, reading: Reading) -> Exception:
        status, said = reading.answer.status, reading.said
        if NO_SUCH_CLASS in said:  # the worker says so with a 500 or a 404, by version
            return NoClassError(status, said)
        if status in _BUSY or status >= _SERVER_ERROR:
            return NotNowError(said or str(reading))
        if status >= _CLIENT_ERROR:
            return self._refusal(reading)
        if status >= _REDIRECT:
            return ForeignError(
                f"{reading.request.method} {reading.request.url} was answered by HTTP {status}, a redirect to {reading.target}, which is "
                "not followed: Kafka Connect redirects no client; set the provider's url to the worker's own address"
            )
        return reading.foreign("a result")

    def _refusal(self, reading: Reading) -> Exception:
        status, said = reading.answer.status, reading.said
        if status in (_UNAUTHENTICATED, _FORBIDDEN):
            who = f"user {self._username!r}" if self._username is not None else "a request without user"
            return ProviderError(f"Kafka Connect at {self.url} refuses {who} (HTTP {status}); check username and password of the provider")
        if reading.says_no_connector:
            return NoConnectorError(status, said)
        if status == _NOT_FOUND:
            # a worker that is starting answers so before it knows its own paths
            return NotNowError(f"{reading}; Kafka Connect would have named the connector: check the provider's url")
        return RefusedError(status, said if said and status in _REFUSED else str(reading))

    def _scrubbed(self, text: str) -> str:
        login = base64.b64encode(f"{self._username}:{self._password}".encode()).decode() if self._password else ""
        return scrubbed(text, [self._password, login])
