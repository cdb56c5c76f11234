"""Forms in which a look is shown: lines on a screen, JSON, the picture of the stack with figures, or a page in a file."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.checks.neutral import neutral
from pipeline.status.page import page

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipeline.status.view import View


class UnwrittenPageError(Exception):
    """The page cannot be written; the message names the file and the reason."""


def json_line(view: View) -> str:
    """Return a look as one line of JSON."""
    return neutral(json.dumps(view.as_json()))


def pictures(stack: str) -> Callable[[View], str]:
    """Return a function that draws a look into the picture of a stack, as Mermaid; the stack is recorded once.

    Args:
        stack: Name of a stack file.
    """
    # what only this form needs loads Pulumi
    from pipeline.description.diagram import picture  # noqa: PLC0415
    from pipeline.recording import record  # noqa: PLC0415
    from pipeline.status.diagram import captions  # noqa: PLC0415

    recording = record(stack, preview=False)
    return lambda view: picture(recording, captions(view))


def write(view: View, path: Path, refresh_s: float | None) -> None:
    """Write the page of a look; a browser that reads meanwhile gets the old page or the new one, never a part.

    Args:
        view: The look.
        path: The file.
        refresh_s: Seconds after which a browser reads the file again; None if no look follows.

    Raises:
        UnwrittenPageError: If the file cannot be written.
    """
    written: str | None = None
    try:
        with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
            written = file.name
            file.write(page(view, refresh_s))
        # as a new file would be, and not for its owner only
        Path(written).chmod(0o666 & ~_umask())
        Path(written).replace(path)
    except OSError as error:
        if written is not None:
            with contextlib.suppress(OSError):
                Path(written).unlink()
        message = f"{path} cannot be written: {error.strerror}"
        raise UnwrittenPageError(message) from error


def _umask() -> int:
    """Return the process's mask of permissions, which can only be read by setting it."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
