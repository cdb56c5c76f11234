"""`python -m images lock|fetch|stage|build [IMAGE...]`: pin, download and lay out what the images contain, and build them with Docker.

`python -m images keys [--postgres ARCHIVE...]` asks the jars, and the PostgreSQL in an image, which settings they know.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from images import bases, docker, lock, locking, staging, wanted
from images.bases import BaseError
from images.docker import ForeignError
from images.keydump import postgres, tables
from images.keydump.postgres import PostgresError
from images.keydump.tables import KeysError
from images.lock import LockError
from images.maven import MavenError
from images.pypi import PipError
from images.references import LAPTOP, REFERENCES
from images.store import ChecksumError, Store
from images.tool import ToolError
from images.wanted import WantedError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_FAILURES = (
    BaseError,
    ChecksumError,
    ForeignError,
    KeysError,
    LockError,
    MavenError,
    PipError,
    PostgresError,
    ToolError,
    WantedError,
)
_HERE = Path(__file__).resolve().parent
_STORE = Path.home() / ".cache" / "data-ingestion" / "jars"
_COMMANDS = (
    "lock: pin anew; fetch: download; stage: lay out what a build copies; build: stage and `docker build`; "
    "keys: list the settings that the contents know"
)
_IMAGES = f"folder below images/ (default: every one that has a lock; build: {' '.join(LAPTOP)})"
_BASE = "build: another base than the usual one, as IMAGE=REFERENCE; taken as it is"
_POSTGRES = "keys: OCI archives of the PostgreSQL image and of its base (needs root); without them that table stays as it is"


def main() -> int:
    """Run one command; gives the exit code, and prints one sentence for what went wrong."""
    parser = argparse.ArgumentParser(prog="python -m images", description=__doc__)
    parser.add_argument("command", choices=("lock", "fetch", "stage", "build", "keys"), help=_COMMANDS)
    parser.add_argument("image", nargs="*", help=_IMAGES)
    parser.add_argument("--store", type=Path, default=_STORE, help="where verified files are kept (default: %(default)s)")
    parser.add_argument("--base", nargs="*", default=[], metavar="IMAGE=REFERENCE", help=_BASE)
    parser.add_argument("--postgres", type=Path, nargs="+", default=[], metavar="ARCHIVE", help=_POSTGRES)
    arguments = parser.parse_args()
    unknown = sorted(set(arguments.image) - set(REFERENCES))
    if unknown:
        parser.error(f"no image is called {', '.join(unknown)}; there are {', '.join(REFERENCES)}")
    store = Store(arguments.store)
    try:
        if arguments.command == "keys":
            _write_keys(store, arguments.postgres)
        elif arguments.command == "build":
            _build(arguments.image or LAPTOP, bases.overrides(arguments.base), store)
        else:
            for name in arguments.image or sorted(path.parent.name for path in _HERE.glob("*/contents.toml")):
                _run(arguments.command, _HERE / name, store)
    except _FAILURES as error:
        print(f"images: {error}", file=sys.stderr)
        return 1
    return 0


def _build(names: Sequence[str], chosen: Mapping[str, str], store: Store) -> None:
    architecture = docker.architecture()
    for name in names:
        docker.refuse_foreign(name, staging.entries_of(_HERE / name), architecture)
    for name in names:
        _stage(_HERE / name, store)
        docker.build(_HERE / name, chosen.get(name) or _pinned(bases.BASES[name]))
    if "connect" in names and not staging.extras(_HERE / "connect"):
        print(f"connect: without the Confluent S3 sink, which `archive.format: parquet` needs: images/connect/{staging.EXTRA}/README.md")


def _pinned(base: str) -> str:
    found = docker.locked(base)
    if found is None:
        found = docker.lock(base)
        print(f"{base}: first use, its digest is now in images/{bases.LOCK.name}; commit that file")
    return found


def _run(command: str, image: Path, store: Store) -> None:
    if command == "lock":
        source = image / "contents.toml"
        text = lock.render(locking.pin(wanted.parse(source.read_text(encoding="utf-8"), str(source)), store))
        lock.parse(text, str(source))
        (image / "contents.lock").write_text(text, encoding="utf-8")
    elif command == "fetch":
        store.fetch(staging.entries_of(image))
    else:
        _stage(image, store)
    print(f"{image.name}: {len(staging.entries_of(image))} files")


def _stage(image: Path, store: Store) -> None:
    for name in staging.record_extras(image):
        print(f"{name}: first use, its checksum is now in {image.name}/{staging.EXTRA}/{staging.SUMS}; commit that file")
    shutil.rmtree(image / staging.CONTENTS, ignore_errors=True)
    staging.stage(image, store, image / staging.CONTENTS)


def _write_keys(store: Store, archives: Sequence[Path]) -> None:
    made = tables.generate(_HERE, store)
    if archives:
        with TemporaryDirectory(dir=store.scratch()) as scratch:
            made["postgresql"] = postgres.dump(archives, Path(scratch))
    for name, table in made.items():
        (tables.FOLDER / f"{name}.json").write_text(tables.render(table), encoding="utf-8")
        print(f"{name}: {len(table.get('keys') or table['classes'])} of {table['source']}")


if __name__ == "__main__":
    sys.exit(main())
