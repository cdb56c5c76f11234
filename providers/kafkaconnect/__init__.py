"""Kafka connectors as resources: the SDK that a Pulumi program imports, without the code of the provider's process."""

from providers.kafkaconnect.sdk import ClusterReady, Connector, GroupPosition, Provider, Removal

__all__ = ["ClusterReady", "Connector", "GroupPosition", "Provider", "Removal"]
