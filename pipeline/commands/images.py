"""Commands for the container images."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from images.references import HOST, LAPTOP, REFERENCES
from pipeline.commands.teaching import Group

if TYPE_CHECKING:
    from collections.abc import Callable

_F = TypeVar("_F", bound="Callable[..., Any]")

_CODES = {0: "done", 1: "a file, a checksum, a tool or a build is not as it has to be; the reason is on standard error"}


def _names(default: str) -> Callable[[_F], _F]:
    return click.argument(
        "names", nargs=-1, metavar="[IMAGE]...", type=click.Choice(list(REFERENCES)), help=f"Folders below images/.  [default: {default}]"
    )


_locked = _names("every one that has a lock")
_store = click.option(
    "--store",
    type=click.Path(path_type=Path),
    default=Path.home() / ".cache" / "data-ingestion" / "jars",
    show_default=False,
    metavar="FOLDER",
    help="Where verified files are kept.  [default: ~/.cache/data-ingestion/jars]",
)


@click.group(cls=Group, examples=["python -m pipeline images build", "python -m pipeline images lock connect"])
def images() -> None:
    """Build the container images, from verified files.

    Pin, download and lay out what they contain, and build them with Docker.
    """


@images.command(examples=["python -m pipeline images lock", "python -m pipeline images lock connect"], exit_codes=_CODES)
@_locked
@_store
def lock(names: tuple[str, ...], store: Path) -> int:
    """Pin image contents again, from images/<image>/contents.toml."""
    from pipeline.images import commands  # noqa: PLC0415 - each command loads only what it needs

    return commands.lock(names, store)


@images.command(examples=["python -m pipeline images fetch kafka"], exit_codes=_CODES)
@_locked
@_store
def fetch(names: tuple[str, ...], store: Path) -> int:
    """Download what the locks name, and verify it."""
    from pipeline.images import commands  # noqa: PLC0415 - as above

    return commands.fetch(names, store)


@images.command(examples=["python -m pipeline images stage", "python -m pipeline images stage connect"], exit_codes=_CODES)
@_locked
@_store
def stage(names: tuple[str, ...], store: Path) -> int:
    """Lay out what a build copies, in images/<image>/contents."""
    from pipeline.images import commands  # noqa: PLC0415 - as above

    return commands.stage(names, store)


@images.command(
    examples=["python -m pipeline images build", "python -m pipeline images build connect --base connect=debian:13-slim"], exit_codes=_CODES
)
@_names(" ".join(LAPTOP))
@_store
@click.option(
    "--base",
    "overrides",
    multiple=True,
    metavar="IMAGE=REFERENCE",
    help="Another base than the usual one, taken as it is; may be repeated.",
)
def build(names: tuple[str, ...], store: Path, overrides: tuple[str, ...]) -> int:
    """Stage images and build them with 'docker build'."""
    from pipeline.images import commands  # noqa: PLC0415 - as above

    return commands.build(names, store, overrides)


@images.command(
    examples=[
        "python -m pipeline images sbom",
        "python -m pipeline images sbom connect --into bills",
        "docker save eclipse-temurin:21-jre-noble > base.tar; python -m pipeline images sbom kafka connect --base base.tar",
    ],
    exit_codes=_CODES,
)
@click.argument(
    "names",
    nargs=-1,
    metavar="[IMAGE]...",
    type=click.Choice([*REFERENCES, HOST]),
    help=f"Folders below images/, and '{HOST}' for this machine's Python environment.  [default: all]",
)
@_store
@click.option(
    "--into",
    type=click.Path(path_type=Path),
    default=Path("sbom"),
    metavar="FOLDER",
    help="Where the bills are written, a file for each image.",
)
@click.option(
    "--base",
    type=click.Path(path_type=Path),
    metavar="ARCHIVE",
    help="OCI archive of the base of these images, whose Debian packages are listed too; without it a base is named only.",
)
def sbom(names: tuple[str, ...], store: Path, into: Path, base: Path | None) -> int:
    """List the parts of images, as CycloneDX' bill of materials.

    Jars, also those inside of archives and other jars, wheels and base, by package URL, SHA-256 and the licence that they name. Of the same
    pins come the same bytes.
    """
    from pipeline.images import commands  # noqa: PLC0415 - as above

    return commands.bills(names, store, into, base)


@images.command(
    examples=[
        "python -m pipeline images keys",
        "python -m pipeline images keys --postgres postgres.tar --postgres base.tar     # as root",
    ],
    exit_codes=_CODES,
)
@_store
@click.option(
    "--postgres",
    "archives",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="ARCHIVE",
    help="OCI archive of the PostgreSQL image, then that of its base (needs root); without them that table stays as it is.",
)
def keys(store: Path, archives: tuple[Path, ...]) -> int:
    """Ask the jars and PostgreSQL which settings they know.

    The tables go to stack/configs/tables/, where the program's rules read them.
    """
    from pipeline.images import commands  # noqa: PLC0415 - as above

    return commands.keys(store, archives)
