"""Contents of a jar, a wheel, an archive or an image: its parts, and the licences that they name."""

from __future__ import annotations

import email
import hashlib
import io
import re
import tarfile
import zipfile
from dataclasses import replace
from typing import IO, TYPE_CHECKING, Final

from images import layers, licences, parts
from images.parts import Part

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

_PROPERTIES: Final = re.compile(r"META-INF/maven/[^/]+/[^/]+/pom\.properties")
_PROPERTY: Final = re.compile(r"^(groupId|artifactId|version)=(.*?)\s*$", re.MULTILINE)
_MANIFEST: Final = "META-INF/MANIFEST.MF"
# List of an application's Maven artifacts, each as group:artifact:classifier:type:version
_QUARKUS: Final = "quarkus-app-dependencies.txt"
_LISTED: Final = re.compile(r"^([^:\s]+):([^:\s]+)::jar:(\S+)$", re.MULTILINE)
_ABOUT_WHEEL: Final = re.compile(r"[^/]+\.dist-info/METADATA")
_STATUS: Final = "var/lib/dpkg/status"
_SYSTEM: Final = ("usr/lib/os-release", "etc/os-release")


def seen(part: Part, file: IO[bytes]) -> Part:
    """Return a part with what its file has inside; a file of another kind than jar, wheel, zip and tar.gz gives the part unchanged.

    Args:
        part: The part; its path ends as its file's name does.
        file: The verified file.
    """
    if part.path.endswith(".jar"):
        return _jar(part, file)
    if part.path.endswith(".whl"):
        return _wheel(part, file)
    if part.path.endswith(".tar.gz"):
        return replace(part, parts=tuple(sorted(_in_tar(file))))
    if part.path.endswith(".zip"):
        return replace(part, parts=tuple(sorted(_in_zip(file))))
    return part


def packages(archive: Path) -> Part:
    """Return a base image in an OCI archive as a part, with its Debian packages. Raises ArchiveError."""
    found: dict[str, str] = {}
    for layer in layers.opened([archive]):
        for member in layer:
            name = member.name.removeprefix("./")
            if name in {_STATUS, *_SYSTEM} and member.isfile() and (file := layer.extractfile(member)):
                found[name] = file.read().decode()
    name, digest = layers.identity(archive)
    system = next((found[path] for path in _SYSTEM if path in found), "")
    return Part(name=name, version=digest, parts=tuple(sorted(debian_packages(found.get(_STATUS, ""), system))))


def debian_packages(status: str, system: str) -> Iterator[Part]:
    """Yield the installed packages.

    Args:
        status: dpkg's database of packages, /var/lib/dpkg/status.
        system: /etc/os-release.
    """
    named = dict(re.findall(r'^([A-Z_]+)="?(.*?)"?$', system, re.MULTILINE))
    for paragraph in status.split("\n\n"):
        about = email.message_from_string(paragraph)
        name, version = about.get("Package"), about.get("Version")
        if name and version and about.get("Status", "").endswith(" installed"):
            qualifiers = {"arch": about.get("Architecture", ""), "distro": named.get("VERSION_CODENAME", "")}
            yield Part(name=name, version=version, purl=parts.debian(named.get("ID", "debian"), name, version, **qualifiers))


def _jar(part: Part, file: IO[bytes]) -> Part:
    """Return a jar by the coordinates in it, with the parts that were shaded into it."""
    with zipfile.ZipFile(file) as archive:
        names = sorted(archive.namelist())
        found = {name: dict(_PROPERTY.findall(_text(archive, name))) for name in names if _PROPERTIES.fullmatch(name)}
        poms = {name: pom for name, pom in found.items() if len(pom) == 3}  # noqa: PLR2004 - group, artifact, version
        stem = part.path.rpartition("/")[2].removesuffix(".jar")
        own = next((name for name, pom in poms.items() if _is_of(stem, pom)), "")
        pom_xml = own.replace(".properties", ".xml")
        named = licences.of_pom(_text(archive, pom_xml)) if own and pom_xml in names else ()
        if not named and _MANIFEST in names:
            named = licences.of_manifest(_text(archive, _MANIFEST))
    projects = {name: _project(pom["groupId"], pom["artifactId"], pom["version"]) for name, pom in poms.items()}
    if own and not part.purl:
        part = replace(part, name=projects[own].name, version=projects[own].version, purl=projects[own].purl)
    inside = {project for name, project in projects.items() if name != own and project.purl != part.purl}
    return replace(part, licences=named, parts=tuple(sorted(inside)))


def _is_of(stem: str, pom: Mapping[str, str]) -> bool:
    """Return whether a jar's name is that of a project, perhaps with its group before it or a classifier behind it."""
    own = f"{pom['artifactId']}-{pom['version']}"
    return stem == own or stem.startswith(f"{own}-") or stem == f"{pom['groupId']}.{own}"


def _project(group: str, artifact: str, version: str) -> Part:
    return Part(name=f"{group}:{artifact}", version=version, purl=parts.maven(group, artifact, version))


def _wheel(part: Part, file: IO[bytes]) -> Part:
    with zipfile.ZipFile(file) as archive:
        about = next(name for name in archive.namelist() if _ABOUT_WHEEL.fullmatch(name))
        return replace(part, licences=licences.of_python(email.message_from_string(_text(archive, about))))


def _in_tar(file: IO[bytes]) -> Iterator[Part]:
    """Yield the jars of an archive; one without coordinates gets those that Quarkus' list of what it was made of has for its name."""
    jars, listed = [], ""
    with tarfile.open(fileobj=file) as archive:
        for member in archive:
            content = archive.extractfile(member) if member.isfile() else None
            if content and member.name.endswith(".jar"):
                jars.append(_jar_inside(member.name, content.read()))
            if content and member.name.rpartition("/")[2] == _QUARKUS:
                listed = content.read().decode()
    known = {f"{group}.{artifact}-{version}": _project(group, artifact, version) for group, artifact, version in _LISTED.findall(listed)}
    for jar in jars:
        found = None if jar.purl else known.get(jar.path.rpartition("/")[2].removesuffix(".jar"))
        yield replace(jar, name=found.name, version=found.version, purl=found.purl) if found else jar


def _in_zip(file: IO[bytes]) -> Iterator[Part]:
    with zipfile.ZipFile(file) as archive:
        yield from (_jar_inside(name, archive.read(name)) for name in archive.namelist() if name.endswith(".jar"))


def _jar_inside(path: str, content: bytes) -> Part:
    name, version = parts.named(path)
    return _jar(Part(name=name, version=version, sha256=hashlib.sha256(content).hexdigest(), path=path), io.BytesIO(content))


def _text(archive: zipfile.ZipFile, name: str) -> str:
    return archive.read(name).decode(errors="replace")
