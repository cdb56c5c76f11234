"""Iceberg tables as resources: the SDK that a Pulumi program imports, without the code of the provider's process."""

from providers.iceberg.sdk import Column, Provider, Table

__all__ = ["Column", "Provider", "Table"]
