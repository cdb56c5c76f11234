"""Changed pins: versions and checksums of what goes into the images, and of the packages of the Python environment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from images import bases, lock, parts
from images.bases import BaseError
from images.lock import NOT_COPIED, LockError
from pipeline.doctor.environment import pins
from pipeline.review.configuration import Key

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

_LOCKS: Final = "images/*/contents.lock"
# Where requirements files are; a deeper search would find those of installed packages
_REQUIREMENTS: Final = ("requirements*.txt", "*/requirements*.txt", "*/*/requirements*.txt")
# Characters of a checksum that tell two files of one version apart
_DIGITS: Final = 12


class UnreadablePinsError(ValueError):
    """The pins of a checkout cannot be read; the message names the place and what to do."""


def changed(before: Path, after: Path) -> tuple[Key, ...]:
    """Return the changed pins between two checkouts of this project.

    A pin is a line of a lock of an image, of the lock of the bases, or of a requirements file. Each key has the name of the part, and as
    value its version; a checksum stands behind versions that are equal.

    Raises:
        UnreadablePinsError: If the folder of before is no checkout, or a lock cannot be read.
    """
    if not any(before.glob(_LOCKS)):
        message = f"{before} is no checkout of this project: it has no {_LOCKS}; unpack one with `git archive COMMIT | tar -x -C {before}`"
        raise UnreadablePinsError(message)
    try:
        old, new = dict(_pinned(before)), dict(_pinned(after))
    except (BaseError, LockError, OSError) as error:
        raise UnreadablePinsError(error) from error
    places = sorted(old.keys() | new.keys())
    return tuple(
        Key(where, name, *_values(old.get((where, name), set()), new.get((where, name), set())))
        for where, name in places
        if old.get((where, name)) != new.get((where, name))
    )


def _values(old: set[tuple[str, str]], new: set[tuple[str, str]]) -> tuple[str | None, str | None]:
    """Return what two sets of (version, checksum) say beyond what both say."""
    gone, come = old - new, new - old
    same = {version for version, _ in gone} & {version for version, _ in come}
    return _shown(gone, same), _shown(come, same)


def _shown(pinned: Iterable[tuple[str, str]], same: set[str]) -> str | None:
    texts = [f"{version} with SHA-256 {sha256[:_DIGITS]}…" if version in same else version for version, sha256 in sorted(pinned)]
    return ", ".join(texts) or None


def _pinned(root: Path) -> Iterator[tuple[tuple[str, str], set[tuple[str, str]]]]:
    """Yield place and name of every pin of a checkout, with its versions and checksums."""
    found: dict[tuple[str, str], set[tuple[str, str]]] = {}
    for file in sorted(root.glob(_LOCKS)):
        for entry in lock.parse(file.read_text(encoding="utf-8"), str(file.relative_to(root))):
            part = parts.of_entry(entry)
            folder = "build only" if entry.target == NOT_COPIED else entry.target.rpartition("/")[0]
            where = ", ".join(filter(None, (f"image {file.parent.name}", folder)))
            _, mark, variant = part.purl.partition("?")
            found.setdefault((where, part.name + mark + variant), set()).add((part.version, entry.sha256))
    file = root / "images" / bases.LOCK.name
    for reference, digest in bases.parse(file.read_text(encoding="utf-8")).items() if file.exists() else ():
        base = parts.of_base(reference)
        found[("base of images", base.name)] = {(base.version, digest.removeprefix("sha256:"))}
    for file in sorted(file for pattern in _REQUIREMENTS for file in root.glob(pattern)):
        for name, version in pins([file.read_text(encoding="utf-8")]).items():
            found[str(file.relative_to(root)), name] = {(version, "")}
    yield from found.items()
