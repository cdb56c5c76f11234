"""Places of the tables' metadata, as the archive's catalog has them: a database, or AWS Glue."""

from __future__ import annotations

import json
import os
import threading
from typing import TYPE_CHECKING, Any, Final

import psycopg

from pipeline.reading.signed import domain

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipeline.reading.signed import SignedRequests

_SECONDS: Final = 10
_PLACE: Final = "SELECT metadata_location FROM iceberg_tables WHERE catalog_name = %s AND table_namespace = %s AND table_name = %s"
_FOUND, _REFUSED = 200, 400


class Jdbc:
    """Catalog in a database, by one connection that stays open between two looks.

    Args:
        catalog: The stack's output ``catalog``: address, and a login where it is not in libpq's own variables.
        name: Name of the catalog in its tables.
    """

    def __init__(self, catalog: Mapping[str, str], name: str) -> None:
        """Connect at the first question."""
        self._login = {"user": catalog["user"], "password": catalog["password"]} if "user" in catalog else {}
        self._uri, self._name, self._lock = catalog["uri"], name, threading.Lock()
        self._connection: psycopg.Connection[Any] | None = None

    def of(self, namespace: str, table: str) -> str | None:
        """Return the place of a table's metadata, or None without such a table.

        Raises:
            Error: Of psycopg, if the database does not answer or refuses.
        """
        with self._lock:
            # the server may have ended the connection since the last look, which shows at the next question only
            fresh = self._connection is None
            try:
                return self._asked(namespace, table)
            except psycopg.OperationalError:
                self._connection = None
                if fresh:
                    raise
                return self._asked(namespace, table)

    def _asked(self, namespace: str, table: str) -> str | None:
        if self._connection is None or self._connection.closed:
            options = f"-c statement_timeout={_SECONDS}s"
            self._connection = psycopg.connect(self._uri, **self._login, connect_timeout=_SECONDS, options=options, autocommit=True)  # type: ignore[arg-type] # libpq's own names
        row = self._connection.execute(_PLACE, [self._name, namespace, table]).fetchone()
        return None if row is None else row[0]


class Glue:
    """Catalog in AWS Glue.

    Args:
        requests: Sender of requests.
    """

    def __init__(self, requests: SignedRequests) -> None:
        """Ask nothing yet."""
        self._requests = requests
        own = f"https://glue.{requests.region}.{domain(requests.region)}"
        self._url = os.environ.get("AWS_ENDPOINT_URL_GLUE") or os.environ.get("AWS_ENDPOINT_URL") or own

    def of(self, namespace: str, table: str) -> str | None:
        """Return the place of a table's metadata, or None without such a table.

        Raises:
            OSError: If Glue refuses or does not answer.
        """
        headers = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": "AWSGlue.GetTable"}
        body = json.dumps({"DatabaseName": namespace, "Name": table}).encode()
        answer = self._requests.send("POST", f"{self._url.rstrip('/')}/", "glue", headers, body)
        said: dict[str, Any] = answer.json() if answer.status_code in {_FOUND, _REFUSED} else {}
        if answer.status_code == _FOUND:
            return str(said["Table"]["Parameters"]["metadata_location"])
        kind = str(said.get("__type", "")).rpartition("#")[2]
        if kind == "EntityNotFoundException":
            return None
        message = f"Glue answers {answer.status_code} {kind} for the table {namespace}.{table}"
        raise OSError(message)
