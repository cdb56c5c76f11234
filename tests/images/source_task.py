"""The image's source task on a database: what it makes of rows and of changes, column by column."""

from __future__ import annotations

import base64
import os
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from stack.configs.classes import EXACT_VALUES, GUARDED_DEBEZIUM
from stack.settings.names import Names
from stack.specification.services import Address
from stack.specification.streaming.debezium import source_config

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from stack.settings.tables import Table
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


# Everything of a test in a database that the next one uses as well; what read the slot last may still be there
_FORGET: Final = """
SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE active;
DO $$ BEGIN FOR turn IN 1..100 LOOP
  EXIT WHEN NOT EXISTS (SELECT FROM pg_replication_slots WHERE active); PERFORM pg_sleep(0.1);
END LOOP; END $$;
SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots;
DROP PUBLICATION IF EXISTS publication;
"""


def forget(server: Server, *schemas: str) -> None:
    """Remove slot and publication, and everything in some schemas, which stay."""
    again = "".join(
        f"DROP SCHEMA IF EXISTS {name} CASCADE; CREATE SCHEMA {name}; GRANT USAGE ON SCHEMA {name} TO PUBLIC;" for name in schemas
    )
    server.sql(f"SET client_min_messages = warning; {_FORGET} {again}")


# What the program's own source needs around it, and a test's has not: its login, the worker's converters, the heartbeat's table, signals
_AROUND = ("database.", "signal.", "key.converter", "value.converter", "heartbeat.", "errors.", "read.")


def _escaped(text: str) -> str:
    return "".join(f"\\u{ord(letter):04x}" if ord(letter) > 126 else "\\\\" if letter == "\\" else letter for letter in text)


def program_keys(server: Server, path: Path, tables: Sequence[Table], record: int = 1, snapshot: str = "initial") -> dict[str, str]:
    """Write the keys of the program's own source that concern rows, for a server of the tests, as Java's properties; and return them.

    Args:
        server: The database.
        path: The file.
        tables: Captured tables.
        record: Largest record, in MiB.
        snapshot: What is read first; ``no_data`` begins with the changes that the slot has.
    """
    config = source_config(Names(), tables, Address(host="localhost", port=server.port), "http://registry", record=record)
    chosen = {key: value for key, value in config.items() if not key.startswith(_AROUND)}
    keys = {**chosen, **{key: str(value) for key, value in connection(server).items()}, "snapshot.mode": snapshot}
    path.write_text("".join(f"{key}={_escaped(value)}\n" for key, value in keys.items()), encoding="ascii")
    return keys


@contextmanager
def chained(
    server: Server, class_path: str, folder: Path, tables: Sequence[Table], number: int, snapshot: str = "initial"
) -> Iterator[Iterator[str]]:
    """Run the program's own source and its chain of transforms, and give its rows, each as ``topic|key|value``.

    Args:
        server: The database.
        class_path: Jars of the image.
        folder: For the configuration.
        tables: Captured tables.
        number: Rows until the end.
        snapshot: What is read first.
    """
    path = folder / "config"
    program_keys(server, path, tables, snapshot=snapshot)
    line = ["java", "-XX:TieredStopAtLevel=1", "-Duser.timezone=UTC", "-cp", class_path, "dataingestion.connect.NamesProbe", str(path)]
    errors = folder / "errors"
    with errors.open("wb") as told, subprocess.Popen([*line, str(number)], stdout=subprocess.PIPE, stderr=told, text=True) as java:
        assert java.stdout is not None
        yield (text[2:].rstrip("\n") for text in java.stdout if text.startswith("@ "))
        assert java.wait(200) == 0, errors.read_text(encoding="utf-8")[-3000:]


@dataclass
class Change:
    """One change: what was done, and each column's value as text before and after, as far as the change has them; its topic and key."""

    op: str
    before: dict[str, str] = field(default_factory=dict)
    after: dict[str, str] = field(default_factory=dict)
    topic: str = ""
    key: str = ""


class Source:
    """The image's source task with a stored position."""

    def __init__(self, server: Server, class_path: str, folder: Path, keys: Mapping[str, str], zone: str = "UTC") -> None:
        """Write the configuration; nothing is stored yet."""
        self._environment = {**os.environ, "TZ": zone}
        self._config, self._stored = folder / "config", list[str]()
        self._command = ["java", "-XX:TieredStopAtLevel=1", "-cp", class_path, "dataingestion.connect.ValuesProbe", str(self._config)]
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
        return self._read(lines)

    def _read(self, lines: Iterable[str]) -> list[Change]:
        found: list[Change] = []
        for line in lines:
            if line.startswith("@ "):
                found.append(Change(line[2:]))
            elif line.startswith("# "):
                state, name, kind, value = line[2:].split("|")
                text = NULL if value == NULL else base64.b64decode(value).decode()
                (found[-1].after if state == "after" else found[-1].before)[name] = text
                self.types[name] = kind
            elif line.startswith("% "):
                found[-1].topic, _, found[-1].key = line[2:].partition("|")
        return found

    @contextmanager
    def running(self) -> Iterator[Callable[[int], list[Change]]]:
        """Run the task from its start until the block ends, and give what returns the next changes."""
        command = [*self._command, "1000"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=self._environment) as process:
            assert process.stdout is not None
            written = iter(process.stdout)

            def following(number: int) -> list[Change]:
                lines: list[str] = []
                while sum(line.startswith("% ") for line in lines) < number:
                    line = next(written, "! ended").rstrip("\n")
                    assert not line.startswith("! "), line
                    lines.append(line)
                return self._read(lines)

            try:
                yield following
            finally:
                process.kill()

    def failure(self) -> str:
        """Return how the task failed."""
        return "\n".join(line for line in self._lines(1) if line.startswith("! "))

    def _lines(self, number: int) -> list[str]:
        command = [*self._command, str(number), *self._stored]
        done = subprocess.run(command, capture_output=True, text=True, timeout=200, check=True, env=self._environment)
        return [line for line in done.stdout.splitlines() if line[:2] in {"> ", "@ ", "# ", "% ", "! "}]
