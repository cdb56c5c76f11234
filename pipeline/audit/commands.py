"""The scheduled audit, as its pod runs it: the report on standard output, its counts for the pod's status, and an exit code."""

from __future__ import annotations

import json
import traceback
from typing import TYPE_CHECKING, Final

from pipeline.audit.auditing import run
from pipeline.audit.told import told
from pipeline.description.document import UnreadableDocumentError
from pipeline.description.stack import UnansweredError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pipeline.audit.report import Report

NOT_UNDERSTOOD: Final = 2
UNDECIDED: Final = 3
# Kubernetes keeps so much of a message.
_MOST: Final = 4096


def scheduled(document: Path, secrets: Path, message: Path) -> int:
    """Audit the stack of a document and print the report as JSON: keys of rows are in it, other values never.

    Args:
        document: The document.
        secrets: Folder with the logins.
        message: File for the pod's termination message.

    Returns:
        0 if all is accounted for, 1 after faults, 2 for a document of another version, and 3 where it could not be decided.
    """
    try:
        known = told(document.read_text(encoding="utf-8"), secrets)
        report = run(known.stack, (), known.options)
    except UnreadableDocumentError as error:
        return _ended(message, str(error), NOT_UNDERSTOOD)
    except UnansweredError as error:
        return _ended(message, str(error), UNDECIDED)
    except Exception as error:  # noqa: BLE001 - Python's own exit code would say that rows are wrong
        # where it happened; the text of an error may quote a row
        print("".join(traceback.format_tb(error.__traceback__)))
        return _ended(message, f"the audit ended by an error of its own: {type(error).__name__}", UNDECIDED)
    print(json.dumps(report.as_json(), indent=2))
    _write(message, "\n".join(_counts(report)))
    return report.verdict.exit_code


def _counts(report: Report) -> Iterator[str]:
    """Yield the verdict and what was found in each table, without the keys of rows: many more people may read a pod's status."""
    compared = ", ".join(report.parts) or "nothing"
    yield f"{report.stack}: {report.verdict} ({compared} compared; began {report.began}, took {report.seconds:.0f} s)"
    for table in report.tables:
        found = ", ".join(f"{number} {kind}" for kind, number in table.found.items()) or "nothing found"
        yield f"{table.name}: {found}{' and undecided' if table.undecided else ''}"


def _ended(message: Path, text: str, code: int) -> int:
    print(json.dumps({"verdict": "undecided", "undecided": [text]}, indent=2))
    _write(message, f"undecided: {text}")
    return code


def _write(message: Path, text: str) -> None:
    try:
        message.write_bytes(text.encode()[:_MOST])
    except OSError:
        print("the termination message cannot be written")
