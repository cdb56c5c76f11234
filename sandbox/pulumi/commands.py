"""Commands of the CLI that a person gives: which are refused, and whose Ctrl-C is."""

from __future__ import annotations

import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from pulumi.automation.errors import CommandError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

STACK: Final = "sandbox"


class OtherStackError(ValueError):
    """A command is about another stack than the sandbox's."""


def refuse_another(arguments: Sequence[str]) -> None:
    """Refuse what is about another stack, and what would remove or rename the stack file in the checkout. Raises OtherStackError."""
    for option, value in zip(arguments, [*arguments[1:], ""], strict=True):
        name, _, given = option.partition("=")
        if name.startswith("-s") and not name.startswith("--") and len(name) > len("-s"):
            name, given = "-s", name.removeprefix("-s")
        if name in {"--stack", "-s"} and (given or value).rpartition("/")[2] != STACK:
            message = f"this command drives the stack {STACK} only, not {given or value}: use the Pulumi CLI itself for that"
            raise OtherStackError(message)
    words = [word for word in arguments if not word.startswith("-")]
    if (words[:1] == ["stack"] and set(words[1:2]) & {"init", "rename", "rm", "select"}) or "--remove" in arguments:
        message = (
            f"the sandbox makes its stack {STACK} by itself and removes it with 'make sandbox-down'; "
            f"the CLI would write, rename or delete Pulumi.{STACK}.yaml in the checkout"
        )
        raise OtherStackError(message)


@contextmanager
def ctrl_c_is_the_clis() -> Iterator[None]:
    """Leave Ctrl-C to the CLI, which gets it from the terminal too: it cancels, records what was done, and then ends by itself.

    A handler that does nothing, since what is ignored is inherited.

    Raises:
        KeyboardInterrupt: Afterwards, if there was one.
    """
    pressed: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _: pressed.append(number))
    try:
        yield
    except CommandError:
        if not pressed:
            raise
    finally:
        signal.signal(signal.SIGINT, before)
    if pressed:
        raise KeyboardInterrupt
