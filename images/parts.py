"""The parts of an image: its base, jars, wheels and what these have inside, each by its package URL. Pure.

Package URLs (purl) are those of ECMA-427: ``pkg:maven/group/name@version``, ``pkg:pypi/name@version``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from images.lock import NOT_COPIED
from images.maven import Coordinates

if TYPE_CHECKING:
    from collections.abc import Iterable

    from images.licences import Licence
    from images.lock import Entry

# The version begins at the first number behind a hyphen: ``netty-codec-4.2.1.Final``
_NAMED: Final = re.compile(r"(?P<name>.+?)-(?P<version>[0-9].*)")
_SUFFIXES: Final = (".jar", ".tar.gz", ".whl", ".zip")


@dataclass(frozen=True, order=True, kw_only=True)
class Part:
    """A part of an image, or of another part.

    Attributes:
        name: Name of the part; for Maven ``group:artifact``.
        version: Version; empty where nothing tells it.
        purl: Package URL; empty for a file of no package.
        sha256: SHA-256 of its file, 64 hexadecimal digits; empty for what is no file of its own.
        path: Path below the image's contents, or inside the part that contains it; empty for what has none.
        licences: Licences as its authors name them; empty where they name none.
        parts: Parts inside.
    """

    name: str
    version: str
    purl: str = ""
    sha256: str = ""
    path: str = ""
    licences: tuple[Licence, ...] = ()
    parts: tuple[Part, ...] = ()

    @property
    def count(self) -> int:
        """Number of parts, this one and all inside."""
        return 1 + sum(part.count for part in self.parts)


def of_lock(entries: Iterable[Entry]) -> tuple[Part, ...]:
    """Return the parts that a lock pins and an image contains, in its order."""
    return tuple(of_entry(entry) for entry in entries if entry.target != NOT_COPIED)


def of_entry(entry: Entry) -> Part:
    """Return the part that a line of a lock pins."""
    kind, _, source = entry.source.partition(":")
    if entry.wheel is not None:
        name, version = named(entry.member)
        return Part(name=name, version=version, sha256=entry.sha256, path=entry.target)
    if kind == "pypi":
        name, _, version = source.partition("==")
        return Part(name=name, version=version, purl=python(name, version), sha256=entry.sha256, path=entry.target)
    found = Coordinates.parse(source)
    qualifiers = {"classifier": found.classifier, "type": "" if found.type == "jar" else found.type}
    return Part(
        name=f"{found.group}:{found.artifact}",
        version=found.version,
        purl=maven(found.group, found.artifact, found.version, **qualifiers),
        sha256=entry.sha256,
        path=entry.target,
    )


def of_base(reference: str) -> Part:
    """Return the part that a base image is, from its reference ``name:tag`` or ``name:tag@digest``."""
    tagged, _, digest = reference.partition("@")
    name, _, tag = tagged.partition(":")
    qualifiers = {"tag": tag} if digest else {}
    return Part(name=name, version=tag, purl=_purl("docker", name, digest or tag, **qualifiers))


def of_extra(file_name: str, sha256: str) -> Part:
    """Return the part that a zip is which the user has put beside an image's Dockerfile."""
    name, version = named(file_name)
    return Part(name=name, version=version, sha256=sha256, path=file_name)


def named(path: str) -> tuple[str, str]:
    """Split a file's name into name and version; the version is empty where the name has none."""
    stem = path.rpartition("/")[2]
    for suffix in _SUFFIXES:
        stem = stem.removesuffix(suffix)
    found = _NAMED.fullmatch(stem)
    return (found["name"], found["version"]) if found else (stem, "")


def maven(group: str, artifact: str, version: str, **qualifiers: str) -> str:
    """Return the package URL of a Maven artifact."""
    return _purl("maven", f"{group}/{artifact}", version, **qualifiers)


def python(name: str, version: str) -> str:
    """Return the package URL of a Python package of a normalised name."""
    return _purl("pypi", name, version)


def generic(name: str, version: str) -> str:
    """Return the package URL of what no package manager installs."""
    return _purl("generic", name, version)


def debian(system: str, name: str, version: str, **qualifiers: str) -> str:
    """Return the package URL of a Debian package; ``system`` is the ID of /etc/os-release, such as debian or ubuntu."""
    return _purl("deb", f"{system}/{name}", version, **qualifiers)


def _purl(kind: str, path: str, version: str, **qualifiers: str) -> str:
    given = "&".join(f"{key}={quote(value, safe=':')}" for key, value in sorted(qualifiers.items()) if value)
    return f"pkg:{kind}/{quote(path)}@{quote(version, safe=':')}" + (f"?{given}" if given else "")
