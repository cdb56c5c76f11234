"""The one base of all images: a minimal Debian with Java, PostgreSQL, Python and Prometheus, from the packages this machine can reach."""

from __future__ import annotations

import hashlib
import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sandbox import child_process

if TYPE_CHECKING:
    from collections.abc import Iterable

SUITE: Final = "trixie"
PACKAGES: Final = (
    "openjdk-21-jre-headless",
    "postgresql-17",
    "postgresql-17-pgaudit",
    "procps",
    "curl",
    "python3",
    "prometheus",
    "prometheus-alertmanager",
    "prometheus-postgres-exporter",
)

_KEYRING: Final = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
_TIMEOUT_S: Final = 1200.0
_TAIL: Final = 12
# Documentation and translations; and PostgreSQL's JIT with LLVM and Z3 behind it, 160 MB that pay off in long analytical queries only
# (without its library PostgreSQL goes on as if `jit` were off). Man pages must stay: the JRE's installation links some.
_LEFT_OUT: Final = (
    "/usr/share/doc/*",
    "/usr/share/locale/*",
    "/usr/share/i18n/*",
    "/usr/lib/*/libLLVM*",
    "/usr/lib/*/libz3*",
    "/usr/lib/postgresql/*/lib/llvmjit*",
    "/usr/lib/postgresql/*/lib/bitcode/*",
    # the tools of Prometheus and Alertmanager, as large as these themselves, and pages that need a download
    "/usr/bin/promtool",
    "/usr/bin/amtool",
    "/usr/share/prometheus/web/*",
    "/usr/share/javascript/*",
    "/usr/share/nodejs/*",
)
# The package would otherwise make a database of its own during installation.
_NO_CLUSTER: Final = (
    'mkdir -p "$1/etc/postgresql-common" && echo "create_main_cluster = false" > "$1/etc/postgresql-common/createcluster.conf"'
)
_ON_DEBIAN: Final = re.compile(r"(?:[a-z]+)(-updates|-security|/updates)?")


class BaseImageError(RuntimeError):
    """The base could not be made; the message ends with the tool's last lines."""


def key() -> str:
    """Hash of the base's recipe; Debian's own updates within the suite do not change it."""
    asked = repr((SUITE, PACKAGES, _LEFT_OUT, _NO_CLUSTER))
    return hashlib.sha256(asked.encode()).hexdigest()[:16]


def architecture() -> str:
    """Return this machine's processor architecture as Debian names it; raise BaseImageError without an answer of dpkg."""
    return _run(["dpkg", "--print-architecture"], "asking for the architecture").strip()


def make(tarball: Path) -> None:
    """Write the base's root file system as a tar file; temporary files go beside it. Raises BaseImageError."""
    archives = mirrors()
    command = [
        "mmdebstrap",
        "--variant=minbase",
        f"--include={','.join(PACKAGES)}",
        "--dpkgopt=force-unsafe-io",
    ]
    command += [f"--dpkgopt=path-exclude={pattern}" for pattern in _LEFT_OUT]
    command += [f"--aptopt={line}" for line in _proxies()]
    command += [f"--essential-hook={_NO_CLUSTER}", SUITE, str(tarball), "-"]
    _run(command, "making the base file system", given="\n".join(archives) + "\n", temporary=tarball.parent)


def mirrors() -> list[str]:
    """Return this machine's Debian archives as one-line apt sources for the base's suite; raise BaseImageError if apt knows none."""
    found = sources(_index_targets())
    if not found:
        msg = "apt knows no Debian mirror: `apt-get indextargets` lists no package index of Debian; run `apt-get update`, check /etc/apt"
        raise BaseImageError(msg)
    return found


def sources(targets: Iterable[str]) -> list[str]:
    """Turn this machine's Debian archives into one-line apt sources for the base's suite.

    Args:
        targets: Lines of `origin|label|address|release|component`, as `_index_targets` asks apt for them.
    """
    found: dict[str, None] = {}
    for line in targets:
        origin, _label, address, release, component = line.split("|")
        matched = _ON_DEBIAN.fullmatch(release)
        if origin == "Debian" and matched and component == "main":
            suffix = {"/updates": "-security"}.get(matched[1] or "", matched[1] or "")
            found[f"deb [signed-by={_KEYRING}] {address} {SUITE}{suffix} main"] = None
    return list(found)


def _index_targets() -> list[str]:
    query = ["apt-get", "indextargets", "--format", "$(ORIGIN)|$(LABEL)|$(REPO_URI)|$(RELEASE)|$(COMPONENT)", "Identifier: Packages"]
    found = subprocess.run(query, capture_output=True, text=True, check=False).stdout.splitlines()
    if not found:
        _run(["apt-get", "-o", "DPkg::Lock::Timeout=300", "update", "-qq"], "reading Debian's package lists")
        found = subprocess.run(query, capture_output=True, text=True, check=False).stdout.splitlines()
    return found


def _proxies() -> list[str]:
    """Return apt's proxy settings of this machine: mmdebstrap runs apt without this machine's configuration."""
    dump = ["apt-config", "dump", "--format", '%f "%v";%n', "Acquire::http::Proxy", "Acquire::https::Proxy", "Acquire::https::CAInfo"]
    lines = subprocess.run(dump, capture_output=True, text=True, check=False).stdout.splitlines()
    return [line for line in lines if not line.endswith('"";')]


def _run(command: list[str], why: str, *, given: str = "", temporary: Path | None = None) -> str:
    try:
        done = child_process.run(command, given=given, timeout_s=_TIMEOUT_S, temporary=temporary)
    except FileNotFoundError as error:
        msg = f"{why}: the command {command[0]} is not installed"
        raise BaseImageError(msg) from error
    except subprocess.TimeoutExpired as error:
        msg = f"{why}: {command[0]} did not finish within {_TIMEOUT_S:.0f} s"
        raise BaseImageError(msg) from error
    if done.returncode:
        msg = f"{why} failed:\n" + "\n".join(done.stderr.splitlines()[-_TAIL:])
        raise BaseImageError(msg)
    return done.stdout
