"""Taking a connector down so that nothing of it stays elsewhere.

A source may hold something in the system it reads from: Debezium a replication slot, which keeps the write-ahead log of a database
until its volume is full. Only the connector itself knows how to give it back, and only while it runs; so it is told to, and stopped,
before it is removed. Its offsets go too: they point into what it has given back, and a successor of the same name would miss whatever
happens in between.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from configs.secrecy import without_passwords
from providers.kafkaconnect.asking import answered
from providers.kafkaconnect.rest import RefusedError
from providers.kafkaconnect.watch import Watch
from providers.operations import ProviderError
from providers.unreachable import UnreachableError, is_given_up, with_cure

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import TypeVar

    from providers.kafkaconnect.rest import ConnectClient, Status
    from providers.kafkaconnect.watch import Tempo
    from providers.operations import Plain
    from providers.patience import Patience

    _Answer = TypeVar("_Answer")


@dataclass(frozen=True, slots=True)
class Removal:
    """One connector's end.

    Attributes:
        client: Its worker.
        name: Its name.
        tempo: How often to look.
        patience: How long everything together may take.
    """

    client: ConnectClient
    name: str
    tempo: Tempo
    patience: Patience

    def run(self, wanted: Plain | None) -> None:
        """Remove it and wait until the worker has forgotten it.

        Args:
            wanted: The resource's ``removal``: ``config``, the keys by which it gives back what it holds, and ``otherwise``, what somebody
                must do by hand when it could not.

        Raises:
            UnreachableError: If the worker does not answer.
            ProviderError: If it answers and does not do it.
        """
        try:
            if wanted and not self._given_back(wanted["config"]):
                self._tell(wanted["otherwise"])
            self._forgotten()
        except UnreachableError as error:
            if not is_given_up():
                raise UnreachableError(with_cure(str(error))) from None
            self.patience.reporter.note(f"connector {self.name}: its worker does not answer, and it is forgotten as asked")
            if wanted:
                self._tell(wanted["otherwise"])

    def begun_again(self) -> None:
        """After a removal that broke off half-way: it gives back what it holds and forgets how far it was, so that it misses nothing.

        Raises:
            ProviderError: If it does not stop.
        """
        self.patience.reporter.note(f"connector {self.name}: a removal of it broke off; it begins from the start")
        if not self._stopped():
            message = f"connector {self.name}: a removal of it broke off, and it does not stop; stop it, remove its offsets, and try again"
            raise ProviderError(message)

    def _given_back(self, config: Mapping[str, str]) -> bool:
        """Whether it gave back what it holds, or there is no such connector."""
        live, status = self._ask(lambda: self.client.config(self.name)), self._ask(lambda: self.client.status(self.name))
        if live is None:
            return True
        if status is None or status.failed:
            return False
        try:
            self._ask(lambda: self.client.resume(self.name))
            self._ask(lambda: self.client.put(self.name, {**live, **config}))
            return self._stopped() if self._runs() else False
        except (RefusedError, ProviderError) as error:
            if isinstance(error, UnreachableError):
                raise
            self.patience.reporter.note(f"connector {self.name}: {without_passwords(str(error))}")
            return False

    def _runs(self) -> bool:
        watch = Watch(self.tempo.steady, self.tempo.doubt)
        while not self.patience.over:
            status = self._ask(lambda: self.client.status(self.name))
            if watch.settled(status):
                return True
            if watch.failed(status):
                return False
            self._wait(f"to run with its last configuration: {status or 'no status yet'}")
        return False

    def _stopped(self) -> bool:
        self._ask(lambda: self.client.stop(self.name))
        while not self.patience.over:
            status = self._ask(lambda: self.client.status(self.name))
            if _has_stopped(status):
                self._ask(lambda: self.client.forget_offsets(self.name))
                return True
            self._wait(f"to stop: {status}")
        return False

    def _forgotten(self) -> None:
        self._ask(lambda: self.client.delete(self.name))
        while self._ask(lambda: self.client.status(self.name)) is not None:
            if self.patience.over:
                message = f"connector {self.name}: the worker still reports it {self.patience.spent:.0f} s after its removal"
                raise ProviderError(message)
            self._wait("to be gone")

    def _ask(self, question: Callable[[], _Answer]) -> _Answer:
        return answered(self.patience, f"removing connector {self.name}", question, first=self.tempo.poll / 2)

    def _wait(self, until: str) -> None:
        self.patience.pause(self.tempo.poll, f"connector {self.name} {until}")

    def _tell(self, otherwise: str) -> None:
        self.patience.reporter.note(f"connector {self.name}: it did not run, so it could not give back what it holds. {otherwise}")


def _has_stopped(status: Status | None) -> bool:
    return status is not None and status.connector.state == "STOPPED" and not status.tasks
