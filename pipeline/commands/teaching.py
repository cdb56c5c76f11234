"""Commands whose help teaches: what the command does, its options, an example, and what each exit code means."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import click

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

NOT_UNDERSTOOD: Final = 2
"""Exit code for a command, option or value that there is not: the parser's own."""
INTERRUPTED: Final = 130


class _Teaching(click.Command):
    """A command with more to its help.

    Args:
        examples: Lines as one would type them, a comment behind some.
        exit_codes: What each means; that of a wrong command line is added.
        lists: Further lists of words and their meaning, by their heading.
    """

    def __init__(
        self,
        *arguments: Any,  # noqa: ANN401 - the parser's own
        examples: Sequence[str],
        exit_codes: Mapping[int, str] | None = None,
        lists: Mapping[str, Mapping[str, str]] | None = None,
        **options: Any,  # noqa: ANN401 - the same
    ) -> None:
        super().__init__(*arguments, **options)
        self.examples = examples
        self.exit_codes = {NOT_UNDERSTOOD: "the command was not understood", **(exit_codes or {})}
        self.lists = lists or {}

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the sections below the options."""
        for heading, words in self.lists.items():
            with formatter.section(heading):
                formatter.write_dl(list(words.items()))
        with formatter.section("Examples"):
            formatter.write("".join(f"{' ' * formatter.current_indent}{line}".rstrip() + "\n" for line in self.examples))
        with formatter.section("Exit codes"):
            formatter.write_dl([(str(code), meaning) for code, meaning in sorted(self.exit_codes.items())])
        super().format_epilog(ctx, formatter)


class Command(_Teaching):
    """A command that does something; its function gives the exit code."""


class Group(_Teaching, click.Group):
    """Commands about one thing, listed in the order in which they were declared."""

    command_class = Command
    group_class = type

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the commands."""
        del ctx
        return list(self.commands)
