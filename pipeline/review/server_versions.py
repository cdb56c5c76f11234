"""Versions of PostgreSQL that a change lowers, or raises by a major one: the server may not read what the other one wrote."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from pipeline.review.inputs import at, mappings, pod_of, process, texts
from pipeline.review.loss import Loss
from stack.capacity.commands import image_name
from stack.capacity.pods import POD_KINDS
from stack.capacity.postgres_parameters import IMAGES, is_postgres

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from pipeline.review.step import State, Step
    from pipeline.review.surroundings import Surroundings

# A version in a tag: 17.2, 17.2-bookworm, 16, pg17-v1.2, 15-3.4
_TAG: Final = re.compile(r"(?:pg|postgres(?:ql)?-?)?(\d{1,2})(?:\.(\d{1,2}))?(?![\d.])")
_IN_A_PATH: Final = re.compile(r"/(?:postgresql|pgsql)[/-](\d{1,2})/bin/")
# Number of a release of this program's own image, behind the major version: 17-1
_OWN: Final = re.compile(r"\d{1,2}-\d{1,4}")
_WHAT: Final = "what the server stores"
Version = tuple[int, int | None]


def of_images(step: Step, _around: Surroundings) -> Iterator[Loss]:
    """Yield the containers of PostgreSQL whose version a change lowers, or raises by a major one."""
    if step.old is None or step.new is None or step.type.rpartition(":")[2].removesuffix("Patch") not in POD_KINDS:
        return
    before, after = _versions(step.old), _versions(step.new)
    for name, (old, image) in before.items():
        if name not in after:
            continue
        new, other = after[name]
        told = f"{name}: {image} → {other}"
        if new[0] < old[0]:
            yield Loss("check", _WHAT, f"{told}: PostgreSQL {new[0]} does not start on the data of {old[0]}")
        elif new[0] > old[0]:
            yield Loss("check", _WHAT, f"{told}: PostgreSQL {new[0]} does not start on the data of {old[0]} before pg_upgrade or a restore")
        elif old[1] is not None and new[1] is not None and new[1] < old[1]:
            why = "an older minor release lacks fixes, among them of lost or wrong data, and the notes of the newer one say what it changed"
            yield Loss("check", _WHAT, f"{told}: {why}")


def _versions(state: State) -> dict[str, tuple[Version, str]]:
    """Return the version and the image of each container of PostgreSQL."""
    found = {}
    for container in mappings(pod_of(state.inputs), "containers"):
        version = _version(process(container))
        if version is not None:
            found[str(at(container, "name"))] = (version, str(at(container, "image")))
    return found


def _version(container: Mapping[str, Any]) -> Version | None:
    image = container["image"]
    if not (is_postgres(container) or image_name(container)[1] in IMAGES):
        return None
    tag = image.partition("@")[0].rpartition("/")[2].partition(":")[2]
    in_tag = _TAG.match(tag)
    words = " ".join(texts([at(container, "command"), at(container, "args")]))
    in_path = _IN_A_PATH.search(words)
    major = int(in_path[1]) if in_path else int(in_tag[1]) if in_tag else None
    if major is None:
        return None
    minor = int(in_tag[2]) if in_tag and in_tag[2] and int(in_tag[1]) == major and not _OWN.fullmatch(tag) else None
    return major, minor
