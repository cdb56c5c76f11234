"""The Python environment that runs this program, as parts."""

from __future__ import annotations

import platform
import re
from importlib import metadata
from typing import TYPE_CHECKING, cast

from images import licences
from images import parts as of_images
from images.parts import Part

if TYPE_CHECKING:
    from email.message import Message

_SEPARATORS = re.compile(r"[-_.]+")


def parts() -> tuple[Part, ...]:
    """Return the interpreter and the packages installed beside it, by their own metadata."""
    found = {_part(one.metadata["Name"], one.version, one) for one in metadata.distributions()}
    version = platform.python_version()
    python = Part(name=platform.python_implementation(), version=version, purl=of_images.generic("python", version))
    return (python, *sorted(found))


def _part(name: str, version: str, package: metadata.Distribution) -> Part:
    normalised = _SEPARATORS.sub("-", name).lower()
    purl = of_images.python(normalised, version)
    return Part(name=normalised, version=version, purl=purl, licences=licences.of_python(cast("Message", package.metadata)))
