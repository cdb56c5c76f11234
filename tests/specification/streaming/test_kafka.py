"""Brokers: a quorum by construction, bounded memory and disk, and an id that Kafka accepts."""

from __future__ import annotations

import base64
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stack.settings.jvm import Jvm
from stack.settings.names import BROKERS, Names
from stack.settings.streaming import KafkaSettings
from stack.specification.services import Address
from stack.specification.streaming import kafka
from stack.specification.streaming.jvm import flags

NAMES = Names()
PORTS = [9092, 9093, 9094]
SERVERS = [kafka.server_properties(NAMES, ordinal, Address(host="127.0.0.1", port=PORTS[ordinal])) for ordinal in range(BROKERS)]
EACH = {"node.id", "advertised.listeners"}


def test_brokers_differ_only_in_who_they_are() -> None:
    common = [{key: value for key, value in server.items() if key not in EACH} for server in SERVERS]
    assert common[0] == common[1] == common[2]
    for key in EACH:
        assert len({server[key] for server in SERVERS}) == BROKERS


def test_every_broker_is_a_voter_and_every_voter_a_broker() -> None:
    voters = dict(item.split("@") for item in SERVERS[0]["controller.quorum.voters"].split(","))
    assert sorted(voters) == sorted(server["node.id"] for server in SERVERS)
    for server in SERVERS:
        internal = dict(item.split("://") for item in server["advertised.listeners"].split(","))["INTERNAL"]
        assert voters[server["node.id"]].split(":")[0] == internal.split(":")[0]


def test_every_listener_has_a_protocol_and_a_port_of_its_own() -> None:
    for server in SERVERS:
        listeners = dict(item.split("://") for item in server["listeners"].split(","))
        assert len(set(listeners.values())) == len(listeners)
        assert set(listeners) == {item.split(":")[0] for item in server["listener.security.protocol.map"].split(",")}
        advertised = {item.split("://")[0] for item in server["advertised.listeners"].split(",")}
        assert advertised == set(listeners) - {server["controller.listener.names"]}, "a controller's listener is never advertised"


def test_the_loss_of_one_broker_leaves_topics_writable_and_complete() -> None:
    server = SERVERS[0]
    for key in ("min.insync.replicas", "transaction.state.log.min.isr", "share.coordinator.state.topic.min.isr"):
        assert BROKERS // 2 < int(server[key]) < BROKERS
    assert server["unclean.leader.election.enable"] == "false"


def test_requests_in_flight_take_a_fraction_of_the_heap() -> None:
    """The default is unbounded: five hundred requests of up to 100 MiB."""
    heap = KafkaSettings().jvm.heap_mib * 2**20
    server = SERVERS[0]
    bounded = ("queued.max.request.bytes", "replica.fetch.response.max.bytes", "log.cleaner.dedupe.buffer.size")
    assert sum(int(server[key]) for key in bounded) < heap / 4
    assert int(server["socket.request.max.bytes"]) <= int(server["queued.max.request.bytes"])


def test_the_brokers_own_topics_have_small_segments_too() -> None:
    """Their segments have a separate default of 100 MiB, and only closed ones are ever cleaned."""
    for topic in ("offsets.topic", "transaction.state.log"):
        assert int(SERVERS[0][f"{topic}.segment.bytes"]) <= int(SERVERS[0]["log.segment.bytes"])


def test_the_heap_is_half_the_container_and_the_rest_is_page_cache() -> None:
    settings = KafkaSettings()
    assert settings.jvm.heap_mib <= settings.memory_mib / 2


@given(st.binary(min_size=16, max_size=16))
def test_any_sixteen_bytes_make_a_cluster_id_that_kafka_accepts(content: bytes) -> None:
    """22 characters of the URL alphabet that decode to a UUID; a leading hyphen would be read as an option."""
    made = kafka.cluster_id(base64.b64encode(content).decode())
    assert re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_-]{21}", made)
    assert len(base64.urlsafe_b64decode(f"{made}==")) == 16


def test_formatting_leaves_a_formatted_volume_alone() -> None:
    command = kafka.format_command()
    assert "--ignore-formatted" in command
    assert f"--config={kafka.CONFIG}" in command
    assert kafka.broker_command(KafkaSettings(), NAMES.bootstrap_servers)[-2:] == [kafka.CONFIG, NAMES.bootstrap_servers]


@pytest.mark.parametrize("first_tier_only", [True, False])
def test_a_jvm_is_bounded_in_every_part(first_tier_only: bool) -> None:  # noqa: FBT001 - a table of two
    made = flags(Jvm(heap_mib=301, metaspace_mib=102, code_cache_mib=43, direct_mib=24), first_tier_only=first_tier_only)
    for flag in ("-Xmx301m", "-XX:MaxMetaspaceSize=102m", "-XX:ReservedCodeCacheSize=43m", "-XX:MaxDirectMemorySize=24m"):
        assert flag in made
    assert ("-XX:TieredStopAtLevel=1" in made) == first_tier_only
    assert "-XX:+ExitOnOutOfMemoryError" in made, "a JVM without memory must die, not linger"
    (initial,) = [int(flag.removeprefix("-Xms").removesuffix("m")) for flag in made if flag.startswith("-Xms")]
    assert 0 < initial <= 301
