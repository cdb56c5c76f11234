"""`python -m images lock|fetch|stage [IMAGE...]`: pin, download and lay out what the images contain.

`python -m images keys [--postgres ARCHIVE...]` asks the jars, and the PostgreSQL in an image, which settings they know.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from images import lock, locking, staging, wanted
from images.keydump import postgres, tables
from images.keydump.postgres import PostgresError
from images.keydump.tables import KeysError
from images.lock import LockError
from images.maven import MavenError
from images.pypi import PipError
from images.store import ChecksumError, Store
from images.wanted import WantedError

if TYPE_CHECKING:
    from collections.abc import Sequence

_HERE = Path(__file__).resolve().parent
_STORE = Path.home() / ".cache" / "data-ingestion" / "jars"
_COMMANDS = "lock: pin anew; fetch: download; stage: for `docker build`; keys: list the settings that the contents know"
_POSTGRES = "keys: OCI archives of the PostgreSQL image and of its base (needs root); without them that table stays as it is"


def main() -> int:
    """Run one command; gives the exit code, and prints one sentence for what went wrong."""
    parser = argparse.ArgumentParser(prog="python -m images", description=__doc__)
    parser.add_argument("command", choices=("lock", "fetch", "stage", "keys"), help=_COMMANDS)
    parser.add_argument("image", nargs="*", help="folder below images/ (default: every one that has a lock)")
    parser.add_argument("--store", type=Path, default=_STORE, help="where verified files are kept (default: %(default)s)")
    parser.add_argument("--postgres", type=Path, nargs="+", default=[], metavar="ARCHIVE", help=_POSTGRES)
    arguments = parser.parse_args()
    store = Store(arguments.store)
    try:
        if arguments.command == "keys":
            _write_keys(store, arguments.postgres)
            return 0
        for name in arguments.image or sorted(path.parent.name for path in _HERE.glob("*/contents.toml")):
            _run(arguments.command, _HERE / name, store)
    except (LockError, WantedError, MavenError, PipError, ChecksumError, KeysError, PostgresError) as error:
        print(f"images: {error}", file=sys.stderr)
        return 1
    return 0


def _run(command: str, image: Path, store: Store) -> None:
    if command == "lock":
        source = image / "contents.toml"
        text = lock.render(locking.pin(wanted.parse(source.read_text(encoding="utf-8"), str(source)), store))
        lock.parse(text, str(source))
        (image / "contents.lock").write_text(text, encoding="utf-8")
    elif command == "fetch":
        store.fetch(staging.entries_of(image))
    else:
        shutil.rmtree(image / staging.CONTENTS, ignore_errors=True)
        staging.stage(image, store, image / staging.CONTENTS)
    print(f"{image.name}: {len(staging.entries_of(image))} files")


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
