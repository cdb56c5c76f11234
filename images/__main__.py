"""`python -m images lock|fetch|stage [IMAGE...]`: pin, download and lay out what the images contain."""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path

from images import lock, locking, staging, wanted
from images.lock import LockError
from images.maven import MavenError
from images.pypi import PipError
from images.store import ChecksumError, Store
from images.wanted import WantedError

_HERE = Path(__file__).resolve().parent
_STORE = Path.home() / ".cache" / "data-ingestion" / "jars"


def main() -> int:
    """Run one command; gives the exit code, and prints one sentence for what went wrong."""
    parser = argparse.ArgumentParser(prog="python -m images", description=__doc__)
    parser.add_argument("command", choices=("lock", "fetch", "stage"), help="lock: pin anew; fetch: download; stage: for `docker build`")
    parser.add_argument("image", nargs="*", help="folder below images/ (default: every one that has a lock)")
    parser.add_argument("--store", type=Path, default=_STORE, help="where verified files are kept (default: %(default)s)")
    arguments = parser.parse_args()
    store = Store(arguments.store)
    try:
        for name in arguments.image or sorted(path.parent.name for path in _HERE.glob("*/contents.toml")):
            _run(arguments.command, _HERE / name, store)
    except (LockError, WantedError, MavenError, PipError, ChecksumError) as error:
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


if __name__ == "__main__":
    sys.exit(main())
