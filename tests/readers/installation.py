"""Installation of the engines that read the archive: Python packages and jars, beside the program's own virtual environment.

``python -m tests.readers.installation`` makes it once; `make readers-test` does so first.
"""

from __future__ import annotations

import shutil
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from images.maven import Coordinates, closure, fetch
from tests.side_environment import SideEnvironment

TRINO: Final = "435"
"""The last Trino that runs on Java 17. Amazon Athena's engine is made from Trino, and its version is not told."""
_SERVER: Final = (f"io.trino:trino-main:{TRINO}",)
_JARS: Final = (
    f"io.trino:trino-memory:zip:{TRINO}",
    "org.apache.iceberg:iceberg-spark-runtime-4.0_2.13:jar:1.10.0",
    "org.xerial:sqlite-jdbc:jar:3.49.1.0",
)
_HERE: Final = SideEnvironment(name="readers", requirements=Path(__file__).with_name("requirements.txt"), further=(*_SERVER, *_JARS))
FOLDER: Final = _HERE.folder


@dataclass(frozen=True, slots=True)
class Engines:
    """Installed engines.

    Attributes:
        python: Python with their packages.
        server: Folder of Trino's jars.
        plugins: Folder of Trino's plugins.
        spark: Jars for Spark.
    """

    python: Path
    server: Path
    plugins: Path
    spark: tuple[Path, ...]


def installed() -> Engines:
    """Return the engines.

    Raises:
        NotInstalledError: If they are not installed, or in other versions.
    """
    _HERE.check()
    return Engines(FOLDER / "bin" / "python", FOLDER / "server", FOLDER / "plugins", tuple(sorted((FOLDER / "jars").glob("*.jar"))))


def _jars() -> None:
    repository = FOLDER / "repository"
    fetch(closure(_SERVER, (), repository), repository, FOLDER / "server")
    fetch(map(Coordinates.parse, _JARS), repository, FOLDER / "jars")
    for plugin in (FOLDER / "jars").glob("*.zip"):
        with zipfile.ZipFile(plugin) as archive:
            archive.extractall(FOLDER / "plugins")
    shutil.rmtree(repository)


if __name__ == "__main__":
    _HERE.install(_jars)
