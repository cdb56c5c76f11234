"""The end of an epoch: its source stops, and the sink archives what Kafka holds, since what it reads later counts for the new epoch."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING, Any, Final

from pipeline.epoch.looking import ends, worker
from providers.kafkaconnect import librdkafka
from providers.kafkaconnect.errors import NoConnectorError, NotNowError, RefusedError
from providers.operations import ProviderError
from providers.waiting import Patience
from stack.configs.topics import coordinator_group, sink_group
from stack.specification.streaming import registry

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pipeline.description.stack import Description
    from providers.waiting import Display
    from stack.settings.model import Settings

_ASK_S: Final = 20.0
_POLL_S: Final = 2.0
_STOP_S: Final = 90.0
_DRAIN_S: Final = 600.0
_END_S: Final = 120.0


class UnsettledError(Exception):
    """The epoch could not be ended; the message names the reason and the cure."""


def stop_source(stack: Description, display: Display) -> None:
    """Stop the source connector, so that no further row of the epoch is written.

    Raises:
        UnsettledError: If it does not stop in time.
    """
    client, name, patience = worker(stack), stack.names.source_connector, Patience(_STOP_S, display=display)
    last = ""
    while True:
        try:
            client.stop(name, seconds=_ASK_S)
            status = client.status(name, seconds=_ASK_S)
            if status is not None and status.connector.state == "STOPPED" and not status.tasks:
                return
            last = str(status)
        except NoConnectorError:
            return
        except (NotNowError, RefusedError, ProviderError) as error:
            last = str(error)
        if not patience.go_on(f"the connector {name} to stop: {last}", _POLL_S):
            message = f"the connector {name} has not stopped within {_STOP_S:.0f} s ({last}): nothing else was changed; begin again"
            raise UnsettledError(message)


def remove_source(stack: Description) -> None:
    """Delete the stopped source connector; its slot is dropped by the source of the next epoch.

    Left to ``up``, it would be started once more to drop the slot itself, and its last changes would count for the next epoch. What cannot
    be deleted now is left to ``up`` all the same.
    """
    with contextlib.suppress(NotNowError, ProviderError):
        worker(stack).delete(stack.names.source_connector, seconds=_ASK_S)


def drain(stack: Description, display: Display) -> None:
    """Wait until the archive has every row of the change topics.

    Args:
        stack: The stack.
        display: Receiver of the progress.

    Raises:
        UnsettledError: If it does not in time.
    """
    settings, patience = stack.kafka(), Patience(_DRAIN_S, display=display)
    for sink in stack.sinks:
        _reached(settings, sink_group(sink.connector), _ends(settings, sink.topics), patience, f"{sink.connector} to read")
        if stack.format == "iceberg":
            # every file that the sink has announced until now stands below this end; its coordinator goes on behind a commit only
            announced = _ends(settings, [sink.control_topic])
            _reached(settings, coordinator_group(sink.connector), announced, patience, f"{sink.connector} to commit")


def _ends(settings: Mapping[str, Any], topics: Sequence[str]) -> dict[tuple[str, int], int]:
    try:
        return {
            (topic, number): end
            for topic in topics
            for number, end in librdkafka.answered(settings, _ASK_S, lambda topic=topic: ends(settings, topic)).items()  # type: ignore[misc]
        }
    except (librdkafka.UnansweredError, ProviderError) as error:
        message = f"the brokers do not answer ({error}): the source is stopped and nothing else was changed; begin again"
        raise UnsettledError(message) from None


def _reached(settings: Mapping[str, Any], group: str, wanted: Mapping[tuple[str, int], int], patience: Patience, what: str) -> None:
    """Wait until a group has read every record below some ends."""
    while True:
        try:
            left = librdkafka.answered(settings, 2 * _ASK_S, lambda: unread(settings, group, wanted))
            state = f"records of {left} partitions are left"
        except librdkafka.UnansweredError as error:
            left, state = len(wanted), str(error)
        if not left:
            return
        if not patience.go_on(f"{what} ({state})", _POLL_S):
            message = (
                f"waited {_DRAIN_S:.0f} s for {what} what Kafka holds ({state}); the source is stopped and nothing else was changed: see "
                "that the sink connectors are RUNNING, and begin again"
            )
            raise UnsettledError(message)


def unread(settings: Mapping[str, Any], group: str, wanted: Mapping[tuple[str, int], int]) -> int:
    """Return the number of partitions that hold a committed record which a group has not read.

    Positions alone do not tell: the last entry of a partition is often the mark of a transaction, which no consumer reads.

    Args:
        settings: Settings of librdkafka for the cluster.
        group: Consumer group, which is asked and not joined.
        wanted: End of each topic and partition.
    """
    from confluent_kafka import OFFSET_BEGINNING, KafkaError, TopicPartition  # noqa: PLC0415 - slow to load

    reader = {"isolation.level": "read_committed", "enable.partition.eof": True, "auto.offset.reset": "earliest"}
    with librdkafka.consumer({**settings, **reader}, group) as member:
        found = member.committed([TopicPartition(*place) for place in wanted], timeout=_ASK_S / 2)
        behind = {(one.topic, one.partition): one.offset for one in found if one.offset < wanted[one.topic, one.partition]}
        open_, left = set(behind), set(behind)
        member.assign([TopicPartition(*place, offset if offset >= 0 else OFFSET_BEGINNING) for place, offset in behind.items()])
        deadline = time.monotonic() + _ASK_S
        while open_ and time.monotonic() < deadline:
            for message in member.consume(100, 1.0):
                place, error = (message.topic(), message.partition()), message.error()
                if error is not None and error.code() != KafkaError._PARTITION_EOF:  # noqa: SLF001 - librdkafka's own name of the code
                    continue
                if place in open_ and (error is not None or message.offset() >= wanted[place]):
                    left.discard(place)
                open_.discard(place)
        return len(left)


def end_workers(settings: Settings, display: Display) -> None:
    """End workers and registry, which would go on with connectors and schemas that no topic holds; ``up`` starts them again.

    Raises:
        UnsettledError: If the cluster does not end them in time.
    """
    from kubernetes import client, config  # noqa: PLC0415 - takes a second to load
    from urllib3.exceptions import HTTPError  # noqa: PLC0415 - comes with it

    cluster, names = settings.cluster, ["connect", *([registry.NAME] if settings.streaming.registry.is_managed else [])]
    patience, space = Patience(_END_S, display=display), settings.names.namespace
    try:
        apps = client.AppsV1Api(config.new_client_from_config(config_file=cluster.kubeconfig, context=cluster.context))
        for name in names:
            apps.patch_namespaced_deployment_scale(name, space, {"spec": {"replicas": 0}}, _request_timeout=_ASK_S)
        for name in names:
            while apps.read_namespaced_deployment(name, space, _request_timeout=_ASK_S).status.replicas:
                if not patience.go_on(f"the pods of {name} to end", _POLL_S):
                    message = f"the pods of {name} have not ended within {_END_S:.0f} s: see why with kubectl, and begin again"
                    raise UnsettledError(message)
    except (client.ApiException, config.ConfigException, HTTPError) as error:
        message = (
            f"workers and registry could not be ended ({type(error).__name__}); do it by hand and begin again: kubectl --context "
            f"{cluster.context} --namespace {space} scale deployment/{' deployment/'.join(names)} --replicas=0"
        )
        raise UnsettledError(message) from None
