"""The sandbox's door to its cluster: apply, read, delete, and waiting that knows why it waits."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any, Final

from providers.waiting import Patience
from sandbox import rollout
from sandbox.api_server import ApiServer, KubeError, UnknownKindError
from sandbox.rollout import NotReadyError, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from providers.waiting import Display


FIELD_MANAGER: Final = "data-ingestion-sandbox"
_GONE: Final = 404
_CONFLICT: Final = 409
# A pod that is being replaced may use up a quota for as long as its grace period.
_REFUSAL_PATIENCE_S: Final = 45.0

__all__ = ["FIELD_MANAGER", "Kube", "KubeError", "NotReadyError", "UnknownKindError"]


class Kube:
    """One cluster, its kinds by name; usable from many threads at once."""

    def __init__(self, kubeconfig: Path, *, patient: bool = True) -> None:
        """Read the credentials of the current context; nothing is sent yet.

        Args:
            kubeconfig: Its file.
            patient: Whether to ask again where the API server refuses or does not answer; a probe of one that starts does not.

        Raises:
            OSError: If there is no such file.
            ConfigException: If it cannot be used.
        """
        self.kubeconfig = kubeconfig
        self._server = ApiServer(kubeconfig, patient=patient)

    def apply(self, manifest: Mapping[str, Any]) -> dict[str, Any]:
        """Apply a manifest on the server, taking over fields others have set, and give the live object.

        An object that is on its way out is waited for first. Raises KubeError with the server's reason.
        """
        kind, metadata = str(manifest["kind"]), manifest["metadata"]
        namespace, name = metadata.get("namespace"), str(metadata["name"])
        live = self.read(kind, namespace, name)
        if live is not None and "deletionTimestamp" in live["metadata"]:
            self._wait_gone(kind, namespace, name, 180)
        how = {"field_manager": FIELD_MANAGER, "force_conflicts": True}
        return self._server.ask("server_side_apply", kind, str(manifest["apiVersion"]), body=manifest, namespace=namespace, **how)

    def read(self, kind: str, namespace: str | None, name: str) -> dict[str, Any] | None:
        """Give the live object, or None when there is none."""
        try:
            return self._server.ask("get", kind, name=name, namespace=namespace)
        except KubeError as error:
            if error.status == _GONE:
                return None
            raise

    def list(self, kind: str, namespace: str | None, labels: str = "", fields: str = "") -> Sequence[dict[str, Any]]:
        """Give the objects of a kind; `labels` and `fields` are selectors as the API writes them."""
        found = self._server.ask("get", kind, namespace=namespace, label_selector=labels or None, field_selector=fields or None)
        return list(found["items"])

    def delete(
        self,
        kind: str,
        namespace: str | None,
        name: str,
        *,
        wait: bool = True,
        step: Display | None = None,
        cancelled: threading.Event | None = None,
    ) -> bool:
        """Delete an object with everything that belongs to it; False when it was already gone.

        Gone is also an object whose name another one has taken since, as a StatefulSet's new pod does.
        """
        uid = None
        try:
            answer = self._server.ask("delete", kind, name=name, namespace=namespace, propagation_policy="Foreground")
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
        try:
            text = self._server.log(namespace, pod, container=container, tailLines=lines, previous=previous)
        except KubeError:
            return []
        return text.splitlines()[-lines:]

    def namespaced(self, kind: str) -> bool:
        """Tell whether a kind's objects live in namespaces. Raises UnknownKindError."""
        return bool(self._server.resource(kind).namespaced)

    def answers(self) -> bool:
        """Tell whether the API server says that it is ready."""
        return self._server.is_ready()

    def is_ready(self, kind: str, namespace: str | None, name: str) -> bool:
        """Tell, by one look, whether an object is ready as `wait_ready` means it; no when the API server does not answer."""
        try:
            live = self.read(kind, namespace, name)
            return live is not None and _judged(self, kind, live).ready
        except KubeError:
            return False

    def wait_ready(
        self,
        kind: str,
        namespace: str | None,
        name: str,
        timeout_s: float = 600,
        step: Display | None = None,
        cancelled: threading.Event | None = None,
    ) -> dict[str, Any]:
        """Wait as pulumi-kubernetes does and give the live object.

        StatefulSets and Deployments: the newest revision is rolled out and ready. Services: one ready endpoint, unless
        headless, external or without selector. Claims: bound, or waiting for their first pod. Other kinds: present.
        While waiting, `step` hears the pod's own reason. Raises NotReadyError with pod, reason, events and last log
        lines when it cannot succeed, when `timeout_s` is over, or when `cancelled` is set.
        """
        watch = Patience(timeout_s, cancelled=cancelled or threading.Event(), display=step)
        started, replaced = time.time(), set[str]()
        while True:
            live = self.read(kind, namespace, name)
            verdict = _judged(self, kind, live) if live is not None else Verdict(ready=False, reason="it does not exist")
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
        step: Display | None = None,
        cancelled: threading.Event | None = None,
        uid: str | None = None,
    ) -> None:
        watch = Patience(timeout_s, cancelled=cancelled or threading.Event(), display=step)
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


def _judged(kube: Kube, kind: str, live: Mapping[str, Any]) -> Verdict:
    return rollout.JUDGES.get(kind, rollout.present)(kube, live)
