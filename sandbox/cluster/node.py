"""Starting, repairing and removing the node: each step looks at what is there, so any step may be the first after a crash."""

from __future__ import annotations

import shutil
import socket
from contextlib import closing
from typing import TYPE_CHECKING

from pipeline.checks import whole_file
from sandbox import addresses, mounts, rollout
from sandbox.cluster import components, host, manifests, node_images, pki, processes, removal
from sandbox.cluster.configs import PAUSE_IMAGE
from sandbox.cluster.errors import NodeError
from sandbox.cluster.owner import claim
from sandbox.cluster.watch import Watch
from sandbox.kubernetes import Kube, KubeError
from sandbox.paths import KUBECONFIG, STATE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from pipeline.checks.progress import Progress, Step
    from sandbox.cluster.components import Component

_GRACE_S = 5.0  # what a component gets to end by itself; etcd and containerd need under one


def up(binary: Path, progress: Progress) -> Path:
    """Start the node, or whatever of it does not run as it should, and wait until it takes pods and resolves names.

    Args:
        binary: What ``build`` returned.
        progress: Where to show what is being waited for.

    Returns:
        The administrator's kubeconfig.

    Raises:
        NodeError: If the sandbox belongs to another checkout, the host cannot run a node, or a component does not start.
    """
    if removal.was_interrupted():
        with progress.step("Removing what is left of the sandbox before") as step:
            removal.remove(step)
    host.check()
    claim()
    host.prepare()
    if not _healthy(binary):
        with progress.step("Starting Kubernetes") as step:
            _start(binary, step)
    return KUBECONFIG


def down(progress: Progress) -> None:
    """Remove the node and everything it left on the host, data included; from any state, and without harm when there is none.

    Raises:
        NodeError: If a process cannot be ended or a rule cannot be removed.
    """
    if removal.was_interrupted() or STATE.exists() or processes.find() or host.has_bridge():
        with progress.step("Removing Kubernetes") as step:
            removal.remove(step)


def _healthy(binary: Path) -> bool:
    running = processes.leaders()
    digest = binary.parent.name
    for component in components.every():
        process = running.get(component.name)
        if process is None or process.fingerprint != component.fingerprint(digest):
            return False
    if not KUBECONFIG.exists():
        return False
    kube = Kube(components.ADMIN, patient=False)
    return kube.answers() and kube.is_ready("Node", None, addresses.NODE_NAME) and kube.is_ready("Deployment", *manifests.NAME_SERVER)


def _start(binary: Path, step: Step) -> None:
    digest = binary.parent.name
    _install(binary)
    pki.make(components.PKI)
    if not processes.find():
        # Left by a restart of the machine: the runtime's idea of containers that are gone.
        mounts.release(STATE / "containerd" / "run", itself=True)
        shutil.rmtree(STATE / "containerd" / "run", ignore_errors=True)
    watch = Watch(step)

    _ensure(digest, components.containerd(), components.etcd())
    watch.until("containerd", node_images.runtime_answers)
    watch.until("etcd", _etcd_answers)
    _ensure(digest, components.api_server())
    step.waiting("the node's own images")
    node_image = _import_own(binary)
    kube = Kube(components.ADMIN, patient=False)
    watch.until("kube-apiserver", kube.answers)
    _ensure(digest, *components.of_kubernetes())
    watch.until("kube-apiserver", lambda: kube.is_ready("Namespace", None, manifests.NAME_SERVER[0]), "the API server's own namespaces")
    step.waiting("the API server to take the name server's objects")
    _apply(manifests.all_objects(node_image))
    _ensure(digest, *components.of_the_sandbox())
    watch.until("kubelet", lambda: kube.is_ready("Node", None, addresses.NODE_NAME), "the node")
    watch.until("kubelet", lambda: kube.is_ready("Deployment", *manifests.NAME_SERVER), "the name server", lambda: _warnings(kube))
    _write_kubeconfig()


def _ensure(digest: str, *wanted: Component) -> None:
    """Start each component unless it runs as it should; one that runs otherwise is ended first."""
    for component in wanted:
        fingerprint = component.fingerprint(digest)
        process = processes.leaders().get(component.name)
        if process is not None and process.fingerprint == fingerprint:
            continue
        if process is not None:
            processes.stop([process], grace_s=removal.GRACE_S)
        for path, text in component.files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        processes.start(component.name, component.argv, fingerprint, component.environment)


def _install(binary: Path) -> None:
    """Put the program into the state directory, so that clearing the cache takes nothing from a running node."""
    mark = components.BINARY.with_name("digest")
    if mark.exists() and mark.read_text() == binary.parent.name:
        return
    components.BINARY.parent.mkdir(parents=True, exist_ok=True)
    fresh = components.BINARY.with_suffix(".writing")
    shutil.copy2(binary, fresh)
    fresh.rename(components.BINARY)
    kubectl = components.BINARY.with_name("kubectl")
    kubectl.unlink(missing_ok=True)
    kubectl.symlink_to(components.BINARY)
    mark.write_text(binary.parent.name)


def _import_own(binary: Path) -> str:
    """Import the images made of the node's own programs and return the name of the one with the node in it."""
    reference = f"localhost/data-ingestion/node:{binary.parent.name}"
    node_images.import_image(binary.with_name("pause.tar"), PAUSE_IMAGE)
    node_images.import_image(binary.with_name("node.tar"), reference)
    return reference


def _apply(objects: Sequence[Mapping[str, object]]) -> None:
    kube = Kube(components.ADMIN)
    try:
        for manifest in objects:
            kube.apply(manifest)
    except KubeError as error:
        message = f"the API server refuses the sandbox's own objects: {error}"
        raise NodeError(message) from None


def _warnings(kube: Kube) -> list[str]:
    """Return what keeps the name server's pods from running, as far as the API server tells."""
    namespace = manifests.NAME_SERVER[0]
    try:
        return rollout.warnings(kube, namespace, f"involvedObject.namespace={namespace}")[-10:]
    except KubeError:
        return []


def _write_kubeconfig() -> None:
    """Write the administrator's kubeconfig last: where it is, a node has been ready."""
    whole_file.write(KUBECONFIG, pki.portable_kubeconfig(components.PKI))


def _etcd_answers() -> bool:
    with closing(socket.socket()) as probe:
        return probe.connect_ex((addresses.NODE, addresses.ETCD_PORT)) == 0
