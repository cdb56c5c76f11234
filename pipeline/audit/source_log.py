"""The database's log: changes as PostgreSQL commits them, by a temporary slot that ends with its connection."""

from __future__ import annotations

import select
import threading
import uuid
from typing import TYPE_CHECKING, Final

import psycopg2  # type: ignore[import-untyped]  # psycopg 3 cannot stream replication
from psycopg2.extras import LogicalReplicationConnection  # type: ignore[import-untyped]

from pipeline.audit.pgoutput import UnknownMessageError
from pipeline.description.stack import UnansweredError
from pipeline.reading.log_position import lsn_number
from stack.configs.session import OPTIONS

if TYPE_CHECKING:
    from pipeline.audit.transactions import Transactions
    from pipeline.description.stack import Login

# Text as the archive has it, and a tenth of the default memory for a transaction that is decoded: the rest goes to disk.
_OPTIONS: Final = f"{OPTIONS} -c client_encoding=UTF8 -c logical_decoding_work_mem=4MB"
_WAIT_S: Final = 0.5
_FEEDBACK_S: Final = 5.0
_STOP_S: Final = 15.0
_OPEN_S: Final = 60.0


class SourceLog:
    """Reader of the log from now on, in a thread of its own.

    The slot is temporary, so the server drops it when the connection ends, however it ends.

    Args:
        login: A role with REPLICATION.
        publication: The pipeline's publication.
        transactions: Receives the messages.
    """

    def __init__(self, login: Login, publication: str, transactions: Transactions) -> None:
        """Create the slot.

        Raises:
            UnansweredError: If the database refuses or does not answer.
        """
        self._login = login
        self._transactions = transactions
        self._stop = threading.Event()
        self._failure: Exception | None = None
        self._reached = 0
        name = f"audit_{uuid.uuid4().hex[:12]}"
        try:
            self._connection = psycopg2.connect(
                **login.parameters, connect_timeout=10, options=_OPTIONS, connection_factory=LogicalReplicationConnection
            )
            self._cursor = self._connection.cursor()
            # the slot waits for the end of every transaction that is open, and the server puts no limit on that
            limit = threading.Timer(_OPEN_S, self._connection.cancel)
            limit.start()
            self._cursor.execute(f"CREATE_REPLICATION_SLOT {name} TEMPORARY LOGICAL pgoutput NOEXPORT_SNAPSHOT")
            limit.cancel()
            self.began = lsn_number(self._cursor.fetchone()[1])
            options = {"proto_version": "1", "publication_names": publication}
            self._cursor.start_replication(slot_name=name, options=options, decode=False, status_interval=_FEEDBACK_S)
        except psycopg2.Error as error:
            raise _unanswered(error) from None
        self._thread = threading.Thread(target=self._run, name="audit-log", daemon=True)
        self._thread.start()

    def position(self) -> int:
        """Return the position up to which the server's log is on disk now: everything committed until now is before it.

        Raises:
            UnansweredError: If the database does not answer.
        """
        try:
            connection = psycopg2.connect(**self._login.parameters, connect_timeout=10)
            try:
                with connection.cursor() as cursor:
                    cursor.execute("SELECT pg_current_wal_flush_lsn()::text")
                    (found,) = cursor.fetchone()
            finally:
                connection.close()
        except psycopg2.Error as error:
            raise _unanswered(error) from None
        return lsn_number(found)

    def has_read(self, position: int) -> bool:
        """Tell whether every transaction that ended before a position has been read.

        Raises:
            UnansweredError: If the reading has failed.
        """
        self._check()
        return self._reached >= position

    def close(self) -> None:
        """End the connection, and with it the slot. Raises UnansweredError if the reading had failed."""
        self._stop.set()
        self._thread.join(_STOP_S)
        self._connection.close()
        self._check()

    def _check(self) -> None:
        if isinstance(self._failure, psycopg2.Error):
            raise _unanswered(self._failure)
        if isinstance(self._failure, UnansweredError):
            raise self._failure
        if self._failure is not None:
            message = f"the database's log cannot be understood: {self._failure}"
            raise UnansweredError(message)

    def _run(self) -> None:
        try:
            while not self._stop.is_set():
                self._read()
        except (psycopg2.Error, UnansweredError, UnknownMessageError, OSError, ValueError) as error:
            self._failure = error

    def _read(self) -> None:
        message = self._cursor.read_message()
        if message is None:
            self._reached = max(self._reached, self._cursor.wal_end)
            # asks the server how far it is: it answers with the position that it has decoded
            self._cursor.send_feedback(flush_lsn=self._transactions.ended, reply=True, force=True)
            select.select([self._cursor], [], [], _WAIT_S)
            return
        self._transactions.take(message.data_start, message.payload)
        self._reached = max(self._reached, message.data_start)


def _unanswered(error: psycopg2.Error) -> UnansweredError:
    lines = str(error).strip().splitlines()
    message = f"the database's log cannot be read: {lines[0] if lines else type(error).__name__}; --no-database begins the account at Kafka"
    return UnansweredError(message)
