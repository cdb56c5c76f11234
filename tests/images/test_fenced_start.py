"""A broker that was killed while a transaction ended does not let a part of it be committed.

Its log says that the transaction is ended, and no other broker's does: they were stopped in between. Started again at once, Kafka's own
main class ends it in the partitions of the others before the cluster has another leader, which then aborts it in the rest.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from stack.settings.names import BROKERS
from tests.images.three_brokers import Brokers

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.sandbox

TOPIC = "changes"
STATES = "__transaction_state"
TIMEOUT_MS = 6000
ALONE = "its controller runs alone"
# Seconds in which a stopped broker's last request is answered, and each record after it waits
MOMENT_S = 0.4
# A process of its own, so that SIGKILL ends it: a producer that lives sends the end again to the next coordinator.
WRITER = """
import sys
from confluent_kafka import Producer
bootstrap, timeout, *names = sys.argv[1:]
writers = [Producer({"bootstrap.servers": bootstrap, "transactional.id": name, "transaction.timeout.ms": int(timeout)}) for name in names]
for name, writer in zip(names, writers):
    writer.init_transactions(30)
    writer.begin_transaction()
    for partition in range(3):
        writer.produce("changes", value=name.encode(), partition=partition)
    assert writer.flush(30) == 0
print("written", flush=True)
import threading
for writer in writers:
    sys.stdin.readline()
    threading.Thread(target=writer.commit_transaction, args=(60,), daemon=True).start()
sys.stdin.read()
"""


@pytest.fixture
def brokers(staged_brokers: Path, tmp_path: Path) -> Iterator[Brokers]:
    """Run the brokers and make a topic with one partition led by each."""
    with Brokers(tmp_path, staged_brokers) as running:
        admin = AdminClient({"bootstrap.servers": running.bootstrap})
        led = [[(number + one) % BROKERS for one in range(BROKERS)] for number in range(BROKERS)]
        for made in admin.create_topics([NewTopic(TOPIC, num_partitions=BROKERS, replica_assignment=led)], operation_timeout=30).values():
            made.result(30)
        Producer({"bootstrap.servers": running.bootstrap, "transactional.id": "first"}).init_transactions(60)
        yield running


def same_coordinator(brokers: Brokers) -> tuple[int, list[str]]:
    """Return a broker and two names whose transactions are in one partition of it, as Java's hash of a text divides them."""
    partitions = AdminClient({"bootstrap.servers": brokers.bootstrap}).list_topics(STATES, timeout=30).topics[STATES].partitions
    names = [f"writer-{number}" for number in range(60)]
    (number, leader) = min((number, partition.leader) for number, partition in partitions.items())
    return leader, [name for name in names if abs(_hash(name)) % len(partitions) == number][:2]


def _hash(text: str) -> int:
    made = 0
    for character in text:
        made = (31 * made + ord(character)) & 0xFFFFFFFF
    return made - (made >> 31 << 32)


def committed(brokers: Brokers) -> dict[str, list[int]]:
    """Return the partitions that a reader of committed records finds each transaction's record in."""
    reader = Consumer({"bootstrap.servers": brokers.bootstrap, "group.id": "reader", "isolation.level": "read_committed"})
    reader.assign([TopicPartition(TOPIC, number, 0) for number in range(BROKERS)])
    found: dict[str, list[int]] = {}
    until = time.monotonic() + 10
    while time.monotonic() < until:
        record = reader.poll(0.5)
        if record is not None and not record.error():
            found.setdefault(record.value().decode(), []).append(record.partition())
    reader.close()
    return found


def test_a_broker_killed_at_the_end_of_a_transaction_leaves_all_of_it_or_nothing(brokers: Brokers) -> None:
    killed, names = same_coordinator(brokers)
    others = [number for number in range(BROKERS) if number != killed]
    command = [sys.executable, "-c", WRITER, brokers.bootstrap, str(TIMEOUT_MS), *names]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdin is not None
        assert writer.stdout is not None
        assert writer.stdout.readline() == "written\n"
        for number in others:
            brokers.send(number, signal.SIGSTOP)
        time.sleep(MOMENT_S)
        for _ in names:
            writer.stdin.write("\n")
            writer.stdin.flush()
            time.sleep(MOMENT_S)
        writer.kill()
        brokers.kill(killed)
    for number in others:
        brokers.send(number, signal.SIGCONT)
    brokers.start(killed)
    brokers.wait_for(killed)
    for name in names:
        Producer({"bootstrap.servers": brokers.bootstrap, "transactional.id": name}).init_transactions(60)
    assert {name: len(found) for name, found in committed(brokers).items() if len(found) != BROKERS} == {}
    assert ALONE in brokers.log(killed)


def test_a_broker_that_was_shut_down_starts_without_waiting(brokers: Brokers) -> None:
    shut_down(brokers, 0)
    brokers.start(0)
    brokers.wait_for(0)
    assert ALONE not in brokers.log(0)


def test_a_broker_that_was_shut_down_waits_where_no_other_is_there_to_say_that_it_handed_over(brokers: Brokers) -> None:
    shut_down(brokers, 0)
    for number in (1, 2):
        brokers.kill(number)
    brokers.start(0)
    brokers.wait_until(lambda: ALONE in brokers.log(0), 0)
    for number in (1, 2):
        brokers.start(number)
    for number in range(BROKERS):
        brokers.wait_for(number)


def shut_down(brokers: Brokers, number: int) -> None:
    """End one as a pod's end does, and wait for it."""
    brokers.send(number, signal.SIGTERM)
    assert brokers.running[number].wait(60) is not None
