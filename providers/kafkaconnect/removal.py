"""Removal of a connector, including its external resources.

A source may hold a resource in the system it reads from: Debezium holds a replication slot, which retains a database's write-ahead log
until the volume is full. Only the running connector can release it; so it gets the configuration that does so, and is stopped, before
it is deleted. Its offsets are deleted too: they refer to the released resource, and a successor of the same name would miss all changes
in between.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from providers.kafkaconnect.asking import answered
from providers.kafkaconnect.watch import Watch
from providers.operations import CancelledError, ProviderError
from providers.unreachable import UnreachableError, is_given_up, with_cure
from stack.configs.secrecy import without_passwords

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import TypeVar

    from providers.kafkaconnect.rest import ConnectClient
    from providers.kafkaconnect.status import Status
    from providers.kafkaconnect.watch import Tempo
    from providers.operations import Plain, Reporter
    from providers.waiting import Patience

    _Answer = TypeVar("_Answer")


@dataclass(frozen=True, slots=True)
class Removal:
    """Removal of one connector.

    Attributes:
        client: Client of its worker.
        name: Name of the connector.
        tempo: Intervals and limits of the waits.
        patience: Time limit of the whole removal.
        reporter: Receiver of what could not be released.
    """

    client: ConnectClient
    name: str
    tempo: Tempo
    patience: Patience
    reporter: Reporter

    def run(self, wanted: Plain | None) -> None:
        """Delete the connector and wait until the worker has removed it.

        Args:
            wanted: The resource's ``removal``: ``config``, the keys that make it release its external resources, and ``otherwise``, the
                manual steps if it could not.

        Raises:
            UnreachableError: If the worker does not answer.
            ProviderError: If the worker answers but does not remove it.
        """
        try:
            if wanted and not self._given_back(wanted["config"]):
                self._tell(wanted["otherwise"])
            self._forgotten()
        except UnreachableError as error:
            if not is_given_up():
                raise UnreachableError(with_cure(str(error))) from None
            self.reporter.note(f"connector {self.name}: its worker does not answer; it is removed from the state only")
            if wanted:
                self._tell(wanted["otherwise"])

    def begun_again(self) -> None:
        """Reset a connector after an interrupted removal: stop it and delete its offsets, so that it misses nothing.

        Raises:
            ProviderError: If it does not stop.
        """
        self.reporter.note(f"connector {self.name}: its removal was interrupted; it starts from the beginning")
        if not self._stopped():
            message = (
                f"connector {self.name}: its removal was interrupted, and it does not stop; stop it, delete its offsets, and try again"
            )
            raise ProviderError(message)

    def _given_back(self, config: Mapping[str, str]) -> bool:
        """Let the connector release its external resources; return False if it could not. A missing connector counts as released."""
        live = self._ask(lambda seconds: self.client.config(self.name, seconds=seconds))
        status = self._ask(lambda seconds: self.client.status(self.name, seconds=seconds))
        if live is None:
            return True
        if status is None or status.failed:
            return False
        try:
            self._ask(lambda seconds: self.client.resume(self.name, seconds=seconds))
            self._ask(lambda seconds: self.client.put(self.name, {**live, **config}, seconds=seconds))
            return self._stopped() if self._runs() else False
        except (CancelledError, UnreachableError):
            raise
        except ProviderError as error:
            self.reporter.note(f"connector {self.name}: {without_passwords(str(error))}")
            return False

    def _runs(self) -> bool:
        watch = Watch(self.tempo.steady, self.tempo.doubt)
        while not self.patience.over:
            status = self._ask(lambda seconds: self.client.status(self.name, seconds=seconds))
            if watch.settled(status):
                return True
            if watch.failed(status):
                return False
            self._wait(f"to run with its last configuration: {status or 'no status yet'}")
        return False

    def _stopped(self) -> bool:
        self._ask(lambda seconds: self.client.stop(self.name, seconds=seconds))
        while not self.patience.over:
            status = self._ask(lambda seconds: self.client.status(self.name, seconds=seconds))
            if _has_stopped(status):
                self._ask(lambda seconds: self.client.forget_offsets(self.name, seconds=seconds))
                return True
            self._wait(f"to stop: {status}")
        return False

    def _forgotten(self) -> None:
        self._ask(lambda seconds: self.client.delete(self.name, seconds=seconds))
        while self._ask(lambda seconds: self.client.status(self.name, seconds=seconds)) is not None:
            if self.patience.over:
                message = f"connector {self.name}: the worker still reports it {self.patience.spent:.0f} s after its removal"
                raise ProviderError(message)
            self._wait("to be removed")

    def _ask(self, question: Callable[[float], _Answer]) -> _Answer:
        return answered(self.patience, f"removing connector {self.name}", question, first=self.tempo.poll / 2)

    def _wait(self, until: str) -> None:
        self.patience.pause(self.tempo.poll, f"connector {self.name} {until}")

    def _tell(self, otherwise: str) -> None:
        self.reporter.note(f"connector {self.name}: it did not run, so it could not release its external resources. {otherwise}")


def _has_stopped(status: Status | None) -> bool:
    return status is not None and status.connector.state == "STOPPED" and not status.tasks
