"""The sandbox's receiver of alerts: a pod that takes mails and webhooks, in a namespace with a budget of its own."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from images.references import REFERENCES
from sandbox.api_server import KubeError
from sandbox.side_namespace import SideNamespace
from stack.settings.names import Names
from stack.specification import manifest
from stack.specification.edges import in_namespace
from stack.specification.monitoring.ports import ALERTMANAGER

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline.checks.progress import Progress
    from sandbox.kubernetes import Kube
    from stack.specification.manifest import Manifest

NAMESPACE: Final = "alert-receiver"
NAME: Final = "receiver"
MAIL_PORT: Final = 2525
WEB_PORT: Final = 8080
NODE_PORT: Final = 8025
"""Port on 127.0.0.1 of this machine where what has arrived is shown."""

IMAGE: Final = REFERENCES["monitoring"]
SECRET: Final = "alert-receivers"  # noqa: S105 - a name
MEMORY_MIB: Final = 48
_UID: Final = 65534
_POD_TIMEOUT_S: Final = 60
_LOOK_S: Final = 0.5
SIDE: Final = SideNamespace(namespace=NAMESPACE, name=NAME, memory_mib=MEMORY_MIB)


def up(kube: Kube, progress: Progress) -> None:
    """Start the receiver, or find it running. Raises KubeError or NotReadyError."""
    with progress.step("Starting the receiver of alerts") as step:
        for item in manifests():
            kube.apply(item)
        kube.wait_ready("Deployment", NAMESPACE, NAME, _POD_TIMEOUT_S, step)


@contextmanager
def introduced(kube: Kube, namespace: str) -> Iterator[None]:
    """Give Alertmanager the addresses that are secrets elsewhere, as soon as the program has made the namespace; else at the end.

    A Secret that comes after the pod reaches it a minute later, and until then each notification fails.
    """
    ended = threading.Event()
    waiting = threading.Thread(target=_introduce_early, args=(kube, namespace, ended), daemon=True)
    waiting.start()
    try:
        yield
    finally:
        ended.set()
        waiting.join()
    _introduce(kube, namespace)


def _introduce_early(kube: Kube, namespace: str, ended: threading.Event) -> None:
    while not ended.wait(_LOOK_S):
        try:
            if kube.read("Namespace", None, namespace) is not None:
                _introduce(kube, namespace)
                return
        except KubeError:
            # the last try is the one whose error counts
            continue


def _introduce(kube: Kube, namespace: str) -> None:
    url = f"http://{NAME}.{NAMESPACE}:{WEB_PORT}"
    metadata = {"name": SECRET, "namespace": namespace, "labels": SIDE.labels}
    data = {"slack-url": f"{url}/slack", "webhook-url": f"{url}/webhook"}
    kube.apply({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": data})


def manifests() -> list[Manifest]:
    """Every object, in the order in which they have to be applied. Alertmanager may come in, with mails and webhooks."""
    sender = in_namespace(f"{Names().namespace}-monitoring", ALERTMANAGER)
    ports = [
        {"name": "mail", "port": MAIL_PORT, "targetPort": "mail"},
        {"name": "web", "port": WEB_PORT, "targetPort": "web", "nodePort": NODE_PORT},
    ]
    fence = SIDE.fence("alertmanager-and-machine", [sender], [MAIL_PORT, WEB_PORT])
    return [*fence, SIDE.deployment(_pod()), SIDE.service(ports)]


def _pod() -> Manifest:
    container = manifest.container(
        name=NAME,
        image=IMAGE,
        command=["python3", "/opt/receiver.py"],
        memory_mib=MEMORY_MIB,
        cpu_millicores=5,
        ports={"mail": MAIL_PORT, "web": WEB_PORT},
        probes={"readinessProbe": manifest.http_probe("/", "web", period_s=2, failures=5)},
    )
    return manifest.pod(service_account=NAME, uid=_UID, containers=[container], grace_s=5)
