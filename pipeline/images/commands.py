"""Commands that pin, download, stage and list the images' contents, and build the images with Docker.

Each command returns an exit code, and prints one sentence for an error.
"""

from __future__ import annotations

import functools
import shutil
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, ParamSpec

from images import bases, contained, docker, installed, locking, parts, sbom, staging, wanted
from images import lock as lockfile
from images.bases import BaseError
from images.docker import ForeignError
from images.keydump import postgres, tables
from images.keydump.postgres import PostgresError
from images.keydump.tables import KeysError
from images.layers import ArchiveError
from images.lock import LockError
from images.maven import MavenError
from images.program import ProgramError
from images.pypi import PipError
from images.references import HOST, LAPTOP, REFERENCES
from images.sbom import Subject
from images.store import ChecksumError, Store, sha256
from images.tool import ToolError
from images.wanted import WantedError
from pipeline.checks import folder
from pipeline.checks.folder import UnwrittenFilesError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from images.parts import Part

_FAILURES = (
    ArchiveError,
    BaseError,
    ChecksumError,
    ForeignError,
    KeysError,
    LockError,
    MavenError,
    PipError,
    PostgresError,
    ProgramError,
    ToolError,
    UnwrittenFilesError,
    WantedError,
)
_HERE = Path(__file__).resolve().parents[2] / "images"
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
    """Pin the contents of each image again.

    Args:
        names: Folders below images/; empty for every one with a contents.toml.
        store: Folder of the verified files.
    """
    for image in _folders(names):
        source = image / "contents.toml"
        text = lockfile.render(locking.pin(wanted.parse(source.read_text(encoding="utf-8"), str(source)), Store(store)))
        lockfile.parse(text, str(source))
        (image / "contents.lock").write_text(text, encoding="utf-8")
        _count(image)


@_with_exit_code
def fetch(names: Sequence[str], store: Path) -> None:
    """Download and verify the contents of each image; arguments as for ``lock``."""
    for image in _folders(names):
        Store(store).fetch(staging.entries_of(image))
        _count(image)


@_with_exit_code
def stage(names: Sequence[str], store: Path) -> None:
    """Stage the files that a build of each image copies; arguments as for ``lock``."""
    for image in _folders(names):
        _stage(image, Store(store))
        _count(image)


@_with_exit_code
def build(names: Sequence[str], store: Path, overrides: Sequence[str]) -> None:
    """Stage images and build them with Docker.

    Args:
        names: Folders below images/; empty for the images that the stack ``dev`` runs.
        store: Folder of the verified files.
        overrides: Bases that override the defaults, each as IMAGE=REFERENCE.
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
    """Extract the known settings from the jars, and from the PostgreSQL in an image.

    Args:
        store: Folder of the verified files.
        archives: OCI archives of the PostgreSQL image and of its base; without them that table stays unchanged.
    """
    verified = Store(store)
    generated = tables.generate(_HERE, verified)
    if archives:
        with TemporaryDirectory(dir=verified.scratch()) as scratch:
            generated["postgresql"] = postgres.dump(archives, Path(scratch))
    for name, table in generated.items():
        (tables.FOLDER / f"{name}.json").write_text(tables.render(table), encoding="utf-8")
        print(f"{name}: {len(table.get('keys') or table['classes'])} of {table['source']}")


@_with_exit_code
def bills(names: Sequence[str], store: Path, into: Path, base: Path | None) -> None:
    """Write a bill of materials for each image, and for the Python environment of this machine.

    Args:
        names: Folders below images/, and HOST for the Python environment; empty for all.
        store: Folder of the verified files; missing ones are fetched.
        into: Folder for the bills; created if missing.
        base: OCI archive of the images' base; without it the base is named by its reference only.
    """
    for name in names or (*REFERENCES, HOST):
        if name == HOST:
            subject = Subject(name="data-ingestion", version="", kind="application", phase="discovery")
            bill = sbom.document(subject, installed.parts())
        else:
            reference, _, tag = REFERENCES[name].rpartition(":")
            subject = Subject(name=reference, version=tag, kind="container", phase="pre-build")
            bill = sbom.document(subject, _parts(_HERE / name, Store(store)), _base(name, base), staging.written_here(_HERE / name))
        folder.write({f"{name}{sbom.SUFFIX}": sbom.render(bill)}, into)
        print(f"{name}: {sbom.count(bill)} components, {sbom.count(bill, licensed=True)} of them with a licence")


def _parts(image: Path, store: Store) -> list[Part]:
    """Return the parts of an image with what they have inside."""
    entries = [entry for entry in staging.entries_of(image) if entry.target != lockfile.NOT_COPIED]
    store.fetch(staging.entries_of(image))
    found = [(parts.of_entry(entry), store.path(entry)) for entry in entries]
    found += [(parts.of_extra(archive.name, sha256(archive)), archive) for archive in staging.extras(image)]
    seen = []
    for part, file in found:
        with file.open("rb") as stream:
            seen.append(contained.seen(part, stream))
    return seen


def _base(name: str, archive: Path | None) -> Part:
    base = bases.BASES[name]
    return contained.packages(archive) if archive else parts.of_base(docker.locked(base) or base)


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
    pinned = docker.locked(base)
    if pinned is None:
        pinned = docker.lock(base)
        print(f"{base}: first use, its digest is now in images/{bases.LOCK.name}; commit that file")
    return pinned
