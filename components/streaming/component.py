"""Brokers, schema registry, Connect worker, and Debezium on top.

The layer never waits for the archive: the worker mounts the archive's identity as an optional Secret.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi
import pulumi_random as random

from components.streaming.brokers import Brokers
from components.streaming.contract import StreamEndpoint
from components.streaming.registry_service import RegistryService
from components.streaming.worker import CONNECT_USER, Worker
from providers.kafkaconnect import Connector, Provider, Removal
from specification.source.sql import drop_slot_by_hand
from specification.streaming import registry
from specification.streaming.debezium import LAST_CONFIG, source_config

if TYPE_CHECKING:
    from components.streaming.contract import StreamingArgs


class Streaming(pulumi.ComponentResource):
    """From the brokers up to the source connector."""

    endpoint: StreamEndpoint
    registry_password: pulumi.Output[str] | None
    connect_password: pulumi.Output[str]

    def __init__(self, name: str, args: StreamingArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Declare the layer."""
        super().__init__("cdc:streaming:Streaming", name, None, opts)
        self._name = name
        self._args = args
        child = pulumi.ResourceOptions(parent=self)
        self.connect_password = random.RandomPassword(
            f"{name}-connect-password", length=32, special=False, keepers=args.rotation.keepers("connect"), opts=child
        ).result
        provider = self._worker_provider()
        brokers = Brokers("kafka", args, provider, child)
        schemas = RegistryService("registry", args, brokers.topics, child) if args.registry.is_managed else None
        before = [*brokers.topics, *([schemas.service] if schemas else [])]
        worker = Worker("connect", args, self.connect_password, [*before, *args.source.ready], child)
        self.registry_password = schemas.operator_password if schemas else None
        self.endpoint = StreamEndpoint(
            bootstrap=tuple(args.bootstrap),
            registry_url=registry.api_url(args.names, args.registry),
            worker=provider,
            rollout=worker.rollout,
            ready=(*before, worker.service),
        )
        self._source_connector()
        self.register_outputs({"registryUrl": self.endpoint.registry_url})

    def _worker_provider(self) -> Provider:
        """Static but for the password; it speaks to nobody until a connector is made, and those wait for the worker."""
        return Provider(
            f"{self._name}-connect-provider",
            url=f"http://{self._args.reach.connect.outside}",
            username=CONNECT_USER,
            password=self.connect_password,
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _source_connector(self) -> Connector:
        args, endpoint = self._args, self.endpoint
        return Connector(
            f"{self._name}-source-connector",
            name=args.names.source_connector,
            config=source_config(args.names, args.tables, args.source.inside, endpoint.registry_url, args.debezium),
            removal=Removal(config=LAST_CONFIG, otherwise=drop_slot_by_hand(args.names)),
            rollout=endpoint.rollout,
            opts=pulumi.ResourceOptions(
                parent=self,
                provider=endpoint.worker,
                depends_on=[*endpoint.ready, *args.source.ready],
                # the slot of a database inside the namespace is gone with its volume; elsewhere the connector has to drop it
                deleted_with=args.ground.ends_with if args.source.is_inside else None,
            ),
        )
