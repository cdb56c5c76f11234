"""The command that tells what statements do before they are run."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from pipeline.checks.neutral import complain
from pipeline.checks.terminal import show
from pipeline.ddl.judge import exit_code, judge
from pipeline.ddl.parsing import BadTextError
from pipeline.ddl.report import lines, values
from pipeline.ddl.stack import Stack
from pipeline.recording.recorder import ROOT
from pipeline.recording.stackfile import StackFileError, stack_config
from stack.judgement.stack import SettingsError, parse_text

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.ddl.compatibility import Level

NOT_JUDGED: Final = 2
"""Exit code for what cannot be judged, and for a text or a stack that cannot be read."""


def ddl(stack: str, text: str | None, file: Path | None, *, level: Level | None = None, as_json: bool = False) -> int:
    """Print what the statements of a text do to a stack.

    Args:
        stack: Name of the stack.
        text: The statements; None to read them from the file.
        file: File with the statements; None where they are given.
        level: Level of the schema registry; by default the one that the program sets.
        as_json: Whether the report is JSON.

    Returns:
        0 when all follow by themselves, 1 when steps are needed or something stops, 2 when one cannot be judged.
    """
    try:
        known = Stack.of(stack, parse_text(stack_config(ROOT, stack).values), level)
        judged = judge(known, _given(text, file))
    except (SettingsError, StackFileError, BadTextError) as error:
        complain(f"error: {error}")
        return NOT_JUDGED
    if known.assumed:
        complain(f"warning: {known.assumed}")
    if as_json:
        print(json.dumps(values(known, judged), indent=2))
    else:
        show(*lines(known, judged))
    return exit_code(judged)


def _given(text: str | None, file: Path | None) -> str:
    """Return the text that is given or in a file.

    Raises:
        BadTextError: If neither or both are given, or the file cannot be read.
    """
    if (text is None) == (file is None):
        message = "write either the statements or --file, and one of them"
        raise BadTextError(message)
    if file is None:
        return text or ""
    try:
        return file.read_text(encoding="utf-8-sig")
    except OSError as error:
        message = f"{file} cannot be read: {error.strerror}"
        raise BadTextError(message) from None
    except UnicodeDecodeError:
        message = f"{file} is no UTF-8; convert it"
        raise BadTextError(message) from None
