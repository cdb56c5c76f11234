"""`python -m review`: a preview as one comment for a pull request, and that comment found again."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from plan.report import Paint
from review.digest import DRIFT, PREVIEW, digest
from review.findings import Findings
from review.markdown import GITHUB_LIMIT, LeadTooLongError, markdown
from review.plain import plain
from review.preview import UnreadablePreviewError
from review.published import UnreadablePagesError, published
from review.reading import read

UNREADABLE = 1
LOSES_DATA = 3

_DESCRIPTION = """\
Turn the output of 'pulumi preview --json' into one comment that leads with what a reviewer looks for: what data is lost, the memory before
and after, what the policies say, changed connector keys, topics and settings; then, folded, every other change. Secrets are left out:
those that Pulumi masks, and whatever else goes by the name of a credential."""
_EPILOG = """\
examples:
  export PULUMI_ENABLE_STREAMING_JSON_PREVIEW=1     # without it the output has no policy results, and only with --show-sames the memory
  pulumi preview --stack dev --json --policy-pack policy > preview.json
  python -m review digest preview.json > comment.md
  python -m review digest --format text preview.json
  pulumi refresh --stack dev --preview-only --json | python -m review digest --drift

exit codes:
  0  the comment is written, whatever it says
  1  the input is no preview, or the comment cannot be made as short as --limit; the reason is on standard error
  2  wrong usage
  3  the comment is written, --fail-on-data-loss is given, and something would be lost"""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m review", description="Help for the review of a change.")
    commands = parser.add_subparsers(dest="command", required=True)
    made = commands.add_parser(
        "digest",
        help="a preview as one comment",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument("preview", nargs="?", metavar="FILE", help="output of pulumi preview --json (default: standard input)")
    made.add_argument("--format", choices=("markdown", "text"), default="markdown", help="for a comment, or for a terminal")
    made.add_argument(
        "--limit",
        type=int,
        default=GITHUB_LIMIT,
        metavar="CHARACTERS",
        help=f"length of the comment in Markdown (default: {GITHUB_LIMIT}, GitHub's); the lead is never cut",
    )
    made.add_argument("--stack", metavar="PROJECT/STACK", help="name of the stack, needed only where no resource tells it")
    made.add_argument("--drift", action="store_true", help="the input is of 'pulumi refresh --preview-only': what was changed outside")
    made.add_argument(
        "--fail-on-data-loss", action="store_true", help="exit with 3 when something would be lost, so that a CI can ask for a yes"
    )
    found = commands.add_parser(
        "published",
        help="the number of what was published before",
        description="Read GitHub's list of comments or issues from standard input and print the number of the oldest one of an author that "
        "begins with a marker; nothing where there is none.",
    )
    found.add_argument("--marker", required=True, help="first line of what is looked for")
    found.add_argument("--author", required=True, help="login of whoever publishes, such as github-actions[bot]")
    found.add_argument("--key", choices=("id", "number"), required=True, help="id of a comment, or number of an issue")
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Print what was asked for and give an exit code."""
    given = _parser().parse_args(arguments)
    try:
        return _published(given) if given.command == "published" else _digest(given)
    except (UnreadablePreviewError, UnreadablePagesError, LeadTooLongError, OSError, UnicodeDecodeError) as error:
        print(error, file=sys.stderr)
        return UNREADABLE


def _published(given: argparse.Namespace) -> int:
    item = published(sys.stdin.read(), given.marker, given.author)
    if item is not None:
        print(item[given.key])
    return 0


def _digest(given: argparse.Namespace) -> int:
    found = Findings.of(read(Path(given.preview).read_text(encoding="utf-8") if given.preview else sys.stdin.read()))
    stack = given.stack or found.preview.stack
    if stack is None:
        print("no resource is in this preview, so its stack is not known: give --stack PROJECT/STACK", file=sys.stderr)
        return UNREADABLE
    document = digest(found, stack, DRIFT if given.drift else PREVIEW)
    text = plain(document, Paint(colours=sys.stdout.isatty())) if given.format == "text" else markdown(document, given.limit)
    print(text, end="")
    return LOSES_DATA if given.fail_on_data_loss and found.loses_data else 0


if __name__ == "__main__":
    sys.exit(main())
