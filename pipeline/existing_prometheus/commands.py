"""Command that writes the files for an existing Prometheus and its Alertmanager into a folder."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pipeline.checks.folder import UnwrittenFilesError, write
from pipeline.checks.neutral import complain
from pipeline.recording.recorder import ROOT
from pipeline.recording.stackfile import StackFileError, UnknownStackError, stack_config
from stack.judgement.stack import SettingsError, parse_text
from stack.specification.monitoring.existing import RULES, files
from stack.specification.stack import Specification

if TYPE_CHECKING:
    from pathlib import Path

FINE: Final = 0
WRONG: Final = 1
USAGE: Final = 2


def monitoring(stack: str, out: Path) -> int:
    """Write the files of a stack.

    Args:
        stack: Name of a stack file.
        out: Folder for the files; it is created if it does not exist.

    Returns:
        0 if they are written, 1 if the settings are refused or a file cannot be written, 2 without such a stack or an existing Prometheus.
    """
    try:
        settings = parse_text(stack_config(ROOT, stack).values)
    except (SettingsError, StackFileError) as error:
        complain(f"error: {error}")
        return USAGE if isinstance(error, UnknownStackError) else WRONG
    if not settings.monitoring.enabled or settings.monitoring.is_managed:
        complain(
            f"error: data-ingestion:monitoring.kind: the stack {stack} has no existing Prometheus that needs files; set "
            "monitoring.enabled to true, monitoring.kind to files, and monitoring.external.namespace (docs/monitoring.md)"
        )
        return USAGE
    made = files(settings, Specification.of(settings).workloads)
    try:
        write(made, out)
    except UnwrittenFilesError as error:
        complain(f"error: {error}")
        return WRONG
    for name in sorted({f"{RULES}/{path.name}" for path in (out / RULES).glob("*.yml")} - set(made)):
        complain(f"warning: {out / name} is not of this stack as it is now; remove it, or its rules fire for ever")
    print(f"wrote {len(made)} file(s) to {out}")
    return FINE
