"""Page of a look in Chromium: it takes the page's own style and loads nothing; and the picture in the documents is of this page.

``make browser-test`` runs these, and with ``PICTURE=docs/status.png`` writes the picture anew.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from typing import TYPE_CHECKING, Final

import pytest

from pipeline.recording.recorder import ROOT
from pipeline.status.page import page
from tests.status.pictured import VIEW
from tests.status.png import DIGEST, colours, labelled, labels
from tests.status.snapshots import HEALTHY, seen

if TYPE_CHECKING:
    from pathlib import Path

PICTURE: Final = ROOT / "docs" / "status.png"
_SIZE: Final = (1180, 946)
_PROGRAMS: Final = ("chromium-headless-shell", "chromium", "google-chrome")
_LARGEST: Final = 200_000
# Background of the page in light and dark
_LIGHT, _DARK = (0xF6, 0xF7, 0xF9), (0x12, 0x16, 0x1C)


def shot(tmp_path: Path, text: str, *further: str) -> tuple[bytes, str]:
    """Return a picture of a page, and what Chromium has said meanwhile."""
    program = next((found for found in map(shutil.which, _PROGRAMS) if found), None)
    assert program, f"none of {', '.join(_PROGRAMS)} is on PATH: apt-get install chromium-headless-shell fonts-dejavu-core"
    file, picture = tmp_path / "status.html", tmp_path / "status.png"
    file.write_text(text, encoding="utf-8")
    # its sandbox needs another user than root, and the page is our own
    line = [program, "--headless", "--no-sandbox", "--hide-scrollbars", "--enable-logging=stderr", f"--window-size={_SIZE[0]},{_SIZE[1]}"]
    done = subprocess.run(
        [*line, f"--user-data-dir={tmp_path / 'profile'}", *further, f"--screenshot={picture}", file.as_uri()],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    return picture.read_bytes(), done.stderr


@pytest.mark.browser
@pytest.mark.parametrize(("scheme", "background"), [("1", _LIGHT), ("0", _DARK)], ids=["light", "dark"])
def test_a_browser_takes_the_style_in_the_colours_of_its_reader(tmp_path: Path, scheme: str, background: tuple[int, int, int]) -> None:
    """A policy that did not know the style would leave the page without it."""
    picture, said = shot(tmp_path, page(seen(HEALTHY)), f"--blink-settings=preferredColorScheme={scheme}")
    assert colours(picture)[0] == background
    assert "Content Security Policy" not in said


@pytest.mark.browser
def test_a_style_of_somebody_else_is_refused(tmp_path: Path) -> None:
    foreign = page(seen(HEALTHY)).replace("--back: #f6f7f9", "--back: #ff0000")
    picture, said = shot(tmp_path, foreign)
    assert "Content Security Policy" in said
    assert colours(picture)[0] == (255, 255, 255)


@pytest.mark.browser
def test_the_picture_fits_into_the_documents(tmp_path: Path) -> None:
    made, _ = shot(tmp_path, page(VIEW))
    picture = labelled(made, page(VIEW))
    assert len(picture) < _LARGEST
    assert labels(picture)[DIGEST] == labels(labelled(made, page(VIEW)))[DIGEST]
    if os.environ.get("PICTURE"):
        PICTURE.write_bytes(picture)


def test_the_picture_in_the_documents_is_of_this_page() -> None:
    """After a change of the page: ``make browser-test PICTURE=docs/status.png``."""
    stored = PICTURE.read_bytes()
    assert len(stored) < _LARGEST
    assert labels(stored)[DIGEST] == labels(labelled(stored, page(VIEW)))[DIGEST]
    assert re.search(r"\(status\.png\)|\(docs/status\.png\)", (ROOT / "docs" / "operations.md").read_text(encoding="utf-8"))
