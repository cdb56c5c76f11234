"""Data that the pods of a workload no longer see, because they mount another claim, or the same in another place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from capacity.pods import POD_KINDS
from review.inputs import at, closed, mapping, mappings
from review.loss import Loss
from review.volume_losses import UNSEEN, template_names

if TYPE_CHECKING:
    from collections.abc import Iterator

    from review.step import State, Step
    from review.surroundings import Surroundings


def of_pods(step: Step, around: Surroundings) -> Iterator[Loss]:
    """Yield the claims of a workload that its pods no longer mount, or mount in another place."""
    if step.old is None or step.new is None or step.type.rpartition(":")[2].removesuffix("Patch") not in POD_KINDS:
        return
    old, new = _pod(step.old), _pod(step.new)
    if closed(new) and not mapping(new):
        if _claimed(old):
            yield Loss("check", "volumes", f"the new pods are {UNSEEN}")
        return
    before, after, fresh = _claimed(old), _claimed(new), around.fresh_claims
    for volume, claim in before.items():
        if after.get(volume) != claim:
            other = after.get(volume)
            lost = (around.namespace(step.new, new=True), other) in fresh
            told = f"{volume}: claim {claim} → {other or 'none'}"
            why = "the new claim is empty" if lost else "the pods no longer see the data in the old claim"
            yield Loss("lost" if lost else "check", f"volume {claim}", f"{told}: {why}; the old claim stays until it is deleted")
    durable = {*before, *(str(name) for name in template_names(step.old))}
    places = _places(new)
    for where, place in _places(old).items():
        if where[1] in durable and where in places and places[where] != place:
            told = f"{where[0]} mounts {where[1]} at {_place(place)} → {_place(places[where])}"
            yield Loss("check", f"volume {where[1]}", f"{told}: data in the old place is no longer found")


def _pod(state: State) -> object:
    inputs = state.inputs
    spec = at(inputs, "spec", "jobTemplate", "spec") or at(inputs, "spec")
    return at(spec, "template", "spec") or at(inputs, "spec")


def _claimed(pod: object) -> dict[object, object]:
    found = ((at(volume, "name"), at(volume, "persistentVolumeClaim", "claimName")) for volume in mappings(pod, "volumes"))
    return {str(name): claim for name, claim in found if claim is not None}


def _places(pod: object) -> dict[tuple[str, str], tuple[object, object]]:
    return {
        (str(at(container, "name")), str(at(mount, "name"))): (at(mount, "mountPath"), at(mount, "subPath"))
        for container in mappings(pod, "containers")
        for mount in mappings(container, "volumeMounts")
    }


def _place(place: tuple[object, object]) -> str:
    return " below ".join(str(part) for part in reversed(place) if part is not None)
