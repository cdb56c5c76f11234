"""Connections of a catalog's engine, to end them when an operation is given up: no limit of the driver ends a silent query."""

from __future__ import annotations

import os
import socket
from contextlib import closing, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sqlalchemy import Engine


@dataclass(slots=True)
class Connections:
    """The connections of one operation.

    Attributes:
        opened: Connections of the database's driver.
    """

    opened: list[Any] = field(default_factory=list)

    def follow(self, engine: Engine) -> None:
        """Keep every connection that the engine opens from now on."""
        from sqlalchemy import event  # noqa: PLC0415 - slow to load, and a preview does not need it

        # before the dialect's own listener, whose first queries may be the ones without answer
        event.listen(engine, "connect", lambda connection, _record: self.opened.append(connection), insert=True)

    def end(self) -> None:
        """End the connections that are still open, from another thread than theirs; SQLite has none."""
        for connection in self.opened:
            if getattr(connection, "closed", 1) == 0:
                with suppress(Exception), closing(socket.socket(fileno=os.dup(connection.fileno()))) as shared:
                    shared.shutdown(socket.SHUT_RDWR)
