"""The catalog through pyiceberg, with readable errors and an end to every operation."""

from __future__ import annotations

import threading
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeVar
from urllib.parse import quote

from providers.deadline import OverdueError, within
from providers.iceberg.catalog_tables import make_tables
from providers.iceberg.connections import Connections
from providers.operations import CancelledError, Plain, ProviderError, Quiet, Reporter, provider_wait, scrubbed
from providers.readable import one_line
from providers.unreachable import UnreachableError, is_given_up, with_cure
from providers.waiting import backoff

if TYPE_CHECKING:
    from collections.abc import Callable

    from pyiceberg.catalog import Catalog
    from sqlalchemy import URL

_Result = TypeVar("_Result")

# Seconds for one operation on a table: a minute for a database that starts, and each request of a slow store three times
OPERATION_SECONDS: Final = 300.0
# Seconds for a table's removal, which deletes its files one by one
REMOVAL_SECONDS: Final = 3600.0
# Glue: botocore's own limits of a minute each, ten times, make twenty minutes
_GLUE_CONNECT_SECONDS, _GLUE_READ_SECONDS, _GLUE_ATTEMPTS = 5, 30, 4

_NOT_YET: Final = (
    "refused",
    "starting up",
    "timeout expired",
    "server closed the connection",
    "shutting down",
    "not yet accepting",
)
_AWAY: Final = (
    "refused",
    "timeout expired",
    "could not translate host name",
    "No route to host",
    "NETWORK_CONNECTION",
    "Could not connect to the endpoint",
    "Connect timeout",
)
# Seconds to wait for a database that the user has declared gone
_GIVEN_UP_SECONDS: Final = 5.0

_CURES: Final = (
    ("password authentication failed", "check username and password of the provider"),
    ("FATAL:  database", "check the database in uri, and that PostgreSQL has its databases and roles"),
    ("permission denied for schema", "the role must own the catalog's database"),
    ("NO_SUCH_BUCKET", "the bucket is missing; check its name, or let the table depend on it"),
    ("NETWORK_CONNECTION", "the object store does not answer; check the endpoint, and that the store runs"),
    ("ACCESS_DENIED", "the identity may not use this path; check the policy on the warehouse's prefix"),
    ("AccessDenied", "the identity may not do this; check its policy on the catalog and on the warehouse's prefix"),
    (
        "FileNotFoundError",
        (
            "the catalog points to a missing metadata file: the object store has lost it; restore the bucket, or remove the row from "
            "the catalog and rebuild the archive from Kafka"
        ),
    ),
    ("Could not connect to the endpoint", "the catalog's service does not answer; check the endpoint and the region"),
    ("statement timeout", "another session holds a lock on the catalog's tables; see pg_stat_activity"),
    ("refused", "nothing answers there; check the address, and that the database or object store runs"),
)

_IMPORTS: Final = threading.Lock()


@dataclass(slots=True)
class Catalogs:
    """Opens the configured catalog for one operation at a time.

    Attributes:
        config: The provider's inputs.
        cancelled: Set when the engine cancels.
        reporter: Receiver of reports on waits.
        seconds: Seconds to wait for a database that is still starting.

    Connections are closed after each operation, so that a database can be shut down in between.
    """

    config: Plain
    cancelled: threading.Event
    reporter: Reporter = field(default_factory=Quiet)
    seconds: float = 60.0
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _prepared: bool = False

    def run(self, subject: str, work: Callable[[Catalog], _Result], seconds: float = OPERATION_SECONDS) -> _Result:
        """Open the catalog, work with it and close it.

        Args:
            subject: Subject of messages.
            work: The work.
            seconds: Time limit.

        Raises:
            UnreachableError: If nothing answers.
            CancelledError: If the engine cancels.
            ProviderError: For every other exception of the work, and if it does not end in time; without any secret.
        """
        connections = Connections()
        try:
            return within(seconds, lambda: self._worked(subject, work, connections), self.cancelled)
        except OverdueError:
            connections.end()
            if self.cancelled.is_set():
                message = f"stopped while waiting for {subject}"
                raise CancelledError(message) from None
            message = (
                f"{subject}: catalog or object store have not finished within {seconds:.0f} s; check that both answer, and run it again"
            )
            raise ProviderError(message) from None
        except ProviderError:
            raise
        except Exception as error:  # noqa: BLE001 - errors of six libraries, any of which may quote a secret
            message = f"{subject}: {self._explained(error)}"
            if _is_away(message):
                raise UnreachableError(with_cure(message)) from None
            raise ProviderError(message) from None

    def _worked(self, subject: str, work: Callable[[Catalog], _Result], connections: Connections) -> _Result:
        with closing(self._open(subject, connections)) as catalog:
            return work(catalog)

    def _open(self, subject: str, connections: Connections) -> Catalog:
        _import_libraries()
        from pyiceberg.catalog import load_catalog  # noqa: PLC0415 - slow to load, and a preview does not need it
        from pyiceberg.catalog.sql import SqlCatalog  # noqa: PLC0415 - slow to load, and a preview does not need it

        config = self.config
        files = {
            "warehouse": config["warehouse"],
            "client.region": config.get("region"),
            "s3.region": config.get("region"),
            "s3.endpoint": config.get("endpoint"),
            "s3.access-key-id": config.get("accessKeyId"),
            "s3.secret-access-key": config.get("secretAccessKey"),
        }
        if config["catalogType"] == "glue":
            # no property, but an argument of the catalog, to which pyiceberg hands everything on
            client: Any = _glue_client(config)
            return load_catalog(config["catalogName"], type="glue", client=client, **_set_only(files))
        url = _sql_url(config)
        self._prepare(url, subject, connections)
        sql = {"type": "sql", "uri": url.render_as_string(hide_password=False), "init_catalog_tables": "false"}
        catalog = load_catalog(config["catalogName"], **_set_only(files | sql))
        if isinstance(catalog, SqlCatalog):
            connections.follow(catalog.engine)
        return catalog

    def _prepare(self, url: URL, subject: str, connections: Connections) -> None:
        """Create the catalog's own tables once in this process; wait for a database that is still starting."""
        from sqlalchemy import create_engine  # noqa: PLC0415 - slow to load, and a preview does not need it
        from sqlalchemy.exc import OperationalError  # noqa: PLC0415 - slow to load, and a preview does not need it

        patience = provider_wait(_GIVEN_UP_SECONDS if is_given_up() else self.seconds, self.cancelled, self.reporter)
        attempt = 0
        with self._lock:
            while not self._prepared:
                engine = create_engine(url)
                connections.follow(engine)
                try:
                    make_tables(engine)
                    self._prepared = True
                except OperationalError as error:
                    reason = self._explained(error)
                    if patience.over or not any(sign in reason for sign in _NOT_YET):
                        raise
                    patience.pause(backoff(attempt), f"{subject}: {reason}")
                    attempt += 1
                finally:
                    engine.dispose()

    def _explained(self, error: Exception) -> str:
        """Return the first lines of an error, with the cure where known."""
        text = f"{type(error).__name__}: {getattr(error, 'orig', None) or error}"
        cure = next((cure for sign, cure in _CURES if sign in text), None)
        lines = scrubbed(" ".join(line.strip() for line in text.splitlines()[:3]), self._secrets())
        return one_line(lines, 500) + (f" — {cure}" if cure else "")

    def _secrets(self) -> list[str]:
        secrets = [str(self.config[key]) for key in ("password", "secretAccessKey", "accessKeyId") if self.config.get(key)]
        return [*secrets, *(quote(secret, safe="") for secret in secrets)]


def _is_away(message: str) -> bool:
    return any(sign in message for sign in _AWAY)


def _import_libraries() -> None:
    """Import the heavy libraries under a lock: their circular imports break when several threads import them at once."""
    with _IMPORTS:
        import pyiceberg.catalog.sql  # noqa: PLC0415 - slow to load, and a preview does not need it
        import pyiceberg.io.pyarrow  # noqa: F401, PLC0415 - slow to load, and a preview does not need it


def _glue_client(config: Plain) -> object:
    """Return a client of Glue that does not try for twenty minutes."""
    import boto3  # noqa: PLC0415 - slow to load, and a preview does not need it
    from botocore.config import Config  # noqa: PLC0415 - slow to load, and a preview does not need it

    return boto3.Session(
        region_name=config.get("region"),
        aws_access_key_id=config.get("accessKeyId"),
        aws_secret_access_key=config.get("secretAccessKey"),
    ).client(
        "glue",
        endpoint_url=config.get("endpoint"),
        config=Config(
            connect_timeout=_GLUE_CONNECT_SECONDS,
            read_timeout=_GLUE_READ_SECONDS,
            retries={"total_max_attempts": _GLUE_ATTEMPTS, "mode": "standard"},
        ),
    )


def sql_address(uri: str) -> str:
    """Remove the prefix that Java requires, so that the sink's own ``jdbc:postgresql://…`` is valid too."""
    return uri.removeprefix("jdbc:")


def _sql_url(config: Plain) -> URL:
    from sqlalchemy import make_url  # noqa: PLC0415 - slow to load, and a preview does not need it

    url = make_url(sql_address(config["uri"]))
    if url.get_backend_name() == "postgresql":
        url = url.set(drivername="postgresql+psycopg2").update_query_dict({"connect_timeout": "5"})
    if config.get("username") is not None:
        url = url.set(username=config["username"], password=config.get("password"))
    return url


def _set_only(properties: dict[str, str | None]) -> dict[str, str]:
    return {key: value for key, value in properties.items() if value is not None}
