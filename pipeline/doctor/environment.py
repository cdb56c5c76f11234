"""Check of the virtual environment against the pinned requirements."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from importlib import metadata
from typing import TYPE_CHECKING, Final

from pipeline.checks.check import failure, fine, warning

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from pipeline.checks.check import Finding

_PIN: Final = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^\s#;]+)", re.MULTILINE)
_CURE: Final = "rm -f .venv/.complete && make venv"


@dataclass(frozen=True, slots=True)
class Environment:
    """Pinned and installed packages.

    Attributes:
        pinned: Package to pinned version.
        installed: Pinned package to installed version.
        own: True if this Python is that of the project's .venv, which Pulumi uses to run the program.
    """

    pinned: Mapping[str, str]
    installed: Mapping[str, str]
    own: bool


def pins(texts: Iterable[str]) -> dict[str, str]:
    """Parse the pins of requirements files: package to version."""
    return {name: version for text in texts for name, version in _PIN.findall(text)}


def look(root: Path, files: Iterable[str]) -> Environment:
    """Read the requirements files under ``root`` and the packages of this Python."""
    pinned = pins((root / file).read_text(encoding="utf-8") for file in files)
    installed = {}
    for name in pinned:
        try:
            installed[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return Environment(pinned, installed, own=sys.prefix == str((root / ".venv").resolve()) or sys.prefix == str(root / ".venv"))


def complete(environment: Environment) -> Finding:
    """Check whether the environment that Pulumi uses has every package in its pinned version."""
    missing = [name for name in environment.pinned if name not in environment.installed]
    other = [
        f"{name} {environment.installed[name]} and not {version}"
        for name, version in environment.pinned.items()
        if environment.installed.get(name, version) != version
    ]
    if missing:
        return failure(f"not installed: {', '.join(missing)}", _CURE)
    if other:
        return warning(f"versions differ from the pinned ones: {', '.join(other)}", _CURE)
    if not environment.own:
        return warning("this Python is not the project's .venv, which Pulumi uses", "make venv, then .venv/bin/python -m pipeline doctor")
    return fine(f"{len(environment.pinned)} packages in their pinned versions")
