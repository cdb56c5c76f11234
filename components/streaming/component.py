"""Streaming layer: brokers, schema registry, Connect workers and the Debezium connector.

The layer does not wait for the archive: the workers mount the archive's identity as an optional Secret. With one exception: from the second
epoch on, the Debezium connector waits for the sink, which has to know an epoch before the first row of it arrives.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pulumi
import pulumi_random as random

from components.streaming.brokers import KafkaComponent
from components.streaming.connect import ConnectComponent
from components.streaming.registry import RegistryComponent
from providers.kafkaconnect.sdk import Connector, Provider, Removal
from stack.specification.streaming.connect import CONNECT_USER, READER_USER

if TYPE_CHECKING:
    from collections.abc import Sequence

    from components.foundation.component import FoundationResources
    from components.source.component import SourceResources
    from stack.specification.streaming.parts import Streaming


@dataclass(frozen=True, kw_only=True)
class StreamingResources:
    """Resources and credentials of the streaming layer that the archive and the outputs use.

    Attributes:
        worker: Provider that manages connectors.
        topics: Every topic that the program creates.
        ready: Resources that must exist before a sink can read.
        connect_password: Password of the operator of Connect's REST interface.
        reader_password: Password of the user who may only read there, or None without monitoring.
        registry_password: Password of the registry's operator, or None for an existing registry.
        audit_password: Password of the registry's user for a scheduled audit, or None without one or for an existing registry.
    """

    worker: Provider
    topics: tuple[pulumi.Resource, ...]
    ready: tuple[pulumi.Resource, ...]
    connect_password: pulumi.Output[str]
    reader_password: pulumi.Output[str] | None
    registry_password: pulumi.Output[str] | None
    audit_password: pulumi.Output[str] | None


class StreamingComponent(pulumi.ComponentResource):
    """Brokers, schema registry, Connect workers and the source connector."""

    resources: StreamingResources

    def __init__(
        self,
        name: str,
        spec: Streaming,
        foundation: FoundationResources,
        source: SourceResources,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declare brokers, topics, registry and workers; ``capture`` declares the source connector."""
        super().__init__("cdc:streaming:Streaming", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        logins = {CONNECT_USER: f"{name}-connect-password", READER_USER: f"{name}-connect-reader-password"}
        passwords = {
            user: random.RandomPassword(logins[user], length=32, special=False, keepers=keepers, opts=child).result
            for user, keepers in spec.connect.keepers.items()
        }
        password = passwords[CONNECT_USER]
        # only the password is dynamic; the provider connects to the workers for connectors only, which wait for the workers
        worker = Provider(f"{name}-connect-provider", url=spec.connect.url, username=CONNECT_USER, password=password, opts=child)
        kafka = KafkaComponent("kafka", spec.kafka, foundation, worker, child)
        schemas = RegistryComponent("registry", spec.registry, foundation, kafka.topics, child) if spec.registry else None
        before = [*kafka.topics, *([schemas.service] if schemas else [])]
        connect = ConnectComponent("connect", spec.connect, foundation, passwords, [*before, *source.ready], child)
        self.resources = StreamingResources(
            worker=worker,
            topics=kafka.topics,
            ready=(*before, connect.service),
            connect_password=password,
            reader_password=passwords.get(READER_USER),
            registry_password=schemas.operator_password if schemas else None,
            audit_password=schemas.audit_password if schemas else None,
        )
        self._name, self._spec, self._foundation, self._source = name, spec, foundation, source
        self.register_outputs({"registryUrl": spec.registry_url})

    def capture(self, sinks: Sequence[pulumi.Resource]) -> None:
        """Declare the source connector; that of a later epoch starts once the sinks run."""
        spec, source = self._spec.source_connector, self._source
        before = [*self.resources.ready, *source.ready, *(sinks if self._spec.kafka.epoch > 1 else [])]
        Connector(
            f"{self._name}-source-connector",
            name=spec.name,
            config=dict(spec.config),
            removal=Removal(config=dict(spec.last_config), otherwise=spec.by_hand),
            rollout=self._spec.connect.rollout,
            opts=pulumi.ResourceOptions(
                parent=self,
                provider=self.resources.worker,
                depends_on=before,
                # the slot of a database inside the namespace ends with its volume; elsewhere the connector must drop it
                deleted_with=self._foundation.ends_with if source.is_inside else None,
            ),
        )
