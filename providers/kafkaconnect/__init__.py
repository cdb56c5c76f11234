"""Kafka connectors as resources; what a Pulumi program imports. Nothing of the provider's own process is loaded from here."""

from providers.kafkaconnect.sdk import ClusterReady, Connector, Provider

__all__ = ["ClusterReady", "Connector", "Provider"]
