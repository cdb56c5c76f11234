"""Why an operation of the engine failed, in the sandbox's form: the engine's message, and what the pods themselves say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox import rollout
from sandbox.adapter.failures import block
from sandbox.kubernetes import KubeError

if TYPE_CHECKING:
    from sandbox.kubernetes import Kube
    from sandbox.pulumi.events import Events

_DONE = {"create": "created", "update": "updated", "delete": "deleted", "create-replacement": "replaced", "delete-replaced": "deleted"}


def told(events: Events, kube: Kube) -> list[str]:
    """Compose the blocks about everything that failed, the first failures first.

    Args:
        events: Events of the engine.
        kube: The cluster, asked about workloads that failed.
    """
    blocks = []
    for urn, operation, reasons in events.failures():
        if not urn:
            blocks.append(reasons)
            continue
        kind, name = urn.split("::")[2].rpartition("$")[2], urn.rpartition("::")[2]
        more = _pods(kube, kind.rpartition(":")[2], events.objects.get(urn, ("", "")))
        blocks.append(block(_DONE.get(operation, f"carried out ({operation})"), kind, name, RuntimeError("\n".join([reasons, *more]))))
    return blocks + [f"refused by a policy: {line}" for line in events.violations]


def _pods(kube: Kube, kind: str, place: tuple[str, str]) -> list[str]:
    """Say which pod holds a workload up, and why, with its last events and lines of its log; nothing when the cluster is away."""
    where, name = place
    if kind not in rollout.JUDGES or not name:
        return []
    try:
        live = kube.read(kind, where or None, name)
        trouble = rollout.pod_trouble(kube, live, 0.0) if live is not None else None
        if trouble is None:
            return []
        return str(rollout.failure(kube, kind, where or None, name, trouble, "what its pods say")).splitlines()[1:]
    except KubeError:
        return []
