"""The sandbox's container images: built from images/ when their inputs have changed, kept as OCI archives in the cache.

All are built upon one base, which has an archive of its own; the others hold only what they add to it.
"""

from __future__ import annotations

import hashlib
import shutil
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from images import references, staging
from images.store import Store
from sandbox import base_image, mounts, oci
from sandbox.buildah import Buildah
from sandbox.paths import CACHE, CHECKOUT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline.checks.progress import Progress, Step

REFERENCES: Final = {name: reference for name, reference in references.REFERENCES.items() if name != "registry-confluent"}
"""Folder below images/ to the name that pods use, for what the sandbox runs: no package registry has Confluent's."""

_FOLDER: Final = CACHE / "images"
_SCRATCH: Final = CACHE / "images" / "scratch"
_SOURCES: Final = CHECKOUT / "images"
# What a build makes of its inputs; raise it when this module or buildah.py starts to make something else of the same inputs.
_RECIPE: Final = "2"


def prerequisites() -> list[str]:
    """Debian packages that building needs; Java and Maven only where the machine has none of its own."""
    packages = ["mmdebstrap", "buildah", "debian-archive-keyring", "ca-certificates"]
    if shutil.which("mvn") is None:
        packages += ["maven"]
    # the compiler too: what lists the keys of the jars is Java source (images/keydump)
    if shutil.which("javac") is None:
        packages += ["default-jdk-headless"]
    return packages


def build(progress: Progress) -> dict[str, Path]:
    """Give an OCI archive for each image reference, building what is missing; they are to be imported in this order.

    An archive appears under its final name only when it is complete, so an interrupted build is simply done again.
    Raises BaseImageError, BuildError, or one of images' own errors, each with the last words of the tool.
    """
    wanted, base = _archives(), _base_archive()
    if not _complete(wanted):
        _FOLDER.mkdir(parents=True, exist_ok=True)
        missing = [name for name, archive in wanted.items() if not (base.exists() and archive.exists())]
        with _scratch():
            _build(missing, wanted, progress)
        for archive in set(_FOLDER.glob("*.tar")) - {base, *wanted.values()}:
            archive.unlink()
    return {_base_reference(): base} | {REFERENCES[name]: archive for name, archive in wanted.items()}


def built() -> bool:
    """Tell whether the cache has every archive."""
    return _complete(_archives())


def _complete(archives: dict[str, Path]) -> bool:
    return all(archive.exists() for archive in (_base_archive(), *archives.values()))


def _archives() -> dict[str, Path]:
    return {name: _FOLDER / f"{name}-{_key(_SOURCES / name)}.tar" for name in REFERENCES}


def _base_reference() -> str:
    return f"localhost/data-ingestion/base:{base_image.key()}"


def _base_archive() -> Path:
    return _FOLDER / f"base-{base_image.key()}.tar"


@contextmanager
def _scratch() -> Iterator[None]:
    """Give an empty scratch folder and leave none; what an interrupted build left goes first, its mounts before its files."""
    mounts.release(_SCRATCH)
    shutil.rmtree(_SCRATCH, ignore_errors=True)
    _SCRATCH.mkdir(exist_ok=True)
    try:
        yield
    finally:
        mounts.release(_SCRATCH)
        shutil.rmtree(_SCRATCH, ignore_errors=True)


def _build(names: list[str], wanted: dict[str, Path], progress: Progress) -> None:
    store, buildah = Store(CACHE / "jars"), Buildah(CACHE / "buildah")
    shutil.rmtree(store.scratch())
    with ThreadPoolExecutor(2) as pool:
        fetched = pool.submit(_fetch, names, store, progress)
        if not _base_archive().exists():
            _make_base(wanted, progress)
        fetched.result()
    with progress.step("Building the images") as step, ThreadPoolExecutor(2) as pool:
        step.waiting("the base")
        buildah.forget_interrupted()
        buildah.take(_base_archive(), _base_reference())
        list(pool.map(lambda name: _build_one(name, buildah, store, wanted[name], step), names))
        buildah.prune({_base_reference(), *REFERENCES.values()})


def _fetch(names: list[str], store: Store, progress: Progress) -> None:
    with progress.step("Fetching jars and wheels") as step:
        entries = [entry for name in names for entry in staging.entries_of(_SOURCES / name)]
        step.waiting(f"{len(store.missing(entries))} of {len(entries)} files")
        store.fetch(entries)


def _make_base(wanted: dict[str, Path], progress: Progress) -> None:
    with progress.step("Making the image base") as step, TemporaryDirectory(dir=_SCRATCH) as name:
        step.waiting(f"mmdebstrap: {', '.join(base_image.PACKAGES)}")
        root, packed = Path(name) / "root.tar", Path(name) / "packed.tar"
        base_image.make(root)
        step.waiting("its archive")
        oci.pack_root(root, base_image.architecture(), _base_reference(), packed)
        for built_upon_another in wanted.values():
            built_upon_another.unlink(missing_ok=True)
        packed.replace(_base_archive())


def _build_one(name: str, buildah: Buildah, store: Store, archive: Path, step: Step) -> None:
    reference = REFERENCES[name]
    with TemporaryDirectory(dir=_SCRATCH) as scratch:
        context, exported, packed = (Path(scratch) / part for part in ("context", "exported", "packed.tar"))
        step.waiting(name)
        shutil.copytree(_SOURCES / name, context, ignore=shutil.ignore_patterns(staging.CONTENTS))
        (context / staging.CONTENTS).mkdir()
        staging.stage(_SOURCES / name, store, context / staging.CONTENTS)
        buildah.build(context, _base_reference(), reference)
        buildah.export(reference, exported)
        oci.pack(exported, reference, packed, _base_archive())
        packed.replace(archive)


def _key(folder: Path) -> str:
    digest = hashlib.sha256(f"{_RECIPE} {base_image.key()} {REFERENCES[folder.name]}".encode())
    for file in _inputs(folder):
        digest.update(f"\n{file.relative_to(folder)} ".encode())
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    for own in staging.program_files(folder):
        digest.update(f"\n{own} ".encode())
        digest.update(hashlib.sha256((CHECKOUT / own).read_bytes()).digest())
    return digest.hexdigest()[:16]


def _inputs(folder: Path) -> Iterator[Path]:
    for file in sorted(folder.rglob("*")):
        if file.is_file() and staging.CONTENTS not in file.relative_to(folder).parts:
            yield file
