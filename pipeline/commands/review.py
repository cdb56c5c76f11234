"""Commands for the review of a change."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipeline.commands.teaching import Group
from pipeline.review.markdown import GITHUB_LIMIT

if TYPE_CHECKING:
    from typing import Literal


@click.group(cls=Group, examples=["python -m pipeline review digest preview.json > comment.md"])
def review() -> None:
    """Turn a preview into one comment for the review of a change."""


@review.command(
    examples=[
        "export PULUMI_ENABLE_STREAMING_JSON_PREVIEW=1     # without it no policy results, and the memory only with --show-sames",
        "pulumi preview --stack dev --json --policy-pack policy > preview.json",
        "python -m pipeline review digest preview.json > comment.md",
        "python -m pipeline review digest --format text preview.json",
        "mkdir before; git archive HEAD^ | tar -x -C before; python -m pipeline review digest --before before preview.json",
        "pulumi refresh --stack dev --preview-only --json | python -m pipeline review digest --drift",
    ],
    exit_codes={
        0: "the comment is written, whatever its verdict",
        1: "the input is no preview, or the comment cannot be made as short as --limit; the reason is on standard error",
        3: "the comment is written, --fail-on-data-loss is given, and something would be lost",
    },
)
@click.argument("preview", required=False, metavar="[FILE]", help="Output of pulumi preview --json.  [default: standard input]")
@click.option("--format", "form", type=click.Choice(["markdown", "text"]), default="markdown", help="For a comment, or for a terminal.")
@click.option(
    "--limit",
    type=int,
    default=GITHUB_LIMIT,
    metavar="CHARACTERS",
    help="Length of the comment in Markdown, by default GitHub's limit; the lead is never cut.",
)
@click.option("--stack", metavar="PROJECT/STACK", help="Name of the stack, needed only where no resource has it.")
@click.option(
    "--before",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="Checkout before the change; with it the comment lists changed parts of images and packages, by their pins.",
)
@click.option("--drift", is_flag=True, help="The input is of 'pulumi refresh --preview-only': what was changed outside.")
@click.option("--fail-on-data-loss", is_flag=True, help="Exit with 3 when something would be lost, so that a CI can ask for a yes.")
def digest(
    preview: str | None,
    form: Literal["markdown", "text"],
    limit: int,
    stack: str | None,
    before: Path | None,
    *,
    drift: bool,
    fail_on_data_loss: bool,
) -> int:
    """Turn the output of 'pulumi preview --json' into a comment.

    It leads with what a reviewer looks for: what data is lost, the memory before and after, what the policies say, changed
    connector keys, topics and settings; then, folded, every other change. Secrets are left out: values that Pulumi masks, and whatever else
    goes by the name of a credential.
    """
    from pipeline.review import commands  # noqa: PLC0415 - each command loads only what it needs

    return commands.digest(preview, form=form, limit=limit, stack=stack, before=before, drift=drift, fail_on_data_loss=fail_on_data_loss)


@review.command(
    examples=[
        "gh api --paginate repos/OWNER/NAME/issues/7/comments | \\",
        "  python -m pipeline review published --marker '<!-- … -->' --author 'github-actions[bot]' --key id",
    ],
    exit_codes={0: "the number is printed, or nothing where there is none", 1: "the input is no such list"},
)
@click.option("--marker", required=True, metavar="LINE", help="First line of what is looked for.")
@click.option("--author", required=True, metavar="LOGIN", help="Login of the publisher, such as github-actions[bot].")
@click.option("--key", type=click.Choice(["id", "number"]), required=True, help="Id of a comment, or number of an issue.")
def published(marker: str, author: str, key: Literal["id", "number"]) -> int:
    """Print the number of what was published before.

    Reads GitHub's list of comments or issues from standard input and prints the number of the oldest one of an author that begins with a
    marker; nothing where there is none.
    """
    from pipeline.review import commands  # noqa: PLC0415 - as above

    return commands.published(marker, author, key)
