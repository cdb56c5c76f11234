"""Resource classes for programs; they only pass inputs to the provider and outputs back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence  # noqa: TC003 - Pulumi evaluates the annotations of outputs
from dataclasses import dataclass

import pulumi

from providers.naming import camel, given
from stack.configs.tokens import CLUSTER_READY, CONNECTOR, GROUP_POSITION


class Provider(pulumi.ProviderResource):
    """A Kafka Connect cluster, addressed by its REST API."""

    def __init__(
        self,
        resource_name: str,
        *,
        url: pulumi.Input[str],
        username: pulumi.Input[str] | None = None,
        password: pulumi.Input[str] | None = None,
        timeout_seconds: pulumi.Input[int] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declare the cluster at ``url``; ``timeout_seconds`` (default 300) limits every wait for a connector."""
        secret = None if password is None else pulumi.Output.secret(password)
        inputs = {"url": url, "username": username, "password": secret, "timeoutSeconds": timeout_seconds}
        super().__init__("kafkaconnect", resource_name, given(inputs), opts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """Removal of a connector that holds resources outside Kafka.

    Attributes:
        config: Keys of its last configuration, which makes it release these resources.
        otherwise: Manual steps if it did not run; a sentence with the exact command.
    """

    config: Mapping[str, str]
    otherwise: str


class Connector(pulumi.CustomResource):
    """A connector; created when it and all its tasks run."""

    name: pulumi.Output[str]
    config: pulumi.Output[Mapping[str, str]]
    state: pulumi.Output[str]
    tasks: pulumi.Output[int]

    def __init__(
        self,
        resource_name: str,
        *,
        name: pulumi.Input[str],
        config: pulumi.Input[Mapping[str, pulumi.Input[str]]],
        removal: Removal | None = None,
        rollout: pulumi.Input[str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declare the connector ``name`` with the worker's own keys, all values strings, secrets by reference.

        The provider waits again until it runs whenever ``rollout``, a digest of the worker's pods, changes.
        """
        end = {"config": dict(removal.config), "otherwise": removal.otherwise} if removal else None
        inputs = given({"name": name, "config": config, "removal": end, "rollout": rollout})
        super().__init__(CONNECTOR, resource_name, {**inputs, "state": None, "tasks": None}, opts)


class ClusterReady(pulumi.CustomResource):
    """The gate in front of topics.

    Complete when every listener answers, knows all brokers, and every advertised address accepts connections.
    """

    cluster_id: pulumi.Output[str]

    def __init__(  # noqa: PLR0913 - a resource's inputs, all by name
        self,
        resource_name: str,
        *,
        bootstrap_servers: pulumi.Input[Sequence[pulumi.Input[str]]],
        brokers: pulumi.Input[int],
        rollout: pulumi.Input[str],
        partitions: pulumi.Input[Mapping[str, pulumi.Input[int]]] | None = None,
        epoch: pulumi.Input[int] | None = None,
        security: pulumi.Input[Mapping[str, pulumi.Input[str]]] | None = None,
        timeout_seconds: pulumi.Input[int] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Wait for ``brokers`` brokers at each of ``bootstrap_servers``.

        The check runs again whenever ``rollout``, a digest of the pod templates, changes. ``partitions`` is the future number for each
        topic: a preview refuses fewer than before, and so a lower ``epoch``, 1 by default. ``security`` has ``protocol`` and ``mechanism``
        of listeners that are not plain text.
        """
        inputs = {
            "bootstrap_servers": bootstrap_servers,
            "brokers": brokers,
            "rollout": rollout,
            "partitions": partitions,
            "epoch": epoch,
            "security": security,
            "timeout_seconds": timeout_seconds,
        }
        super().__init__(CLUSTER_READY, resource_name, {**given(inputs), "cluster_id": None}, opts)

    def translate_input_property(self, prop: str) -> str:
        """Convert a property name to the engine's spelling."""
        return camel(prop) if prop in _READY else prop

    def translate_output_property(self, prop: str) -> str:
        """Convert a property name to Python's spelling."""
        return _READY_BACK.get(prop, prop)


class GroupPosition(pulumi.CustomResource):
    """The position of a consumer group in a topic, committed before its first consumer in that topic starts."""

    def __init__(  # noqa: PLR0913 - a resource's inputs, all by name
        self,
        resource_name: str,
        *,
        bootstrap_servers: pulumi.Input[Sequence[pulumi.Input[str]]],
        group: pulumi.Input[str],
        topic: pulumi.Input[str],
        partitions: pulumi.Input[int],
        connector: pulumi.Input[str] | None = None,
        security: pulumi.Input[Mapping[str, pulumi.Input[str]]] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Commit the beginning of each of the topic's ``partitions`` that has no position of ``group``; ``security`` as for the gate.

        A ``connector`` that runs in the group already is stopped before; without one, no worker is needed.
        """
        inputs = {
            "bootstrap_servers": bootstrap_servers,
            "group": group,
            "topic": topic,
            "partitions": partitions,
            "connector": connector,
            "security": security,
        }
        super().__init__(GROUP_POSITION, resource_name, given(inputs), opts)

    def translate_input_property(self, prop: str) -> str:
        """Convert a property name to the engine's spelling."""
        return camel(prop) if prop in _READY else prop

    def translate_output_property(self, prop: str) -> str:
        """Convert a property name to Python's spelling."""
        return _READY_BACK.get(prop, prop)


_READY = ("bootstrap_servers", "timeout_seconds", "cluster_id")
_READY_BACK = {camel(name): name for name in _READY}
