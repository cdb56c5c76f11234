"""Command that writes a stack's dashboards into a folder."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pipeline.checks.folder import UnwrittenFilesError, write
from pipeline.checks.neutral import complain
from pipeline.dashboards.files import files
from pipeline.dashboards.stack import Stack
from pipeline.recording.recorder import ROOT
from pipeline.recording.stackfile import StackFileError, UnknownStackError, stack_config
from stack.judgement.stack import SettingsError, parse_text
from stack.specification.stack import Specification

if TYPE_CHECKING:
    from pathlib import Path

FINE: Final = 0
WRONG: Final = 1
USAGE: Final = 2


def dashboards(stack: str, out: Path) -> int:
    """Write the dashboards of a stack.

    Args:
        stack: Name of a stack file.
        out: Folder for the files; it is created if it does not exist.

    Returns:
        0 if they are written, 1 if the settings are refused or a file cannot be written, 2 without such a stack.
    """
    try:
        settings = parse_text(stack_config(ROOT, stack).values)
    except (SettingsError, StackFileError) as error:
        complain(f"error: {error}")
        return USAGE if isinstance(error, UnknownStackError) else WRONG
    made = files(Stack(stack, Specification.of(settings)))
    try:
        write(made, out)
    except UnwrittenFilesError as error:
        complain(f"error: {error}")
        return WRONG
    if not settings.monitoring.enabled:
        complain(
            f"warning: monitoring.enabled is false in the stack {stack}, so that nothing gives these figures; set it to true, "
            "or the panels stay empty"
        )
    print(f"wrote {len(made)} file(s) to {out}")
    return FINE
