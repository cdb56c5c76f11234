"""The command that checks whether ``up`` of a stack would succeed here, with cures."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from pipeline.checks import report
from pipeline.checks.neutral import complain
from pipeline.checks.running import findings
from pipeline.checks.terminal import show
from pipeline.doctor.stack import checks
from pipeline.doctor.stack_settings import Stack
from pipeline.recording.recorder import ROOT
from pipeline.recording.stackfile import StackFileError, UnknownStackError, stack_config
from stack.judgement.stack import SettingsError, specify_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from pipeline.checks.check import Check

FINE, WRONG, USAGE = 0, 1, 2


def doctor(name: str, machine: Callable[[], list[Check[Any]]] = list, *, as_json: bool = False) -> int:
    """Check everything that ``up`` of a stack needs, and print the findings as they arrive.

    Args:
        name: Name of the stack.
        machine: Returns the checks of the machine on which ``make sandbox`` makes the stack.
        as_json: True to print JSON at the end instead.
    """
    _load_what_sets_warning_filters()
    try:
        stack = Stack(name, specify_text(stack_config(ROOT, name).values), ROOT)
    except (SettingsError, StackFileError) as error:
        complain(f"error: {error}")
        return USAGE if isinstance(error, UnknownStackError) else WRONG
    listed, lines = checks(stack, machine), list[report.Line]()

    def arriving() -> Iterator[report.Line]:
        for check, finding in findings(listed):
            lines.append(report.Line(check.group, check.name, finding))
            yield lines[-1]

    for paragraph in report.paragraphs(arriving(), max(len(check.name) for check in listed)):
        if not as_json:
            show(paragraph)
    if as_json:
        print(report.as_json(stack.name, lines))
    else:
        show(report.verdict(stack.name, lines))
    return WRONG if report.failures(lines) else FINE


def _load_what_sets_warning_filters() -> None:
    """Load requests before the probes start in threads.

    It silences a warning of urllib3 while it loads. The filters of Python's warnings are one list for all threads, so a
    library that another probe loads at the same time can put the old list back, and the warning reaches the terminal.
    """
    # missing packages are a finding of their own
    with contextlib.suppress(ImportError):
        import requests  # noqa: F401, PLC0415
