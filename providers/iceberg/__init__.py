"""Iceberg tables as resources: what a Pulumi program imports, without anything of the provider's own process."""

from providers.iceberg.sdk import Column, Provider, Table

__all__ = ["Column", "Provider", "Table"]
