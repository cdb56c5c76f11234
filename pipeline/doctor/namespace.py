"""Checks of an existing namespace: other pods, volumes of an earlier pipeline; what it does to the pods is in ``admission``."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from pipeline.checks.check import failure, fine, warning
from pipeline.doctor import admission
from pipeline.doctor.facts import NamespaceContents
from stack.settings.names import PART_OF

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pipeline.checks.check import Finding
    from pipeline.doctor.facts import Cluster, ClusterRequirements

_STRANGERS: Final = f"app.kubernetes.io/part-of!={PART_OF}"
# Finished pods neither communicate nor count against a quota
_RUNNING: Final = "status.phase!=Succeeded,status.phase!=Failed"

_SHOWN: Final = 5


def look(api: Any, namespace: str, metadata: Any, sets: Sequence[str], seconds: float) -> NamespaceContents:  # noqa: ANN401 - no types
    """Read the contents of a namespace; a missing one is empty.

    Args:
        api: Client of the cluster.
        namespace: Name of the namespace.
        metadata: Its metadata; None for a missing one.
        sets: StatefulSets with volumes that the stack creates in it.
        seconds: Time limit of each request, in seconds.
    """
    from kubernetes import client  # noqa: PLC0415 - takes a second to load; needed for a cluster only

    core, apps = client.CoreV1Api(api), client.AppsV1Api(api)
    pods = core.list_namespaced_pod(namespace, label_selector=_STRANGERS, field_selector=_RUNNING, _request_timeout=seconds).items
    running = {one.metadata.name for one in apps.list_namespaced_stateful_set(namespace, _request_timeout=seconds).items}
    claims = [one.metadata.name for one in core.list_namespaced_persistent_volume_claim(namespace, _request_timeout=seconds).items]
    return NamespaceContents(
        tuple(sorted(pod.metadata.name for pod in pods)),
        without_owner(claims, [name for name in sets if name not in running]),
        admission.marks(metadata.labels, metadata.annotations) if metadata else (),
        admission.look(api, namespace, seconds),
    )


def judgements(place: ClusterRequirements) -> dict[str, Callable[[Cluster], Finding]]:
    """Return the checks of the namespace by name; none for one that the program creates."""
    rules = {"other pods": alone, "old volumes": leftovers, "sidecars": admission.sidecars, "limits and quotas": admission.fits}
    return {name: partial(rule, place=place) for name, rule in rules.items()} if place.settings.existing_namespace else {}


def without_owner(claims: Sequence[str], absent: Sequence[str]) -> tuple[str, ...]:
    """Return the claims that missing StatefulSets would take over: ``data-kafka-0`` belongs to the first pod of ``kafka``."""
    return tuple(sorted(claim for claim in claims if any(re.fullmatch(rf"data-{re.escape(name)}-\d+", claim) for name in absent)))


def alone(cluster: Cluster, place: ClusterRequirements) -> Finding:
    """Check whether the pipeline has the namespace to itself: its network policies and its quota apply to every pod there."""
    strangers = cluster.inside.strangers
    if not strangers:
        return fine(f"no other pods in {place.namespace}")
    more = f" and {len(strangers) - _SHOWN} more" if len(strangers) > _SHOWN else ""
    return failure(
        f"{', '.join(strangers[:_SHOWN])}{more} in {place.namespace}: the pipeline's network policies would cut them off, and they would "
        "share its quota",
        f"set names.namespace in Pulumi.{place.stack}.yaml to a namespace for this pipeline alone, or move them: "
        f"kubectl --context {place.settings.context} --namespace {place.namespace} get pods --selector '{_STRANGERS}'",
    )


def leftovers(cluster: Cluster, place: ClusterRequirements) -> Finding:
    """Check whether the stack would take over volumes of an earlier pipeline."""
    claims = cluster.inside.claims
    if not claims:
        return fine("no volumes of an earlier pipeline")
    return warning(
        f"an earlier pipeline left {', '.join(claims)}: new brokers have a new cluster id and refuse the volumes of an old one; a database "
        "continues with the data on its volume",
        f"if their data is not needed: kubectl --context {place.settings.context} --namespace {place.namespace} delete pvc "
        f"{' '.join(claims)}",
    )
