"""Transactions that settle dead letters: original records back on their topics, and the marks that say so, both or neither."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from pipeline.dlq.ledger import State, marks_for
from pipeline.dlq.letter import REPLAYS_HEADER
from pipeline.dlq.topic import DeadLetterTopic, TopicError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from pipeline.dlq.letter import Letter

TRANSACTIONS: Final = "dead-letters"
"""Transactional id: a run ends the open transaction of an earlier one, whose later writes are refused."""

# A killed run holds up readers of committed records for as long; brokers look for such transactions every 10 s.
TIMEOUT_MS: Final = 15_000
# Letters and bytes of one transaction, which a local cluster writes in well below a second
_MOST_LETTERS: Final = 200
_MOST_BYTES: Final = 4 * 1024 * 1024
# Largest record that this client passes on; the topic's own limit decides
_LARGEST: Final = 64 * 1024 * 1024
_WAIT_S: Final = 30.0


def batches(letters: Sequence[Letter]) -> Iterator[list[Letter]]:
    """Yield letters in groups for one transaction each."""
    group: list[Letter] = []
    size = 0
    for one in letters:
        weight = len(one.record.key or b"") + len(one.record.value or b"")
        if group and (len(group) == _MOST_LETTERS or size + weight > _MOST_BYTES):
            yield group
            group, size = [], 0
        group.append(one)
        size += weight
    if group:
        yield group


def replayed(letter: Letter) -> list[tuple[str, bytes | None]]:
    """Return the headers of a record that is put back: its own, and how often that was done."""
    return [*letter.own_headers, (REPLAYS_HEADER, str(letter.replays + 1).encode())]


@dataclass(slots=True)
class Writer:
    """The only writer of marks.

    Attributes:
        topic: The dead-letter topic.
        progress: Receiver of the number of letters that are settled so far.
    """

    topic: DeadLetterTopic
    progress: Callable[[int], None]
    _producer: Any = None
    _refused: list[str] = field(default_factory=list)

    def open(self) -> None:
        """End whatever an earlier run has left open, and lock it out. What is read from now on is complete.

        Raises:
            TopicError: If the cluster does not answer.
        """
        from confluent_kafka import KafkaException, Producer  # noqa: PLC0415 - slow to load

        own = {
            "transactional.id": f"{TRANSACTIONS}.{self.topic.name}",
            "transaction.timeout.ms": TIMEOUT_MS,
            "message.max.bytes": _LARGEST,
            # Kafka's Java clients choose a partition by this hash; librdkafka's own default is another
            "partitioner": "murmur2_random",
            "compression.type": "lz4",
            "log_level": 0,
            "error_cb": lambda _: None,
        }
        try:
            self._producer = Producer({**self.topic.settings, **own})
            self._producer.init_transactions(_WAIT_S)
        except KafkaException as error:
            raise TopicError(self.topic.reason(error)) from None

    def replay(self, letters: Sequence[Letter]) -> None:
        """Put records back on their topics and mark them as replayed.

        Args:
            letters: Open letters with an origin.

        Raises:
            TopicError: If a transaction fails; nothing of it is visible then, and the earlier ones are.
        """
        sizes = {topic: self.topic.partitions(topic) for topic in {one.origin.topic for one in letters if one.origin}}
        self._settle(letters, State.REPLAYED, "", sizes)

    def drop(self, letters: Sequence[Letter], reason: str) -> None:
        """Mark letters as dropped.

        Args:
            letters: Open letters.
            reason: Why they are not needed.

        Raises:
            TopicError: If a transaction fails.
        """
        self._settle(letters, State.DROPPED, reason, {})

    def _settle(self, letters: Sequence[Letter], state: State, reason: str, sizes: Mapping[str, int]) -> None:
        from confluent_kafka import KafkaException  # noqa: PLC0415 - slow to load

        done = 0
        for group in batches(letters):
            try:
                self._producer.begin_transaction()
                if state is State.REPLAYED:
                    for one in group:
                        self._put_back(one, sizes)
                for partition, mark in marks_for(group, state, reason).items():
                    self._produce(self.topic.name, None, mark.value, list(mark.headers), partition, "the mark")
                self._producer.commit_transaction(_WAIT_S)
            except (KafkaException, BufferError) as error:
                raise TopicError(self._failure(error, done)) from None
            done += len(group)
            self.progress(done)

    def _put_back(self, letter: Letter, sizes: Mapping[str, int]) -> None:
        origin, record = letter.origin, letter.record
        if origin is None:
            message = f"{letter.place} has no original topic"
            raise ValueError(message)
        partition = origin.partition if origin.partition < sizes[origin.topic] else None
        self._produce(origin.topic, record.key, record.value, replayed(letter), partition, str(letter.place))

    def _produce(
        self,
        topic: str,
        key: bytes | None,
        value: bytes | None,
        headers: list[tuple[str, bytes | None]] | list[tuple[str, bytes]],
        partition: int | None,
        what: str,
    ) -> None:
        def delivered(error: Any, _message: object) -> None:  # noqa: ANN401 - loaded late
            if error is not None:
                self._refused.append(f"{what} was refused ({error.name()})")

        where = {} if partition is None else {"partition": partition}
        self._producer.produce(topic, value=value, key=key, headers=headers, on_delivery=delivered, **where)
        self._producer.poll(0)

    def _failure(self, error: Exception, done: int) -> str:
        """End the transaction as far as possible, and say what holds."""
        from confluent_kafka import KafkaException  # noqa: PLC0415 - slow to load

        first = self._refused[0] if self._refused else self.topic.reason(error)
        known = f"{done} were settled before, nothing of the others is visible"
        try:
            self._producer.abort_transaction(_WAIT_S)
        except KafkaException:
            known = f"{done} were settled before; 'list' tells of the others, which another run may have taken over"
        return f"{first}; {known}: run the command again"
