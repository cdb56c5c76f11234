"""Kafka connectors as resources: what a Pulumi program imports, without anything of the provider's own process."""

from providers.kafkaconnect.sdk import ClusterReady, Connector, Provider, Removal

__all__ = ["ClusterReady", "Connector", "Provider", "Removal"]
