"""Kafka topics, as pulumi-kafka makes them, by the admin client of librdkafka."""

from __future__ import annotations

import logging
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import (
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    ConfigSource,
    NewPartitions,
    NewTopic,
    ResourceType,
)

from providers.operations import Change, IncompleteError, Plain, ProviderError, Reporter, State
from providers.waiting import Patience
from sandbox.standins.shape import Shape, StandIn, decoded, taken
from stack.configs.tokens import TOPIC
from stack.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from confluent_kafka.admin import TopicMetadata

_REQUEST_S, _APPEAR_S, _POLL_S = 15.0, 60.0, 0.25
# Where a key comes from that is set on the topic itself.
_OWN: Final = ConfigSource.DYNAMIC_TOPIC_CONFIG.value
_SILENT: Final = logging.getLogger("sandbox.kafka")


class Topic(StandIn):
    """Topics of one cluster."""

    shape = Shape(
        token=TOPIC,
        exclusive=True,
        required=frozenset({"partitions", "replicationFactor"}),
        optional={"name": None, "config": None},
        replaces=frozenset({"name"}),
        names=("name",),
        named="name",
    )
    holds_data = True

    def __init__(self, config: Plain, reporter: Reporter, cancelled: threading.Event) -> None:
        """Connect to nothing yet."""
        self._settings = decoded(config)
        self._reporter = reporter
        self._cancelled = cancelled
        self._lock = threading.Lock()
        self._made: AdminClient | None = None

    def problems(self, inputs: Plain, previous: Plain | None) -> list[Problem]:
        """Refuse numbers that no broker takes, and another number of copies: that would move replicas."""
        problems = [
            Problem(path=key, rule=f"{inputs[key]!r} is not a whole number from 1")
            for key in ("partitions", "replicationFactor")
            if isinstance(inputs[key], int | float | str) and (not isinstance(inputs[key], int) or inputs[key] < 1)
        ]
        before, after = (previous or {}).get("replicationFactor"), inputs["replicationFactor"]
        if isinstance(before, int) and isinstance(after, int) and before != after:
            rule = f"is {before} and would become {after}: the stand-in moves no replicas"
            return [*problems, Problem(path="replicationFactor", rule=rule, cure=f"keep {before}")]
        return problems

    def diff(self, old: Plain, new: Plain) -> list[Change]:
        """As by the inputs; fewer partitions are another topic, since Kafka takes none away."""
        before, after = old.get("partitions"), new.get("partitions")
        fewer = isinstance(before, int) and isinstance(after, int) and after < before
        return [
            Change(change.path, change.kind, replace=change.replace or (fewer and change.path == "partitions"))
            for change in super().diff(old, new)
        ]

    def create(self, inputs: Plain) -> State:
        """Make the topic, and wait until every partition has a leader; one that is there is refused, or adopted and corrected.

        Raises:
            IncompleteError: If the topic was made and is not usable, so that the next run goes on with it.
        """
        with _in_words():
            live = self._topic(inputs["name"])
        if live is not None and not self.adopts:
            raise taken(self.shape, inputs["name"])
        try:
            with _in_words():
                if live is None:
                    self._create(inputs)
                else:
                    self._adjust(inputs, live, dropped=())
                self._wait_for_leaders(inputs["name"], inputs["partitions"])
        except ProviderError as error:
            with _in_words():
                if self._topic(inputs["name"]) is None:
                    raise
            raise IncompleteError(State(inputs["name"], dict(inputs)), [str(error)]) from None
        return State(inputs["name"], dict(inputs))

    def read(self, resource_id: str, previous: Plain | None = None, outputs: Plain | None = None) -> State | None:  # noqa: ARG002  # the protocol's
        """Look at the topic: its partitions, its copies, and the keys that are set on it itself."""
        with _in_words():
            live = self._topic(resource_id)
            if live is None:
                return None
            config = {key: entry.value for key, entry in self._config(resource_id).items() if entry.source == _OWN}
        return State(
            resource_id,
            {
                "name": resource_id,
                "partitions": len(live.partitions),
                "replicationFactor": max(len(partition.replicas) for partition in live.partitions.values()),
                **({"config": config} if config or "config" in (previous or {}) else {}),
            },
        )

    def update(self, resource_id: str, old: Plain, new: Plain) -> State:
        """Add partitions, set keys, and give those that are no longer named back to the broker's defaults."""
        with _in_words():
            live = self._topic(resource_id)
            if live is None:
                message = f"topic {resource_id} is gone; `pulumi refresh` records that in the state, and the next `up` creates it again"
                raise ProviderError(message)
            self._adjust(new, live, dropped=sorted((old.get("config") or {}).keys() - (new.get("config") or {}).keys()))
            self._wait_for_leaders(resource_id, new["partitions"])
        return State(resource_id, dict(new))

    def delete(self, resource_id: str, old: Plain) -> None:  # noqa: ARG002  # the protocol's
        """Delete the topic and wait until no broker lists it."""
        with _in_words():
            try:
                self._client().delete_topics([resource_id], operation_timeout=_REQUEST_S)[resource_id].result(_REQUEST_S)
            except KafkaException as error:
                if error.args[0].code() != KafkaError.UNKNOWN_TOPIC_OR_PART:
                    raise
            patience = self._patience()
            while self._topic(resource_id) is not None and patience.go_on(f"topic {resource_id}: the brokers to forget it", _POLL_S):
                pass

    def _client(self) -> AdminClient:
        with self._lock:
            if self._made is None:
                servers: dict[str, Any] = {"bootstrap.servers": ",".join(self._settings["bootstrapServers"]), "log_level": 0}
                self._made = AdminClient({**servers, **_security(self._settings)}, logger=_SILENT)
            return self._made

    def _topic(self, name: str) -> TopicMetadata | None:
        try:
            # Asking for one name would create the topic on a cluster that creates topics by itself.
            live = self._client().list_topics(timeout=_REQUEST_S).topics.get(name)
        except KafkaException as error:
            message = f"no broker answers: {error.args[0].str()}"
            raise ProviderError(message) from None
        return live if live is not None and live.error is None else None

    def _config(self, name: str) -> Mapping[str, Any]:
        resource = ConfigResource(ResourceType.TOPIC, name)
        found: Mapping[str, Any] = self._client().describe_configs([resource])[resource].result(_REQUEST_S)
        return found

    def _create(self, inputs: Plain) -> None:
        topic = NewTopic(
            inputs["name"],
            num_partitions=inputs["partitions"],
            replication_factor=inputs["replicationFactor"],
            config=dict(inputs.get("config") or {}),
        )
        try:
            self._client().create_topics([topic], operation_timeout=_REQUEST_S)[inputs["name"]].result(_REQUEST_S + 5)
        except KafkaException as error:
            if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                raise

    def _adjust(self, inputs: Plain, live: TopicMetadata, dropped: Any) -> None:  # noqa: ANN401  # names
        """Add partitions and set configuration on a topic that is there; refuse what would lose or move records."""
        name, have = inputs["name"], len(live.partitions)
        replicas = {len(partition.replicas) for partition in live.partitions.values()}
        if inputs["partitions"] < have:
            message = (
                f"topic {name} has {have} partitions and the program wants {inputs['partitions']}: "
                "partitions cannot be taken away without losing records. Keep the number, or delete the topic by hand"
            )
            raise ProviderError(message)
        if replicas != {inputs["replicationFactor"]}:
            message = (
                f"topic {name} has {sorted(replicas)} replicas and the program wants {inputs['replicationFactor']}: "
                "the stand-in moves no replicas. Delete the topic by hand and run again"
            )
            raise ProviderError(message)
        if inputs["partitions"] > have:
            self._client().create_partitions([NewPartitions(name, inputs["partitions"])])[name].result(_REQUEST_S)
        self._configure(name, inputs.get("config") or {}, dropped)

    def _configure(self, name: str, asked: Mapping[str, Any], dropped: Any) -> None:  # noqa: ANN401  # names
        live = self._config(name)
        edits = [
            ConfigEntry(key, str(value), incremental_operation=AlterConfigOpType.SET)
            for key, value in sorted(asked.items())
            if key not in live or live[key].value != str(value) or live[key].source != _OWN
        ]
        edits += [ConfigEntry(key, None, incremental_operation=AlterConfigOpType.DELETE) for key in dropped]
        if edits:
            change = ConfigResource(ResourceType.TOPIC, name, incremental_configs=edits)
            self._client().incremental_alter_configs([change])[change].result(_REQUEST_S)

    def _wait_for_leaders(self, name: str, partitions: int) -> None:
        patience = self._patience()
        while not self._cancelled.is_set():
            live = self._topic(name)
            led = [item for item in live.partitions.values() if item.leader >= 0] if live is not None else []
            if len(led) >= partitions:
                return
            if not patience.go_on(f"topic {name}: leaders of the partitions, {len(led)} of {partitions} so far", _POLL_S) and patience.over:
                message = f"topic {name} has leaders for {len(led)} of its {partitions} partitions after {_APPEAR_S:.0f} s"
                raise ProviderError(message)

    def _patience(self) -> Patience:
        return Patience(_APPEAR_S, cancelled=self._cancelled, display=self._reporter)


@contextmanager
def _in_words() -> Iterator[None]:
    """Let Kafka's own words out without the exception's form."""
    try:
        yield
    except KafkaException as error:
        raise ProviderError(error.args[0].str()) from None
    except TimeoutError:
        message = f"the brokers have not answered for {_REQUEST_S:.0f} s; look at their pods, and run again"
        raise ProviderError(message) from None


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
