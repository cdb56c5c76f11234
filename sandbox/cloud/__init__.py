"""The sandbox's stand-in for AWS: moto in a pod of its own, which keeps to the program's identity policies.

It holds objects in memory and in the pod's own scratch volume, so a pod that is replaced has lost the archive; `up` says so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sandbox.cloud import account, workload
from sandbox.cloud.account import Cloud, CloudError, known
from sandbox.kubernetes import KubeError

if TYPE_CHECKING:
    from pipeline.checks.progress import Progress, Step
    from sandbox.kubernetes import Kube
    from stack.specification.manifest import Manifest

_POD_TIMEOUT_S: Final = 180
_LOST: Final = (
    "The emulated AWS was restarted and has lost its content: the archive's objects, its bucket and every identity. "
    "Identities and bucket are created again now, but the catalog still lists files that are gone: "
    "start over with 'make sandbox-down' and 'make sandbox'."
)

__all__ = ["Cloud", "CloudError", "known", "up"]


def up(kube: Kube, progress: Progress) -> Cloud:
    """Start the emulated AWS, or find it running, and give its administrator's key.

    Args:
        kube: The sandbox's cluster, which has the image.
        progress: Told about the step, and about an archive that was lost.

    Raises:
        KubeError: If the cluster refuses an object.
        NotReadyError: If the pod does not become ready.
        CloudError: If the emulator does not answer, or accepts requests without a valid key.
    """
    with progress.step("Starting the emulated AWS") as step:
        for manifest in workload.manifests():
            _apply(kube, manifest, step)
        kube.wait_ready("Deployment", workload.NAMESPACE, workload.NAME, _POD_TIMEOUT_S, step)
        kube.wait_ready("Service", workload.NAMESPACE, workload.NAME, _POD_TIMEOUT_S, step)
        step.waiting(f"{account.ENDPOINT} to answer")
        account.wait_for_answer(account.ENDPOINT)
        before = known()
        cloud = before if before is not None and account.accepts(before) else None
        if cloud is None:
            cloud = account.bootstrap(account.ENDPOINT)
            account.save(cloud)
        account.check_closed(cloud.endpoint)
    if before is not None and before != cloud:
        progress.note(_LOST)
    return cloud


def _apply(kube: Kube, manifest: Manifest, step: Step) -> None:
    """Apply; an object of another checkout's making that cannot become this one gives way to it."""
    try:
        kube.apply(manifest)
    except KubeError as error:
        if not error.immutable:
            raise
        kube.delete(manifest["kind"], workload.NAMESPACE, manifest["metadata"]["name"], step=step)
        kube.apply(manifest)
