"""The settings of the sandbox's stack, and the tables that its pipeline captures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipeline.reading.saved_outputs import STACK
from pipeline.recording.stackfile import stack_config
from sandbox.paths import CHECKOUT
from stack.judgement.stack import parse_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stack.settings.model import Settings
    from stack.settings.tables import Table


def settings() -> Settings:
    """Read the stack's settings from its stack file.

    Raises:
        SettingsError: Listing every problem.
    """
    return parse_text(stack_config(CHECKOUT, STACK).values)


def captured(outputs: Mapping[str, Any]) -> tuple[Table, ...]:
    """Return the tables that the running pipeline captures, parents before children, as the stack file models them.

    Args:
        outputs: The stack's outputs.
    """
    names = {table["name"] for table in outputs["tables"]}
    return tuple(table for table in settings().source.tables if table.qualified in names)
