"""Wheels, had through pip and whatever index this machine has configured."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

# The Python of the image base, Debian trixie
PYTHON: Final = "3.13"

_PLATFORMS: Final = ("manylinux_2_28_x86_64", "manylinux_2_17_x86_64", "manylinux2014_x86_64")
_TIMEOUT_S: Final = 600.0


class PipError(RuntimeError):
    """pip did not deliver; the message ends with its own last words."""


def download(requirements: Sequence[str], into: Path, *, dependencies: bool) -> None:
    """Put the requirements' wheels for the image's Python into the folder. Raises PipError."""
    options = [] if dependencies else ["--no-deps"]
    _pip("download", *_target_options(), *options, "--dest", str(into), *requirements)


def unpack(wheels: Sequence[Path], into: Path) -> None:
    """Install wheels into a plain folder for PYTHONPATH; nothing else is looked for. Raises PipError."""
    _pip("install", *_target_options(), "--no-deps", "--no-index", "--no-compile", "--target", str(into), *map(str, wheels))


def source_of(file_name: str) -> str:
    """Name the project and version of a wheel's file name, normalised, as a lock file writes it."""
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
