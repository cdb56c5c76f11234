"""Wheels through pip, from the index that this machine has configured."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

# Python version of the image base, Debian trixie
PYTHON: Final = "3.13"

_PLATFORMS: Final = ("manylinux_2_28_x86_64", "manylinux_2_17_x86_64", "manylinux2014_x86_64")
_TIMEOUT_S: Final = 600.0


class PipError(RuntimeError):
    """pip failed; the message ends with the last lines of its output."""


def download(requirements: Sequence[str], into: Path, *, dependencies: bool) -> None:
    """Download the requirements' wheels for the image's Python into the folder. Raises PipError."""
    options = [] if dependencies else ["--no-deps"]
    _pip("download", *_target_options(), *options, "--dest", str(into), *requirements)


def apart(requirements: Sequence[str]) -> list[list[str]]:
    """Split exact requirements into groups with one version of a project each: of two, as two images may have, pip refuses both."""
    groups: list[dict[str, str]] = []
    for requirement in dict.fromkeys(requirements):
        project = requirement.partition("==")[0]
        free = next((group for group in groups if project not in group), None)
        if free is None:
            groups.append(free := {})
        free[project] = requirement
    return [list(group.values()) for group in groups]


def unpack(wheels: Sequence[Path], into: Path) -> None:
    """Install wheels into a plain folder for PYTHONPATH, without dependencies. Raises PipError."""
    _pip("install", *_target_options(), "--no-deps", "--no-index", "--no-compile", "--target", str(into), *map(str, wheels))


def source_of(file_name: str) -> str:
    """Convert a wheel's file name to its source in a lock file, with the project's name normalised."""
    project, version, *_ = file_name.split("-")
    return f"pypi:{re.sub(r'[-_.]+', '-', project).lower()}=={version}"


def _target_options() -> list[str]:
    platforms = [option for platform in _PLATFORMS for option in ("--platform", platform)]
    return ["--only-binary", ":all:", "--python-version", PYTHON, "--implementation", "cp", *platforms]


def _pip(*arguments: str) -> None:
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input", "--no-cache-dir", "--quiet", *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_TIMEOUT_S, check=False)
    except subprocess.TimeoutExpired as error:
        message = f"pip {arguments[0]} did not finish within {_TIMEOUT_S:.0f} s"
        raise PipError(message) from error
    if done.returncode:
        message = f"pip {arguments[0]} failed:\n" + "\n".join(done.stderr.strip().splitlines()[-5:])
        raise PipError(message)
