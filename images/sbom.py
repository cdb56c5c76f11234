"""Bills of materials in the form of CycloneDX 1.6: equal parts give equal bytes, without a time or a number by chance. Pure.

Nothing is signed into it: who made it and when is said by what carries it, such as a commit or a build.
"""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from images.parts import Part

# Ending of a bill's file, by CycloneDX' own convention
SUFFIX: Final = ".cdx.json"

_SPECIFICATION: Final = "1.6"
# What this project writes is under the licence of its LICENSE
_OWN_LICENCE: Final = "Apache-2.0"


@dataclass(frozen=True, kw_only=True)
class Subject:
    """Subject of a bill.

    Attributes:
        name: Name, of an image its reference without the tag.
        version: Version, of an image its tag; empty for a Python environment.
        kind: CycloneDX' word for it.
        phase: When in its life it was looked at: ``pre-build`` by what is pinned, ``discovery`` by what is installed.
    """

    name: str
    version: str
    kind: Literal["container", "application"]
    phase: Literal["pre-build", "discovery"]


def document(subject: Subject, parts: Sequence[Part], base: Part | None = None, own: Sequence[str] = ()) -> dict[str, Any]:
    """Return the bill of materials.

    Args:
        subject: What it describes.
        parts: The parts of the subject.
        base: The image that the subject is built on. What it has beside the Debian packages in it is not known here, and the bill says so.
        own: Paths of what this project has written itself.
    """
    about = {"type": subject.kind, "bom-ref": subject.name, "name": subject.name}
    bill: dict[str, Any] = {
        "$schema": f"http://cyclonedx.org/schema/bom-{_SPECIFICATION}.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": _SPECIFICATION,
        "version": 1,
        "metadata": {
            "lifecycles": [{"phase": subject.phase}],
            "component": about | ({"version": subject.version} if subject.version else {}),
        },
        "components": [
            *([_component(base, "", "container")] if base else []),
            *(_own(path) for path in sorted(own)),
            *(_component(part, "") for part in sorted(parts)),
        ],
    }
    if base:
        bill["compositions"] = [{"aggregate": "incomplete", "assemblies": [_reference(base, "")]}]
    # the number of a bill is made from its content, so that another content never has the same
    return {**bill, "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, render(bill))}"}


def render(bill: Mapping[str, Any]) -> str:
    """Render a bill of materials as a file."""
    return json.dumps(bill, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def count(bill: Mapping[str, Any], *, licensed: bool = False) -> int:
    """Return the number of components in a bill at any depth, or of those with a licence."""
    inside = bill.get("components", [])
    return sum((not licensed or "licenses" in one) + count(one, licensed=licensed) for one in inside)


def _component(part: Part, within: str, kind: Literal["library", "container"] = "library") -> dict[str, Any]:
    own = _reference(part, within)
    component: dict[str, Any] = {"type": kind, "bom-ref": own, "name": part.name}
    group, colon, artifact = part.name.partition(":")
    if part.purl.startswith("pkg:maven/") and colon:
        component |= {"group": group, "name": artifact}
    component |= {"version": part.version} if part.version else {}
    component |= {"purl": part.purl} if part.purl else {}
    component |= {"hashes": [{"alg": "SHA-256", "content": part.sha256}]} if part.sha256 else {}
    component |= {"licenses": list(_licences(part))} if part.licences else {}
    component |= {"evidence": {"occurrences": [{"location": part.path}]}} if part.path else {}
    component |= {"components": [_component(inside, own) for inside in part.parts]} if part.parts else {}
    return component


def _reference(part: Part, within: str) -> str:
    """Return the name of a part within its bill, which no other part has."""
    return "#".join(name for name in (within, part.path or part.purl or f"{part.name}@{part.version}") if name)


def _licences(part: Part) -> Iterator[dict[str, Any]]:
    for name, expression in part.licences:
        declared = {"acknowledgement": "declared"}
        yield {"expression": name, **declared} if expression else {"license": {"name": name, **declared}}


def _own(path: str) -> dict[str, Any]:
    licence = {"license": {"id": _OWN_LICENCE, "acknowledgement": "declared"}}
    place = {"occurrences": [{"location": path}]}
    return {"type": "library", "bom-ref": path, "name": f"data-ingestion:{path}", "licenses": [licence], "evidence": place}
