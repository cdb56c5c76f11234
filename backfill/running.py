"""Backfills of a running stack: signals out, progress back."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from backfill import signals
from backfill.channel import Channel
from backfill.progress import Progress, progress
from providers.kafkaconnect.librdkafka import client
from providers.kafkaconnect.rest import ConnectClient
from waiting import Patience

if TYPE_CHECKING:
    from collections.abc import Callable

    from reading.stack import RunningStack
    from settings.tables import Table
    from waiting import Display

_ASK_S: Final = 20.0
_POLL_S: Final = 2.0
# The connector looks for signals every 5 s, remembers them every 5 s, and stores what it does at a heartbeat at the latest.
_READ_S: Final = 60.0


class NotReadError(Exception):
    """The connector has not read a signal in time; the message names the cure."""


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
    def of(cls, stack: RunningStack) -> Backfills:
        """Return the backfills of a stack."""
        names, outputs, kafka = stack.settings.names, stack.outputs, stack.settings.streaming.kafka.external
        security = {"protocol": kafka.protocol, "mechanism": kafka.mechanism} if kafka else {}
        login = {"bootstrap.servers": outputs["kafka"]["bootstrapServers"], **client(security)}
        worker = outputs["connect"]
        return cls(
            Channel(login, names.signal_topic, names.signal_group, names.topic_prefix),
            ConnectClient(worker["url"], worker["user"], worker["password"]),
            names.source_connector,
            stack.settings.source.debezium.heartbeat_interval_ms / 1000,
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
