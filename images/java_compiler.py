"""Compiles Java sources of an image by a pinned compiler: a Java runtime is enough, and equal sources give equal bytes."""

from __future__ import annotations

import tarfile
import zipfile
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from images import tool

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# Java's release of the classes: the oldest one that Kafka Connect 4 runs on
RELEASE: Final = "17"

# Time of a jar's members, so that a jar depends on its sources only
EPOCH: Final = (1980, 1, 1, 0, 0, 0)


@contextmanager
def jars(folders: Iterable[Path]) -> Iterator[list[Path]]:
    """Return the jars of some folders, also those inside their archives, which are unpacked while the block runs."""
    with TemporaryDirectory() as name:
        found: list[Path] = []
        for number, folder in enumerate(folders):
            found += sorted(folder.glob("*.jar"))
            for archive in sorted(folder.glob("*.tar.gz")):
                into = Path(name) / f"{number}-{archive.name}"
                with tarfile.open(archive) as packed:
                    packed.extractall(into, filter="data")
                found += sorted(into.rglob("*.jar"))
        yield found


def compile_sources(compiler: Path, sources: Path, class_path: Iterable[Path], jar: Path) -> None:
    """Compile a folder of Java sources to a jar.

    Args:
        compiler: Jar of Eclipse's batch compiler.
        sources: Folder with ``.java`` files in the folders of their packages.
        class_path: Jars that the sources use.
        jar: File to write; its folder exists.

    Raises:
        ToolError: If a source has an error; the message ends with the compiler's lines.
    """
    with TemporaryDirectory() as name:
        options = ["-source", RELEASE, "-target", RELEASE, "-encoding", "UTF-8", "-proc:none", "-d", name]
        tool.ask(["java", "-jar", str(compiler), *options, "-cp", ":".join(map(str, class_path)), str(sources)])
        with zipfile.ZipFile(jar, "w", zipfile.ZIP_DEFLATED) as archive:
            for file in sorted(Path(name).rglob("*.class")):
                archive.writestr(zipfile.ZipInfo(str(file.relative_to(name)), EPOCH), file.read_bytes())
