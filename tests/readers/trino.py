"""Trino as a server on this machine alone, with one catalog in memory, and the statements that fill it."""

from __future__ import annotations

import subprocess
import time
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import requests

from tests.existing_database.server import free_port
from tests.readers.installation import TRINO

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from tests.readers.installation import Engines

_STARTS_S: Final = 180.0
_ANSWERS_S: Final = 60.0
_STARTING: Final = "SERVER_STARTING_UP"
_TYPES: Final = {"int": "integer", "long": "bigint", "string": "varchar", "decimal(38,9)": "decimal(38,9)"}
_PROGRAM: Final = f"""
public final class Start {{
    public static void main(String[] arguments) {{
        new io.trino.server.Server().start("{TRINO}");
    }}
}}
"""


class RefusedError(Exception):
    """Trino refuses a statement; the message has its reason."""

    def __init__(self, error: Mapping[str, Any]) -> None:
        """Keep name and reason."""
        super().__init__(f"{error['errorName']}: {error['message']}")
        self.name = error["errorName"]


@dataclass(frozen=True, slots=True)
class Server:
    """A running server.

    Attributes:
        url: Its address.
    """

    url: str

    def ask(self, statement: str, schema: str = "archive") -> list[dict[str, Any]]:
        """Return the rows of a statement, which is sent without a semicolon.

        Raises:
            RefusedError: If the statement fails.
        """
        headers = {"X-Trino-User": "reader", "X-Trino-Catalog": "lake", "X-Trino-Schema": schema}
        page = requests.post(f"{self.url}/v1/statement", statement.encode(), headers=headers, timeout=_ANSWERS_S).json()
        rows: list[list[Any]] = []
        columns: list[str] = []
        while True:
            if "error" in page:
                raise RefusedError(page["error"])
            columns = [column["name"] for column in page.get("columns", [])] or columns
            rows += page.get("data", [])
            if "nextUri" not in page:
                return [dict(zip(columns, row, strict=True)) for row in rows]
            page = requests.get(page["nextUri"], timeout=_ANSWERS_S).json()


@contextmanager
def server(engines: Engines, folder: Path) -> Iterator[Server]:
    """Start a server, and end it afterwards.

    Args:
        engines: The installed engines.
        folder: Its own folder.
    """
    port, catalogs = free_port(), folder / "catalogs"
    catalogs.mkdir()
    (catalogs / "lake.properties").write_text("connector.name=memory\n")
    settings = {
        "coordinator": "true",
        "node-scheduler.include-coordinator": "true",
        "node.bind-ip": "127.0.0.1",
        "node.internal-address": "127.0.0.1",
        "http-server.http.port": port,
        "discovery.uri": f"http://127.0.0.1:{port}",
        "plugin.dir": engines.plugins,
        "catalog.config-dir": catalogs,
        "query.max-memory-per-node": "100MB",
    }
    (folder / "config.properties").write_text("".join(f"{key}={value}\n" for key, value in settings.items()))
    (folder / "Start.java").write_text(_PROGRAM)
    own = ["-Dnode.environment=test", "-Dnode.id=one", f"-Dnode.data-dir={folder}/data", f"-Dconfig={folder}/config.properties"]
    java = ["java", "-Xmx700m", "-XX:TieredStopAtLevel=1", "-Djdk.attach.allowAttachSelf=true", *own, "-cp", f"{engines.server}/*"]
    with (folder / "trino.log").open("w") as log:
        # it keeps a log of requests where it is started
        process = subprocess.Popen([*java, f"{folder}/Start.java"], cwd=folder, stdout=log, stderr=subprocess.STDOUT)
    try:
        yield _started(Server(f"http://127.0.0.1:{port}"), process, folder / "trino.log")
    finally:
        process.kill()
        process.wait()


def _started(made: Server, process: subprocess.Popen[bytes], log: Path) -> Server:
    deadline = time.monotonic() + _STARTS_S
    while True:
        assert process.poll() is None, log.read_text()[-3000:]
        assert time.monotonic() < deadline, f"Trino did not start within {_STARTS_S:.0f} s"
        try:
            made.ask("SELECT 1")
        except (requests.RequestException, RefusedError) as error:
            # the server answers before it takes statements
            if isinstance(error, RefusedError) and error.name != _STARTING:
                raise
            time.sleep(1)
        else:
            return made


def filled(name: str, kinds: Mapping[str, str], rows: Sequence[Mapping[str, Any]]) -> str:
    """Return the statement that makes a table with rows.

    Args:
        name: Name of the table, quoted.
        kinds: Iceberg type of each column.
        rows: Its rows.
    """
    if rows:
        values = ", ".join(f"({', '.join(_literal(row[column], kind) for column, kind in kinds.items())})" for row in rows)
        cast = ", ".join(f"CAST({_quoted(column)} AS {_TYPES[kind]}) AS {_quoted(column)}" for column, kind in kinds.items())
        return f"CREATE TABLE {name} AS SELECT {cast} FROM (VALUES {values}) AS given ({', '.join(map(_quoted, kinds))})"
    return f"CREATE TABLE {name} ({', '.join(f'{_quoted(column)} {_TYPES[kind]}' for column, kind in kinds.items())})"


def _quoted(column: str) -> str:
    return f'"{column}"'


def _literal(value: object, kind: str) -> str:
    if value is None:
        return f"CAST(NULL AS {_TYPES[kind]})"
    if kind == "string":
        return "'" + str(value).replace("'", "''") + "'"
    return f"DECIMAL '{value}'" if isinstance(value, Decimal) else f"{_TYPES[kind]} '{value}'"
