"""Iceberg tables as resources; what a Pulumi program imports. Nothing of the provider's own process is loaded from here."""

from providers.iceberg.sdk import Column, Provider, Table

__all__ = ["Column", "Provider", "Table"]
