"""Log of every process: its level, and the trail of who changed or read what."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from stack.settings.section import Section
from stack.settings.types import Line, Switch


class LogSettings(Section):
    """Log of every process that the program declares. Format and what no line holds: docs/logs.md."""

    level: Literal["error", "warn", "info"] = "info"
    """Least level of the lines. There is no ``debug``: on that level Kafka's clients write their configuration, and Debezium the rows."""
    trail: Switch = True
    """If true, a line tells of each change by a person, whatever the level: of roles, tables and rows in the database that the program
    creates, of connectors, and of schemas; with who, when and what, never with a value (docs/trail.md)."""
    reads_of: tuple[Line, ...] = Field(default=())
    """Captured tables, such as ``public.users``, of which the trail has each reading too; only in the database that the program creates."""
