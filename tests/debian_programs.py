"""Programs that tests use: this machine's own, or those of Debian's packages, unpacked into a cache folder once.

Tests never skip for want of them: a rule that nobody evaluates looks like one that is right.
"""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Final

import pytest

from sandbox import base_image
from sandbox.base_image import BaseImageError
from sandbox.paths import CACHE

PACKAGES: Final = {
    "promtool": "promtool",
    "amtool": "prometheus-alertmanager",
    "cosign": "cosign",
    "docker-registry": "docker-registry",
}
"""Program to the package of Debian that has it."""

_FOLDER: Final = (CACHE if os.geteuid() == 0 else Path.home() / ".cache" / "data-ingestion") / "tools"
_SECONDS: Final = 300


@functools.cache
def program(name: str) -> str:
    """Return the path of one of PACKAGES; the first use on a Debian without it downloads some MB."""
    installed = shutil.which(name)
    if installed:
        return installed
    unpacked = _FOLDER / f"{PACKAGES[name]}-{base_image.SUITE}"
    if not unpacked.exists():
        _fetch(PACKAGES[name], unpacked)
    return str(unpacked / "usr" / "bin" / name)


def _cure(package: str) -> str:
    return f"install the package {package}, which Debian and newer releases of Ubuntu have, and put its programs on PATH"


def _fetch(package: str, into: Path) -> None:
    """Unpack a package of the image base's suite, with lists and cache in a folder of their own: this machine's apt stays as it is."""
    if shutil.which("apt-get") is None:
        pytest.fail(f"neither the programs of {package} nor apt-get is on PATH: {_cure(package)}")
    try:
        mirrors = base_image.mirrors()
    except BaseImageError as error:
        pytest.fail(f"{error}. Or {_cure(package)}")
    _FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=_FOLDER) as name:
        folder = Path(name)
        for part in ("lists/partial", "archives/partial", "root"):
            (folder / part).mkdir(parents=True)
        (folder / "sources.list").write_text("\n".join(mirrors) + "\n", encoding="utf-8")
        (folder / "status").touch()
        own = {
            "Dir::Etc::sourcelist": folder / "sources.list",
            "Dir::Etc::sourceparts": "/dev/null",
            "Dir::State::lists": folder / "lists",
            "Dir::State::status": folder / "status",
            "Dir::Cache": folder,
            "Acquire::Languages": "none",
            "Acquire::IndexTargets::deb::DEP-11::DefaultEnabled": "false",
            **({"APT::Sandbox::User": "root"} if os.geteuid() == 0 else {}),
        }
        options = [word for key, value in own.items() for word in ("-o", f"{key}={value}")]
        _run(["apt-get", *options, "-qq", "update"], folder, package)
        _run(["apt-get", *options, "-qq", "download", package], folder, package)
        for archive in folder.glob("*.deb"):
            _run(["dpkg-deb", "-x", str(archive), str(folder / "root")], folder, package)
        # another process may have been faster
        if not into.exists():
            (folder / "root").rename(into)


def _run(command: list[str], folder: Path, package: str) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=_SECONDS, check=False)
    if done.returncode:
        pytest.fail(f"{command[0]} {command[-1]}: {done.stderr[-500:]}; {_cure(package)}")
