"""Kills aimed at a stage of the sink's commit, as its control topic shows it, or at records that the source has just written."""

from __future__ import annotations

import contextlib
import time
import uuid
from typing import TYPE_CHECKING, Final

from confluent_kafka import Consumer, TopicPartition

from sandbox.faults import processes
from sandbox.faults.ground import CONNECT, Ground, GroundError

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterator

    Way = Callable[[Ground, random.Random], contextlib.AbstractContextManager[str]]

CONTROL: Final = "iceberg-control"
_SEEN_S: Final = 60.0

STAGES: Final = {
    "before data files": b"StartCommit",
    "between files and commit": b"DataWritten",
    "at the commit": b"DataComplete",
    "between catalog and offsets": b"CommitToTable",
    "after the commit": b"CommitComplete",
}
"""Stages of a commit and the event that begins each, by a word that stands in its record. The transactions of these records may be open."""


def worker_killed(stage: str) -> Way:
    """Return a fault that kills the worker as soon as a stage of a commit begins."""

    @contextlib.contextmanager
    def strike(ground: Ground, chance: random.Random) -> Iterator[str]:
        del chance
        wait_for(ground, CONTROL, STAGES[stage], isolation="read_uncommitted")
        yield processes.kill(ground, CONNECT)

    return strike


@contextlib.contextmanager
def worker_killed_at_a_record(ground: Ground, chance: random.Random) -> Iterator[str]:
    """Kill the worker at a record of the source whose transaction is open: it has been sent, and its offset has not been committed."""
    del chance
    wait_for(ground, "postgres.public.users", b"", isolation="read_uncommitted")
    yield processes.kill(ground, CONNECT)


def wait_for(ground: Ground, topic: str, word: bytes, *, isolation: str) -> None:
    """Wait until a new record of a topic has a word in it.

    Raises:
        GroundError: If none came.
    """
    login = {"bootstrap.servers": ground.outputs()["kafka"]["bootstrapServers"], "group.id": f"faults-{uuid.uuid4().hex[:12]}"}
    how = {"enable.auto.commit": False, "isolation.level": isolation, "fetch.wait.max.ms": 10, "auto.offset.reset": "latest"}
    reader = Consumer({**login, **how})
    try:
        partitions = reader.list_topics(topic, timeout=10).topics[topic].partitions
        ends = [TopicPartition(topic, number) for number in partitions]
        reader.assign([TopicPartition(topic, end.partition, reader.get_watermark_offsets(end, timeout=10)[1]) for end in ends])
        deadline = time.monotonic() + _SEEN_S
        while time.monotonic() < deadline:
            message = reader.poll(0.05)
            if message is not None and message.error() is None and word in (message.value() or b""):
                return
    finally:
        reader.close()
    message_ = f"{topic} has shown no record with {word.decode()!r} in {_SEEN_S:.0f} s"
    raise GroundError(message_)
