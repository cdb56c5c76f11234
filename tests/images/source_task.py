"""The image's source task on a database: what it makes of rows and of changes, column by column."""

from __future__ import annotations

import base64
import os
import subprocess
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from configs.classes import EXACT_VALUES, GUARDED_DEBEZIUM

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tests.existing_database.server import Server

PASSWORD = "sesame"
CONVERTED = {"converters": "exact", "exact.type": EXACT_VALUES, "event.converting.failure.handling.mode": "fail"}
NULL = "null"


def connection(server: Server) -> dict[str, object]:
    """Return the keys by which each test's source reaches a server, and its slot and publication there."""
    return {
        "name": "source",
        "database.hostname": "localhost",
        "database.port": server.port,
        "database.user": "capture",
        "database.password": PASSWORD,
        "database.dbname": "postgres",
        "database.sslmode": "require",
        "plugin.name": "pgoutput",
        "slot.name": "slot",
        "publication.name": "publication",
        "publication.autocreate.mode": "disabled",
    }


@dataclass
class Change:
    """One change: what was done, and each column's value as text before and after, as far as the change has them."""

    op: str
    before: dict[str, str] = field(default_factory=dict)
    after: dict[str, str] = field(default_factory=dict)


class Source:
    """The image's source task with a stored position."""

    def __init__(self, server: Server, class_path: str, folder: Path, keys: Mapping[str, str], zone: str = "UTC") -> None:
        """Write the configuration; nothing is stored yet."""
        self._zone = zone
        self._class_path, self._config, self._stored = class_path, folder / "config", list[str]()
        self.types: dict[str, str] = {}
        config = {
            **connection(server),
            "connector.class": GUARDED_DEBEZIUM,
            "topic.prefix": "shop",
            "snapshot.mode": "initial",
            "table.include.list": "public.marks",
            "time.precision.mode": "connect",
            **keys,
        }
        self._config.write_text("".join(f"{key}={value}\n" for key, value in config.items()), encoding="utf-8")

    def rows(self, number: int) -> list[dict[str, str]]:
        """Return the next rows; each value as text."""
        return [change.after for change in self.changes(number)]

    def changes(self, number: int) -> list[Change]:
        """Return the next changes."""
        lines = self._lines(number)
        failures = [line for line in lines if line.startswith("! ")]
        assert not failures, failures
        self._stored = [line[2:] for line in lines if line.startswith("> ")]
        found: list[Change] = []
        for line in lines:
            if line.startswith("@ "):
                found.append(Change(line[2:]))
            elif line.startswith("# "):
                state, name, kind, value = line[2:].split("|")
                text = NULL if value == NULL else base64.b64decode(value).decode()
                (found[-1].after if state == "after" else found[-1].before)[name] = text
                self.types[name] = kind
        return found

    def failure(self) -> str:
        """Return how the task failed."""
        return "\n".join(line for line in self._lines(1) if line.startswith("! "))

    def _lines(self, number: int) -> list[str]:
        command = ["java", "-XX:TieredStopAtLevel=1", "-cp", self._class_path, "dataingestion.connect.ValuesProbe", str(self._config)]
        zoned = {**os.environ, "TZ": self._zone}
        done = subprocess.run([*command, str(number), *self._stored], capture_output=True, text=True, timeout=200, check=True, env=zoned)
        return [line for line in done.stdout.splitlines() if line[:2] in {"> ", "@ ", "# ", "! "}]
