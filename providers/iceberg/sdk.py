"""Resource classes for programs; they only pass inputs to the provider and outputs back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence  # noqa: TC003 - Pulumi evaluates the annotations of outputs
from dataclasses import dataclass

import pulumi

from providers.naming import camel, given
from stack.configs.tokens import ICEBERG_TABLE


class Provider(pulumi.ProviderResource):
    """An Iceberg catalog and the warehouse of its tables."""

    def __init__(  # noqa: PLR0913 - a resource's inputs, all by name
        self,
        resource_name: str,
        *,
        catalog_type: pulumi.Input[str],
        catalog_name: pulumi.Input[str],
        warehouse: pulumi.Input[str],
        region: pulumi.Input[str] | None = None,
        uri: pulumi.Input[str] | None = None,
        username: pulumi.Input[str] | None = None,
        password: pulumi.Input[str] | None = None,
        endpoint: pulumi.Input[str] | None = None,
        access_key_id: pulumi.Input[str] | None = None,
        secret_access_key: pulumi.Input[str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declare the catalog: ``sql`` needs ``uri``, postgresql://host:port/database; ``glue`` needs a region.

        Without keys, the provider uses AWS's default chain of credentials.
        """
        inputs = {
            "catalogType": catalog_type,
            "catalogName": catalog_name,
            "warehouse": warehouse,
            "region": region,
            "uri": uri,
            "username": username,
            "password": _secret(password),
            "endpoint": endpoint,
            "accessKeyId": _secret(access_key_id),
            "secretAccessKey": _secret(secret_access_key),
        }
        super().__init__("iceberg", resource_name, given(inputs), opts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of a table.

    Attributes:
        name: Letters, digits and underscores.
        type: int, long, string, boolean, float, double, date, timestamp, timestamptz, uuid, binary or decimal(precision,scale).
        required: True to refuse NULL; only for columns of a new table.
        doc: Documentation that readers of the table see.
    """

    name: str
    type: str
    required: bool = False
    doc: str | None = None


class Table(pulumi.CustomResource):
    """An Iceberg table. It only gains columns; the preview refuses changes that would lose data."""

    location: pulumi.Output[str]
    table_uuid: pulumi.Output[str]

    def __init__(  # noqa: PLR0913 - a resource's inputs, all by name
        self,
        resource_name: str,
        *,
        namespace: pulumi.Input[str],
        name: pulumi.Input[str],
        columns: Sequence[Column],
        partition_by: Sequence[str] = (),
        location: pulumi.Input[str] | None = None,
        properties: Mapping[str, pulumi.Input[str]] | None = None,
        delete_on_destroy: bool = False,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declare a table partitioned by the values of columns; it outlives the stack unless ``delete_on_destroy``."""
        inputs = {
            "namespace": namespace,
            "name": name,
            "columns": [
                given({"name": column.name, "type": column.type, "required": column.required, "doc": column.doc}) for column in columns
            ],
            "partition_by": list(partition_by),
            "location": location,
            "properties": dict(properties) if properties is not None else None,
            "delete_on_destroy": delete_on_destroy,
        }
        super().__init__(ICEBERG_TABLE, resource_name, {"location": None, **given(inputs), "table_uuid": None}, opts)

    def translate_input_property(self, prop: str) -> str:
        """Convert a property name to the engine's spelling."""
        return camel(prop) if prop in _NAMES else prop

    def translate_output_property(self, prop: str) -> str:
        """Convert a property name to Python's spelling."""
        return _BACK.get(prop, prop)


_NAMES = ("partition_by", "delete_on_destroy", "table_uuid")
_BACK = {camel(name): name for name in _NAMES}


def _secret(value: pulumi.Input[str] | None) -> pulumi.Output[str] | None:
    return None if value is None else pulumi.Output.secret(value)
