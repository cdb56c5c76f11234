"""The sandbox's door to its cluster: apply, read, delete, and waiting that knows why it waits."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from kubernetes import config as kubeconfigs
from kubernetes.client.configuration import Configuration
from kubernetes.client.rest import RESTClientObject
from urllib3.exceptions import HTTPError
from urllib3.util import Retry

from sandbox import rollout
from sandbox.kinds import UnknownKindError, kind_of
from sandbox.patience import Patience
from sandbox.rollout import NotReadyError, Verdict

if TYPE_CHECKING:
    import threading
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from sandbox.patience import Waiting


FIELD_MANAGER: Final = "data-ingestion-sandbox"
_REQUEST_TIMEOUT_S: Final = 30.0
_CONNECTIONS: Final = 64
# A control plane that starts or is short of CPU refuses for moments; all requests made here may be sent twice.
_RETRIES: Final = Retry(
    total=4, backoff_factor=0.5, status_forcelist=(429, 500, 502, 503, 504), allowed_methods=None, raise_on_status=False
)
_GONE: Final = 404
_CONFLICT: Final = 409
_INVALID: Final = 422
# A pod that is being replaced may use up a quota for as long as its grace period.
_REFUSAL_PATIENCE_S: Final = 45.0

__all__ = ["FIELD_MANAGER", "Kube", "KubeError", "NotReadyError", "UnknownKindError"]


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


class Kube:
    """One cluster, spoken to by the kinds in `sandbox.kinds`; usable from many threads at once."""

    def __init__(self, kubeconfig: Path) -> None:
        """Read the credentials; nothing is sent yet. Raises OSError or ValueError for an unusable kubeconfig."""
        self.kubeconfig = kubeconfig
        settings = Configuration()
        kubeconfigs.load_kube_config(config_file=str(kubeconfig), client_configuration=settings)
        settings.connection_pool_maxsize = _CONNECTIONS
        self._host = settings.host
        self._token = settings.get_api_key_with_prefix("authorization")
        # Only its connections are used: its generated calls differ from one major version to the next.
        self._pool: Any = RESTClientObject(settings).pool_manager

    def apply(self, manifest: Mapping[str, Any]) -> dict[str, Any]:
        """Apply a manifest on the server, taking over fields others have set, and give the live object.

        An object that is on its way out is waited for first. Raises KubeError with the server's reason.
        """
        kind, metadata = str(manifest["kind"]), manifest["metadata"]
        namespace, name = metadata.get("namespace"), str(metadata["name"])
        live = self.read(kind, namespace, name)
        if live is not None and "deletionTimestamp" in live["metadata"]:
            self._wait_gone(kind, namespace, name, 180)
        path = kind_of(kind).path(namespace, name)
        query = {"fieldManager": FIELD_MANAGER, "force": "true"}
        return self._request("PATCH", path, query, manifest, "application/apply-patch+yaml")

    def read(self, kind: str, namespace: str | None, name: str) -> dict[str, Any] | None:
        """Give the live object, or None when there is none."""
        try:
            return self._request("GET", kind_of(kind).path(namespace, name))
        except KubeError as error:
            if error.status == _GONE:
                return None
            raise

    def list(self, kind: str, namespace: str | None, labels: str = "", fields: str = "") -> Sequence[dict[str, Any]]:
        """Give the objects of a kind; `labels` and `fields` are selectors as the API writes them."""
        query = {key: text for key, text in (("labelSelector", labels), ("fieldSelector", fields)) if text}
        return list(self._request("GET", kind_of(kind).path(namespace), query)["items"])

    def delete(
        self,
        kind: str,
        namespace: str | None,
        name: str,
        *,
        wait: bool = True,
        step: Waiting | None = None,
        cancelled: threading.Event | None = None,
    ) -> bool:
        """Delete an object with everything that belongs to it; False when it was already gone.

        Gone is also an object whose name another one has taken since, as a StatefulSet's new pod does.
        """
        body = {"kind": "DeleteOptions", "apiVersion": "v1", "propagationPolicy": "Foreground"}
        uid = None
        try:
            answer = self._request("DELETE", kind_of(kind).path(namespace, name), {}, body)
            uid = answer.get("metadata", {}).get("uid") or answer.get("details", {}).get("uid")
        except KubeError as error:
            if error.status == _GONE:
                return False
            if error.status != _CONFLICT:
                raise
        if wait:
            self._wait_gone(kind, namespace, name, 300, step, cancelled, uid)
        return True

    def logs(self, namespace: str, pod: str, container: str, lines: int = 15, *, previous: bool = False) -> Sequence[str]:
        """Give the last log lines of a container, or none when it has not run."""
        query = {"container": container, "tailLines": str(lines), "previous": str(previous).lower()}
        try:
            text = self._text("GET", kind_of("Pod").path(namespace, pod) + "/log", query)
        except KubeError:
            return []
        return text.splitlines()[-lines:]

    def wait_ready(
        self,
        kind: str,
        namespace: str | None,
        name: str,
        timeout_s: float = 600,
        step: Waiting | None = None,
        cancelled: threading.Event | None = None,
    ) -> dict[str, Any]:
        """Wait as pulumi-kubernetes does and give the live object.

        StatefulSets and Deployments: the newest revision is rolled out and ready. Services: one ready endpoint, unless
        headless, external or without selector. Claims: bound, or waiting for their first pod. Other kinds: present.
        While waiting, `step` hears the pod's own reason. Raises NotReadyError with pod, reason, events and last log
        lines when it cannot succeed, when `timeout_s` is over, or when `cancelled` is set.
        """
        judge = rollout.JUDGES.get(kind, rollout.present)
        watch = Patience(timeout_s, step, cancelled)
        started, replaced = time.time(), set[str]()
        while True:
            live = self.read(kind, namespace, name)
            verdict = judge(self, live) if live is not None else Verdict(ready=False, reason="it does not exist")
            if verdict.ready and live is not None:
                return live
            trouble = rollout.pod_trouble(self, live, started) if live is not None else None
            if trouble is not None and trouble.fatal and trouble.older and trouble.pod not in replaced:
                replaced.add(trouble.pod)
                self.delete("Pod", namespace, trouble.pod, wait=False)
            elif trouble is not None and trouble.hopeless(_REFUSAL_PATIENCE_S):
                raise rollout.failure(self, kind, namespace, name, trouble, f"given up: {verdict.reason}")
            reason = verdict.reason if trouble is None else trouble.summary
            if not watch.go_on(reason):
                raise rollout.failure(self, kind, namespace, name, trouble, watch.verdict(verdict.reason))

    def _wait_gone(
        self,
        kind: str,
        namespace: str | None,
        name: str,
        timeout_s: float,
        step: Waiting | None = None,
        cancelled: threading.Event | None = None,
        uid: str | None = None,
    ) -> None:
        watch = Patience(timeout_s, step, cancelled)
        while True:
            live = self.read(kind, namespace, name)
            if live is None or uid not in {None, live["metadata"]["uid"]}:
                return
            conditions = live.get("status", {}).get("conditions", [])
            texts = [item["message"] for item in conditions if item.get("status") == "True" and item.get("message")]
            reason = texts[-1] if texts else f"finalizers {live['metadata'].get('finalizers', [])}"
            if not watch.go_on(f"its deletion: {reason}"):
                message = f"{kind} {name} is still there, {watch.verdict(reason)}"
                raise NotReadyError(message)

    def _request(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        content_type: str = "application/json",
    ) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(self._text(method, path, query or {}, body, content_type))
        return document

    def _text(
        self,
        method: str,
        path: str,
        query: Mapping[str, str],
        body: Mapping[str, Any] | None = None,
        content_type: str = "application/json",
    ) -> str:
        target = f"{path}?{urlencode(query)}" if query else path
        headers = {"Accept": "application/json, */*", "Content-Type": content_type}
        if self._token:
            headers["Authorization"] = self._token
        payload = None if body is None else json.dumps(body).encode()
        try:
            response = self._pool.request(
                method, self._host + target, body=payload, headers=headers, timeout=_REQUEST_TIMEOUT_S, retries=_RETRIES
            )
        except (HTTPError, OSError) as error:
            cause = str(getattr(error, "reason", None) or error).rpartition(": ")[2]
            message = f"the API server at {self._host} does not answer: {cause}"
            raise KubeError(message) from None
        if not 200 <= response.status <= 299:  # noqa: PLR2004 the class of success
            raise KubeError(_said(response.data) or str(response.reason), response.status)
        return bytes(response.data).decode("utf-8", errors="replace")


def _said(body: object) -> str:
    """Read the message of the API's own error object."""
    text = body.decode("utf-8", errors="replace") if isinstance(body, bytes) else str(body or "")
    try:
        return str(json.loads(text)["message"])
    except (ValueError, KeyError, TypeError):
        return text[:300]
