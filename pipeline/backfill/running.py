"""Backfills of a running stack: signals out, progress back."""

from __future__ import annotations

import functools
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pipeline.backfill import signals
from pipeline.backfill.channel import Channel
from pipeline.backfill.progress import Progress, progress
from providers.kafkaconnect.rest import ConnectClient
from providers.waiting import Patience

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipeline.description.stack import Description
    from providers.waiting import Display
    from stack.settings.tables import Table

_ASK_S: Final = 20.0
_POLL_S: Final = 2.0
# The connector looks for signals every 5 s, remembers them every 5 s, and stores what it does at a heartbeat at the latest.
_READ_S: Final = 60.0
# Beyond two heartbeats: a stop counts when the next part begins, which a quiet database brings about by one, and is stored by the next.
_STORED_S: Final = 30.0


class NotReadError(Exception):
    """The connector has not read a signal in time; the message names the cure."""


class NotStoredError(Exception):
    """The connector has not stored that a backfill is stopped; the message says what a restart would do, and the cure."""


@dataclass(frozen=True, slots=True)
class Backfills:
    """Backfills of one stack.

    Attributes:
        channel: Topic of signals.
        connect: The worker's REST API.
        connector: Name of the source connector.
        heartbeat_s: Seconds between two heartbeats of the connector, each of which stores its position.
    """

    channel: Channel
    connect: ConnectClient
    connector: str
    heartbeat_s: float

    @classmethod
    def of(cls, stack: Description) -> Backfills:
        """Return the backfills of a stack. Raises UnansweredError if a login cannot be read."""
        names, worker = stack.names, stack.connect()
        return cls(
            Channel(stack.kafka(), names.signal_topic, names.signal_group, names.topic_prefix),
            ConnectClient(worker.url, worker.user, worker.password),
            names.source_connector,
            stack.heartbeat_s,
        )

    def progress(self) -> Progress:
        """Return the state at this moment."""
        stored = self.connect.positions(self.connector, seconds=_ASK_S)
        return progress(stored[0] if stored else {}, self.channel.signals(), self.channel.consumed())

    def start(self, table: Table, condition: str | None) -> str:
        """Ask for the rows of a table, and return the name of the signal."""
        name = uuid.uuid4().hex
        self.channel.send(signals.start(name, table, condition))
        return name

    def ask(self, written: Callable[[str], str], display: Display | None = None) -> Progress:
        """Send a signal and wait until the connector has read it.

        Raises:
            NotReadError: If it does not within a minute.
        """
        place = self.channel.send(written(uuid.uuid4().hex))
        patience = Patience(_READ_S, display=display)
        while self.channel.consumed() <= place:
            if not patience.go_on("the connector to read the signal", _POLL_S):
                raise self._not_read()
        return self.progress()

    def stop(self, table: Table | None, display: Display | None = None) -> Progress:
        """End the backfill of a table, or of all, and return once that is stored: a restart of the worker then begins none again.

        Args:
            table: The table; all by default.
            display: Receiver of the progress.

        Raises:
            NotReadError: If the connector does not read the signal within a minute.
            NotStoredError: If it does not store that it has stopped.
        """
        seen = self.ask(functools.partial(signals.stop, table=table), display)
        patience = Patience(2 * self.heartbeat_s + _STORED_S, display=display)
        while still := [one for one in seen.tables if table is None or one == table.in_database]:
            if not patience.go_on("the connector to store that it has stopped", _POLL_S):
                message = (
                    f"the connector {self.connector} has read the signal, and has not stored within {patience.seconds:.0f} s that "
                    f"{', '.join(still)} is stopped; until then a worker that starts again would go on: see 'status', and if it is paused, "
                    "'resume' it"
                )
                raise NotStoredError(message)
            seen = self.progress()
        return seen

    def follow(self, name: str, display: Display, seconds: float) -> bool:
        """Show the progress of a started backfill until it has ended.

        Args:
            name: Name of its signal.
            display: Receiver of the progress.
            seconds: Time limit.

        Returns:
            Whether it has ended in time.

        Raises:
            NotReadError: If the connector does not read the signal within a minute.
        """
        patience, quiet_since = Patience(seconds, display=display), None
        while True:
            seen = self.progress()
            if any(signal.id == name for signal in seen.waiting):
                if patience.spent > _READ_S:
                    raise self._not_read()
                waits = "the connector to read the signal"
            elif seen.tables:
                quiet_since, waits = None, str(seen)
            else:
                # what it does is stored at the next record or heartbeat, so that one look would be too early
                quiet_since, waits = quiet_since or patience.spent, "the connector to store its position"
                if patience.spent - quiet_since > self.heartbeat_s + 2 * _POLL_S:
                    return True
            if not patience.go_on(waits, _POLL_S):
                return False

    def _not_read(self) -> NotReadError:
        return NotReadError(
            f"the connector {self.connector} has not read the signal within {_READ_S:.0f} s; the signal waits in {self.channel.topic} for "
            "a day: see that the connector's state is RUNNING, and ask again with 'status'"
        )
