"""Data that the pods of a workload no longer see, because they mount another claim, or the same in another place."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from pipeline.review.inputs import at, closed, mapping, mappings, pod_of, texts
from pipeline.review.loss import Loss
from pipeline.review.volume_losses import UNSEEN, template_names
from stack.capacity.pods import POD_KINDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline.review.step import Step
    from pipeline.review.surroundings import Surroundings


def of_pods(step: Step, around: Surroundings) -> Iterator[Loss]:
    """Yield the claims of a workload that its pods no longer mount, or mount in another place."""
    if step.old is None or step.new is None or step.type.rpartition(":")[2].removesuffix("Patch") not in POD_KINDS:
        return
    old, new = pod_of(step.old.inputs), pod_of(step.new.inputs)
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
    mounted = {volume for _container, volume in places}
    for volume in sorted({volume for _container, volume in _places(old)} & durable - mounted):
        if volume not in before or before[volume] == after.get(volume):
            yield Loss("check", f"volume {volume}", f"no container mounts {volume} any more: what runs instead begins without its data")
    for where, place in _places(old).items():
        if where[1] in durable and where in places and places[where] != place:
            told = f"{where[0]} mounts {where[1]} at {_place(place)} → {_place(places[where])}"
            yield Loss("check", f"volume {where[1]}", f"{told}: data in the old place is no longer found")
    yield from _moved(old, new) if durable else ()


# Variables of images, and flags of commands, that name the folder of a server's data
_FOLDERS: Final = ("PGDATA", "POSTGRESQL_DATA_DIR", "KAFKA_LOG_DIRS", "KAFKA_METADATA_LOG_DIR", "KAFKA_CFG_LOG_DIRS", "MYSQL_DATADIR")
_FLAG = re.compile(r"(?:^|\s)(?:-D|--pgdata|--datadir|--data_directory|-c\s*data_directory)(?:\s*=\s*|\s+|(?=/))(/[^\s;'\"]{1,400})")
_SERVERS = re.compile(r"\b(postgres|pg_ctl|initdb|mysqld|mariadbd)\b|^-|docker-entrypoint")


def _moved(old: object, new: object) -> Iterator[Loss]:
    """Yield the containers whose server looks for its data in another folder."""
    before, after = _folders(old), _folders(new)
    for (container, what), folder in before.items():
        other = after.get((container, what))
        if (container in {name for name, _ in after}) and other != folder:
            why = "data in the old folder is no longer found; the server begins empty"
            yield Loss("check", "what the server stores", f"{container}: {what} {folder} → {other or 'unset'}: {why}")


def _folders(pod: object) -> dict[tuple[str, str], str]:
    found: dict[tuple[str, str], str] = {}
    for container in mappings(pod, "containers"):
        name = str(at(container, "name"))
        found |= {(name, "name"): ""}
        for variable in mappings(container, "env"):
            if at(variable, "name") in _FOLDERS and isinstance(value := at(variable, "value"), str):
                found[name, str(at(variable, "name"))] = value
        words = " ".join(texts([at(container, place) for place in ("command", "args")]))
        flags = _FLAG.findall(words) if _SERVERS.search(words) else []
        if flags:
            found[name, "the folder of its command"] = flags[-1]
    return found


def _claimed(pod: object) -> dict[object, object]:
    found = ((at(volume, "name"), at(volume, "persistentVolumeClaim", "claimName")) for volume in mappings(pod, "volumes"))
    return {str(name): claim for name, claim in found if claim is not None}


def _places(pod: object) -> dict[tuple[str, str], tuple[object, object]]:
    return {
        (str(at(container, "name")), str(at(mount, "name"))): (at(mount, "mountPath"), at(mount, "subPath") or at(mount, "subPathExpr"))
        for container in mappings(pod, "containers")
        for mount in mappings(container, "volumeMounts")
    }


def _place(place: tuple[object, object]) -> str:
    return " below ".join(str(part) for part in reversed(place) if part is not None)
