"""Commands that print a preview as one comment for a pull request, and find an earlier comment."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.checks.neutral import complain
from pipeline.checks.terminal import show
from pipeline.review.digest import DRIFT, PREVIEW
from pipeline.review.digest import digest as digested
from pipeline.review.findings import Findings
from pipeline.review.markdown import GITHUB_LIMIT, LeadTooLongError, markdown
from pipeline.review.pins import UnreadablePinsError, changed
from pipeline.review.plain import plain
from pipeline.review.preview import UnreadablePreviewError
from pipeline.review.published import UnreadablePagesError
from pipeline.review.published import published as found_before
from pipeline.review.reading import read

if TYPE_CHECKING:
    from typing import Literal

_CHECKOUT = Path(__file__).resolve().parents[2]
UNREADABLE = 1
LOSES_DATA = 3


def digest(
    preview: str | None,
    *,
    form: Literal["markdown", "text"] = "markdown",
    limit: int = GITHUB_LIMIT,
    stack: str | None = None,
    before: Path | None = None,
    drift: bool = False,
    fail_on_data_loss: bool = False,
) -> int:
    """Print a preview as a comment.

    Args:
        preview: File with the output of the CLI, or None for standard input.
        form: Markdown for a comment, or text for a terminal.
        limit: Limit of the Markdown, in characters.
        stack: Project and stack, for a preview without resources.
        before: Checkout before the change, of which changed pins are listed; None to list none.
        drift: True for the output of a refresh: changes from outside the program.
        fail_on_data_loss: True to return a separate exit code for data loss.
    """
    try:
        findings = Findings.of(read(Path(preview).read_text(encoding="utf-8") if preview else sys.stdin.read()))
        name = stack or findings.preview.stack
        if name is None:
            complain("this preview has no resources, so its stack is unknown: pass --stack PROJECT/STACK")
            return UNREADABLE
        pins = changed(before, _CHECKOUT) if before else ()
        document = digested(findings, name, DRIFT if drift else PREVIEW, pins)
        if form == "text":
            show(plain(document))
        else:
            print(markdown(document, limit), end="")
    except OSError as error:
        complain(f"the preview {preview or 'on standard input'} cannot be read: {error.strerror}")
        return UNREADABLE
    except (UnreadablePreviewError, LeadTooLongError, UnreadablePinsError, UnicodeDecodeError) as error:
        complain(error)
        return UNREADABLE
    return LOSES_DATA if fail_on_data_loss and findings.loses_data else 0


def published(marker: str, author: str, key: Literal["id", "number"]) -> int:
    """Print the number of an earlier comment or issue, or nothing.

    Args:
        marker: First line of the comment or issue.
        author: Login of the publisher.
        key: Id of a comment, or number of an issue.
    """
    try:
        item = found_before(sys.stdin.read(), marker, author)
    except UnreadablePagesError as error:
        complain(error)
        return UNREADABLE
    if item is not None:
        print(item[key])
    return 0
