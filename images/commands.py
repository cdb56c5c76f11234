"""Pins, downloads and lays out what the images contain, and builds them with Docker.

Each command gives an exit code, and prints one sentence for what went wrong.
"""

from __future__ import annotations

import functools
import shutil
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, ParamSpec

from images import bases, docker, locking, staging, wanted
from images import lock as lockfile
from images.bases import BaseError
from images.docker import ForeignError
from images.keydump import postgres, tables
from images.keydump.postgres import PostgresError
from images.keydump.tables import KeysError
from images.lock import LockError
from images.maven import MavenError
from images.pypi import PipError
from images.references import LAPTOP
from images.store import ChecksumError, Store
from images.tool import ToolError
from images.wanted import WantedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

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
_P = ParamSpec("_P")


def _with_exit_code(command: Callable[_P, None]) -> Callable[_P, int]:
    @functools.wraps(command)
    def run(*arguments: _P.args, **options: _P.kwargs) -> int:
        try:
            command(*arguments, **options)
        except _FAILURES as error:
            print(f"images: {error}", file=sys.stderr)
            return 1
        return 0

    return run


@_with_exit_code
def lock(names: Sequence[str], store: Path) -> None:
    """Pin anew what each image contains.

    Args:
        names: Folders below images/; every one that has a lock where there are none.
        store: Where verified files are kept.
    """
    for image in _folders(names):
        source = image / "contents.toml"
        text = lockfile.render(locking.pin(wanted.parse(source.read_text(encoding="utf-8"), str(source)), Store(store)))
        lockfile.parse(text, str(source))
        (image / "contents.lock").write_text(text, encoding="utf-8")
        _count(image)


@_with_exit_code
def fetch(names: Sequence[str], store: Path) -> None:
    """Download and verify what each image contains; arguments as of `lock`."""
    for image in _folders(names):
        Store(store).fetch(staging.entries_of(image))
        _count(image)


@_with_exit_code
def stage(names: Sequence[str], store: Path) -> None:
    """Lay out what a build of each image copies; arguments as of `lock`."""
    for image in _folders(names):
        _stage(image, Store(store))
        _count(image)


@_with_exit_code
def build(names: Sequence[str], store: Path, overrides: Sequence[str]) -> None:
    """Stage images and build them with Docker.

    Args:
        names: Folders below images/; what the stack ``dev`` runs where there are none.
        store: Where verified files are kept.
        overrides: Other bases than the usual ones, each as IMAGE=REFERENCE.
    """
    chosen, architecture, names = bases.overrides(overrides), docker.architecture(), names or LAPTOP
    for name in names:
        docker.refuse_foreign(name, staging.entries_of(_HERE / name), architecture)
    for name in names:
        _stage(_HERE / name, Store(store))
        docker.build(_HERE / name, chosen.get(name) or _pinned(bases.BASES[name]))
    if "connect" in names and not staging.extras(_HERE / "connect"):
        print(f"connect: without the Confluent S3 sink, which `archive.format: parquet` needs: images/connect/{staging.EXTRA}/README.md")


@_with_exit_code
def keys(store: Path, archives: Sequence[Path]) -> None:
    """Ask the jars, and the PostgreSQL in an image, which settings they know.

    Args:
        store: Where verified files are kept.
        archives: OCI archives of the PostgreSQL image and of its base; without them that table stays as it is.
    """
    kept = Store(store)
    made = tables.generate(_HERE, kept)
    if archives:
        with TemporaryDirectory(dir=kept.scratch()) as scratch:
            made["postgresql"] = postgres.dump(archives, Path(scratch))
    for name, table in made.items():
        (tables.FOLDER / f"{name}.json").write_text(tables.render(table), encoding="utf-8")
        print(f"{name}: {len(table.get('keys') or table['classes'])} of {table['source']}")


def _folders(names: Sequence[str]) -> Iterator[Path]:
    yield from (_HERE / name for name in names or sorted(path.parent.name for path in _HERE.glob("*/contents.toml")))


def _count(image: Path) -> None:
    print(f"{image.name}: {len(staging.entries_of(image))} files")


def _stage(image: Path, store: Store) -> None:
    for name in staging.record_extras(image):
        print(f"{name}: first use, its checksum is now in {image.name}/{staging.EXTRA}/{staging.SUMS}; commit that file")
    shutil.rmtree(image / staging.CONTENTS, ignore_errors=True)
    staging.stage(image, store, image / staging.CONTENTS)


def _pinned(base: str) -> str:
    found = docker.locked(base)
    if found is None:
        found = docker.lock(base)
        print(f"{base}: first use, its digest is now in images/{bases.LOCK.name}; commit that file")
    return found
