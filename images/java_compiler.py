"""Compiles Java sources of an image by a pinned compiler: a Java runtime is enough, and equal sources give equal bytes."""

from __future__ import annotations

import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from images import tool

if TYPE_CHECKING:
    from collections.abc import Iterable

# Java's release of the classes: the oldest one that Kafka Connect 4 runs on
RELEASE: Final = "17"

# Time of a jar's members, so that a jar depends on its sources only
EPOCH: Final = (1980, 1, 1, 0, 0, 0)


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
