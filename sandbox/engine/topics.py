"""Kafka topics, by the admin client of librdkafka."""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING, Any, Final

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import (
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewPartitions,
    NewTopic,
    ResourceType,
)

from sandbox.engine.failures import RefusedError
from sandbox.engine.family import Change, Converged, decoded

if TYPE_CHECKING:
    from collections.abc import Mapping

    from confluent_kafka.admin import TopicMetadata

    from sandbox.engine.family import Step, Wanted
    from sandbox.engine.journal import Entry

_REQUEST_S: Final = 15.0
_APPEAR_S: Final = 60.0
_POLL_S: Final = 0.25
_SILENT: Final = logging.getLogger("sandbox.kafka")


class Topics:
    """Acts for `kafka:index/topic:Topic`."""

    def __init__(self) -> None:
        """Connect to nothing yet; clients are shared by the topics of one provider."""
        self._lock = threading.Lock()
        self._clients: dict[str, AdminClient] = {}

    def identity(self, wanted: Wanted) -> str:
        """Name a topic by its name."""
        return str(wanted.inputs["name"])

    def kept(self, wanted: Wanted, identity: str) -> dict[str, Any]:  # noqa: ARG002 of the protocol
        """Keep the configured keys, so that a later run can take them back."""
        return {"config": sorted(wanted.inputs.get("config") or {})}

    def converge(self, wanted: Wanted, identity: str, step: Step) -> Converged:
        """Create the topic, add partitions, set its configuration; refuse what loses data or moves replicas."""
        try:
            return self._converge(wanted, identity, step)
        except KafkaException as error:
            raise RuntimeError(error.args[0].str()) from None

    def _converge(self, wanted: Wanted, identity: str, step: Step) -> Converged:
        client, inputs = self._client(wanted.provider), wanted.inputs
        live = _topic(client, identity)
        if live is None:
            change = Change.CREATED
            self._create(client, wanted, identity)
        else:
            change = Change.UPDATED if self._correct(client, wanted, identity, live) else Change.UNCHANGED
        _wait_for_leaders(client, identity, inputs["partitions"], step, wanted.cancelled)
        return Converged(id=identity, outputs=dict(inputs), change=change)

    def delete(self, entry: Entry, provider: Mapping[str, Any], step: Step) -> None:
        """Delete the topic and wait until no broker lists it."""
        client = self._client(provider)
        future = client.delete_topics([entry.identity], operation_timeout=_REQUEST_S)[entry.identity]
        try:
            future.result(_REQUEST_S)
        except KafkaException as error:
            if error.args[0].code() != KafkaError.UNKNOWN_TOPIC_OR_PART:
                raise RuntimeError(error.args[0].str()) from None
        deadline = time.monotonic() + _APPEAR_S
        while _topic(client, entry.identity) is not None and time.monotonic() < deadline:
            step.waiting("the brokers to forget it")
            time.sleep(_POLL_S)

    def _client(self, provider: Mapping[str, Any]) -> AdminClient:
        settings = decoded(provider)
        servers = ",".join(settings["bootstrapServers"])
        with self._lock:
            if servers not in self._clients:
                self._clients[servers] = AdminClient({"bootstrap.servers": servers, **_security(settings), "log_level": 0}, logger=_SILENT)
            return self._clients[servers]

    def _create(self, client: AdminClient, wanted: Wanted, name: str) -> None:
        inputs = wanted.inputs
        topic = NewTopic(
            name,
            num_partitions=inputs["partitions"],
            replication_factor=inputs["replicationFactor"],
            config=dict(inputs.get("config") or {}),
        )
        future = client.create_topics([topic], operation_timeout=_REQUEST_S)[name]
        try:
            future.result(_REQUEST_S + 5)
        except KafkaException as error:
            if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                raise

    def _correct(self, client: AdminClient, wanted: Wanted, name: str, live: TopicMetadata) -> bool:
        inputs = wanted.inputs
        have = len(live.partitions)
        replicas = {len(partition.replicas) for partition in live.partitions.values()}
        if inputs["partitions"] < have:
            message = (
                f"topic {name} has {have} partitions and the program wants {inputs['partitions']}: "
                "partitions cannot be taken away without losing records. Keep the number, or delete the topic by hand."
            )
            raise RefusedError(message)
        if replicas != {inputs["replicationFactor"]}:
            message = (
                f"topic {name} has {sorted(replicas)} replicas and the program wants {inputs['replicationFactor']}: "
                "the sandbox moves no replicas. Delete the topic by hand and run again."
            )
            raise RefusedError(message)
        if inputs["partitions"] > have:
            client.create_partitions([NewPartitions(name, inputs["partitions"])])[name].result(_REQUEST_S)
        return self._configure(client, wanted, name) or inputs["partitions"] > have

    def _configure(self, client: AdminClient, wanted: Wanted, name: str) -> bool:
        """Set what differs, and give keys the program no longer names back to the broker's defaults."""
        resource = ConfigResource(ResourceType.TOPIC, name)
        live = client.describe_configs([resource])[resource].result(_REQUEST_S)
        asked = wanted.inputs.get("config") or {}
        dropped = set(wanted.known.kept.get("config", ()) if wanted.known else ()) - asked.keys()
        edits = [
            ConfigEntry(key, str(value), incremental_operation=AlterConfigOpType.SET)
            for key, value in sorted(asked.items())
            if key not in live or live[key].value != str(value)
        ]
        edits += [ConfigEntry(key, None, incremental_operation=AlterConfigOpType.DELETE) for key in sorted(dropped)]
        if edits:
            change = ConfigResource(ResourceType.TOPIC, name, incremental_configs=edits)
            client.incremental_alter_configs([change])[change].result(_REQUEST_S)
        return bool(edits)


def _topic(client: AdminClient, name: str) -> TopicMetadata | None:
    try:
        # Asking for one name would create the topic on a cluster that creates topics by itself.
        live = client.list_topics(timeout=_REQUEST_S).topics.get(name)
    except KafkaException as error:
        message = f"no broker answers: {error.args[0].str()}"
        raise RuntimeError(message) from None
    return live if live is not None and live.error is None else None


def _wait_for_leaders(client: AdminClient, name: str, partitions: int, step: Step, cancelled: threading.Event) -> None:
    deadline = time.monotonic() + _APPEAR_S
    while not cancelled.is_set():
        live = _topic(client, name)
        led = [item for item in live.partitions.values() if item.leader >= 0] if live is not None else []
        if len(led) >= partitions:
            return
        if time.monotonic() > deadline:
            message = f"topic {name} has leaders for {len(led)} of its {partitions} partitions after {_APPEAR_S:.0f} s"
            raise RuntimeError(message)
        step.waiting(f"leaders of the partitions, {len(led)} of {partitions} so far")
        cancelled.wait(_POLL_S)


def _security(settings: Mapping[str, Any]) -> dict[str, str]:
    encrypted, user = bool(settings.get("tlsEnabled", True)), settings.get("saslUsername")
    if not user:
        return {"security.protocol": "SSL" if encrypted else "PLAINTEXT"}
    return {
        "security.protocol": "SASL_SSL" if encrypted else "SASL_PLAINTEXT",
        "sasl.mechanism": str(settings.get("saslMechanism", "plain")).upper().replace("SHA", "SHA-"),
        "sasl.username": str(user),
        "sasl.password": str(settings.get("saslPassword", "")),
    }
