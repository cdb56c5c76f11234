"""Maven's command line, with the repositories that this machine has configured."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_TIMEOUT_S: Final = 900.0
_PLUGIN: Final = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1"
_COLOUR: Final = re.compile(r"\x1b\[[0-9;]*m")
_LISTED: Final = re.compile(r"^\s+([^\s:]+(?::[^\s:]+){3,4}):(?:compile|runtime)\b")


class MavenError(RuntimeError):
    """Maven failed; the message ends with lines of its output."""


@dataclass(frozen=True, kw_only=True)
class Coordinates:
    """Coordinates group:artifact:type[:classifier]:version, in Maven's own form."""

    group: str
    artifact: str
    type: str
    classifier: str
    version: str

    @classmethod
    def parse(cls, text: str) -> Coordinates:
        """Parse the four or five parts. Raises ValueError for any other number."""
        parts = text.split(":")
        if len(parts) == 4:  # noqa: PLR2004 - no classifier
            parts.insert(3, "")
        group, artifact, kind, classifier, version = parts
        return cls(group=group, artifact=artifact, type=kind, classifier=classifier, version=version)

    def __str__(self) -> str:
        """Render the coordinates in the form that ``parse`` reads."""
        parts = (self.group, self.artifact, self.type, self.classifier, self.version)
        return ":".join(part for part in parts if part)

    @property
    def file_name(self) -> str:
        """Name of the file in a Maven repository."""
        classifier = f"-{self.classifier}" if self.classifier else ""
        return f"{self.artifact}-{self.version}{classifier}.{self.type}"


def closure(roots: Sequence[str], exclude: Sequence[str], repository: Path) -> tuple[Coordinates, ...]:
    """Resolve group:artifact:version roots to their run-time dependencies, minus the exclusions. Raises MavenError."""
    with TemporaryDirectory() as name:
        listing = Path(name) / "list.txt"
        pom = Path(name) / "pom.xml"
        pom.write_text(closure_pom(roots, exclude), encoding="utf-8")
        _run(pom, repository, f"{_PLUGIN}:list", f"-DoutputFile={listing}", "-DincludeScope=runtime")
        return parse_listing(listing.read_text(encoding="utf-8"))


def fetch(wanted: Iterable[Coordinates], repository: Path, into: Path) -> None:
    """Copy each file into the folder under its repository name, in one run of Maven. Raises MavenError."""
    with TemporaryDirectory() as name:
        pom = Path(name) / "pom.xml"
        pom.write_text(fetch_pom(wanted, into), encoding="utf-8")
        _run(pom, repository, f"{_PLUGIN}:copy")


def closure_pom(roots: Sequence[str], exclude: Sequence[str]) -> str:
    """Render a project that depends on the roots, without the exclusions."""
    exclusions = "".join(
        f"<exclusion><groupId>{escape(group)}</groupId><artifactId>{escape(artifact)}</artifactId></exclusion>"
        for group, artifact in (pattern.split(":") for pattern in exclude)
    )
    dependencies = "".join(
        f"<dependency><groupId>{escape(group)}</groupId><artifactId>{escape(artifact)}</artifactId>"
        f"<version>{escape(version)}</version><exclusions>{exclusions}</exclusions></dependency>\n"
        for group, artifact, version in (root.split(":") for root in roots)
    )
    return _project(f"<dependencies>\n{dependencies}</dependencies>")


def fetch_pom(wanted: Iterable[Coordinates], into: Path) -> str:
    """Render a project that only copies the named files, without their dependencies."""
    items = "".join(
        f"<artifactItem><groupId>{escape(item.group)}</groupId><artifactId>{escape(item.artifact)}</artifactId>"
        f"<version>{escape(item.version)}</version><type>{escape(item.type)}</type>"
        f"<classifier>{escape(item.classifier)}</classifier></artifactItem>\n"
        for item in wanted
    )
    group, artifact, version = _PLUGIN.split(":")
    return _project(
        f"<build><plugins><plugin><groupId>{group}</groupId><artifactId>{artifact}</artifactId><version>{version}</version>"
        f"<configuration><outputDirectory>{escape(str(into))}</outputDirectory><artifactItems>\n{items}</artifactItems>"
        "</configuration></plugin></plugins></build>"
    )


def parse_listing(text: str) -> tuple[Coordinates, ...]:
    """Parse the output file of ``dependency:list``."""
    matches = (_LISTED.match(_COLOUR.sub("", line)) for line in text.splitlines())
    return tuple(Coordinates.parse(match[1]) for match in matches if match)


def _project(body: str) -> str:
    return (
        '<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>'
        f"<groupId>images</groupId><artifactId>contents</artifactId><version>1</version><packaging>pom</packaging>\n{body}\n</project>\n"
    )


def _run(pom: Path, repository: Path, goal: str, *options: str) -> None:
    program = shutil.which("mvn")
    if program is None:
        message = "Maven's command `mvn` is not on the PATH; install the package maven"
        raise MavenError(message)
    command = [program, "-B", "-ntp", "-f", str(pom), f"-Dmaven.repo.local={repository}", goal, *options]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_TIMEOUT_S, check=False)
    except subprocess.TimeoutExpired as error:
        message = f"Maven did not finish within {_TIMEOUT_S:.0f} s: {goal}"
        raise MavenError(message) from error
    if done.returncode:
        wrong = [line for line in _COLOUR.sub("", done.stdout).splitlines() if line.startswith("[ERROR]")]
        message = f"Maven failed ({goal}):\n" + "\n".join(wrong[:5] or done.stderr.splitlines()[-5:])
        raise MavenError(message)
