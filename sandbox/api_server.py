"""The official dynamic client for one API server: kinds by name, a time limit on every request, refusals in the server's own words."""

from __future__ import annotations

import json
import threading
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from kubernetes import config as kubeconfigs
from kubernetes.client import ApiClient
from kubernetes.client.configuration import Configuration
from kubernetes.client.rest import ApiException
from kubernetes.dynamic import DynamicClient
from kubernetes.dynamic.exceptions import ResourceNotFoundError
from urllib3.exceptions import HTTPError
from urllib3.util import Retry

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from kubernetes.dynamic import Resource

_REQUEST_TIMEOUT_S: Final = 30.0
_PROBE_TIMEOUT_S: Final = 5.0
_CONNECTIONS: Final = 64
# A control plane that starts or is short of CPU refuses for moments; all requests made here may be sent twice.
_RETRIES: Final = Retry(
    total=4, backoff_factor=0.5, status_forcelist=(429, 500, 502, 503, 504), allowed_methods=None, raise_on_status=False
)
_INVALID: Final = 422
# A path that cannot exist: the client would keep what it discovers in /tmp, for the next cluster at this address too.
_NO_CACHE: Final = "/dev/null/none"


class UnknownKindError(LookupError):
    """A kind that the cluster does not have."""


class KubeError(RuntimeError):
    """The API server refused a request or does not answer; the message holds its own words.

    Attributes: `status` is the HTTP status, 0 when there was no answer.
    """

    def __init__(self, message: str, status: int = 0) -> None:
        """Keep the status for callers that can do something about it."""
        super().__init__(message)
        self.status = status

    @property
    def immutable(self) -> bool:
        """True if the API server refuses to change the object in place, so that it must be recreated."""
        text = str(self).lower()
        return self.status == _INVALID and ("immutable" in text or "updates to statefulset spec for fields" in text)


class ApiServer:
    """One API server; usable from many threads at once."""

    def __init__(self, kubeconfig: Path, *, patient: bool) -> None:
        """Read the credentials of the current context; nothing is sent yet.

        Args:
            kubeconfig: Its file.
            patient: Whether to ask again where the server refuses or does not answer; a probe of one that starts does not.
        """
        settings = Configuration()
        kubeconfigs.load_kube_config(config_file=str(kubeconfig), client_configuration=settings)
        settings.connection_pool_maxsize = _CONNECTIONS
        settings.retries = _RETRIES if patient else Retry(total=0)
        self._timeout_s = _REQUEST_TIMEOUT_S if patient else _PROBE_TIMEOUT_S
        self._api = ApiClient(settings)
        self._lock = threading.Lock()
        self._client: DynamicClient | None = None
        self._resources: dict[tuple[str, str], Resource] = {}

    def ask(self, verb: str, kind: str, api_version: str = "", **parameters: object) -> dict[str, Any]:
        """Send a request of the dynamic client and return the answer in plain values.

        Args:
            verb: The client's method: ``get``, ``server_side_apply``, ``delete``.
            kind: Which kind; of one that several groups have, the core's.
            api_version: Group and version, where it matters.
            parameters: Those of the method.

        Raises:
            KubeError: If the server refuses or does not answer.
            UnknownKindError: If it does not have the kind.
        """
        request = getattr(self.resource(kind, api_version), verb)
        answer: dict[str, Any] = self._answered(partial(request, serializer=_plain, **parameters))
        return answer

    def log(self, namespace: str, pod: str, **options: object) -> str:
        """Return a pod's log; `options` are the API's own. Raises KubeError."""
        log = self.resource("Pod").subresources["log"]
        answer = self._answered(partial(log.get, name=pod, namespace=namespace, query_params=[*options.items()], serialize=False))
        return bytes(answer.data).decode("utf-8", errors="replace")

    def is_ready(self) -> bool:
        """Tell whether the server says that it is ready."""
        options = {"auth_settings": ["BearerToken"], "_preload_content": False, "_request_timeout": self._timeout_s}
        try:
            self._answered(partial(self._api.call_api, "/readyz", "GET", **options))
        except KubeError:
            return False
        return True

    def resource(self, kind: str, api_version: str = "") -> Resource:
        """Find a kind among the server's kinds, which are requested once. Raises as `ask`."""
        with self._lock:
            if (kind, api_version) not in self._resources:
                self._resources[kind, api_version] = self._answered(partial(self._discovered, kind, api_version))
            return self._resources[kind, api_version]

    def _discovered(self, kind: str, api_version: str) -> Resource:
        if self._client is None:
            self._client = _TimeLimited(self._api, self._timeout_s)
        try:
            found = self._client.resources.search(kind=kind, api_version=api_version or None)
        except ResourceNotFoundError:
            found = []
        if not found:
            message = f"the cluster has no kind {kind}" + (f" of {api_version}" if api_version else "")
            raise UnknownKindError(message)
        return min(found, key=lambda resource: (bool(resource.group), not resource.preferred))

    def _answered(self, request: Callable[[], Any]) -> Any:  # noqa: ANN401 - whatever the client gives
        try:
            return request()
        except ApiException as error:
            raise KubeError(_said(error.body) or str(error.reason), int(error.status or 0)) from None
        except (HTTPError, OSError) as error:
            cause = str(getattr(error, "reason", None) or error).rpartition(": ")[2]
            message = f"the API server at {self._api.configuration.host} does not answer: {cause}"
            raise KubeError(message) from None


class _TimeLimited(DynamicClient):  # type: ignore[misc]  # the package has no types
    """The client with a time limit on every request, those of its discovery too."""

    def __init__(self, api: ApiClient, timeout_s: float) -> None:
        self._timeout_s = timeout_s
        super().__init__(api, cache_file=_NO_CACHE)

    def request(self, method: str, path: str, body: object = None, **parameters: object) -> Any:  # noqa: ANN401 - the client's own
        return super().request(method, path, body=body, _request_timeout=self._timeout_s, **parameters)


def _plain(_: object, document: Any) -> Any:  # noqa: ANN401 - JSON
    """Leave a parsed answer as it is."""
    return document


def _said(body: object) -> str:
    """Read the message of the API's own error object."""
    text = body.decode("utf-8", errors="replace") if isinstance(body, bytes) else str(body or "")
    try:
        return str(json.loads(text)["message"])
    except (ValueError, KeyError, TypeError):
        return text[:300]
