"""Conversion between declared columns and pyiceberg's schema."""

from __future__ import annotations

from typing import TYPE_CHECKING

from providers.iceberg.columns import decimal_digits

if TYPE_CHECKING:
    from pyiceberg.partitioning import PartitionSpec
    from pyiceberg.schema import Schema
    from pyiceberg.table import Table
    from pyiceberg.types import PrimitiveType

    from providers.operations import Plain

# First number of a partition field in Iceberg's specification
_FIRST_PARTITION_ID = 1000


def type_named(name: str) -> PrimitiveType:
    """Return the type of a valid name."""
    from pyiceberg import types  # noqa: PLC0415 - slow to load, and a preview does not need it

    digits = decimal_digits(name)
    if digits is not None:
        return types.DecimalType(*digits)
    simple: dict[str, PrimitiveType] = {
        "int": types.IntegerType(),
        "long": types.LongType(),
        "string": types.StringType(),
        "boolean": types.BooleanType(),
        "float": types.FloatType(),
        "double": types.DoubleType(),
        "date": types.DateType(),
        "timestamp": types.TimestampType(),
        "timestamptz": types.TimestamptzType(),
        "uuid": types.UUIDType(),
        "binary": types.BinaryType(),
    }
    return simple[name]


def schema(columns: list[Plain]) -> Schema:
    """Return the schema of a new table, with fields numbered from 1 in the declared order."""
    from pyiceberg.schema import Schema  # noqa: PLC0415 - slow to load, and a preview does not need it
    from pyiceberg.types import NestedField  # noqa: PLC0415 - slow to load, and a preview does not need it

    return Schema(
        *(
            NestedField(
                index,
                column["name"],
                type_named(column["type"]),
                required=bool(column.get("required")),
                doc=column.get("doc"),
            )
            for index, column in enumerate(columns, start=1)
        )
    )


def partition_spec(columns: list[Plain], partition_by: list[str]) -> PartitionSpec:
    """Return a partition by the values of the named columns: one directory level ``name=value`` each."""
    from pyiceberg.partitioning import PartitionField, PartitionSpec  # noqa: PLC0415 - slow to load, and a preview does not need it
    from pyiceberg.transforms import IdentityTransform  # noqa: PLC0415 - slow to load, and a preview does not need it

    numbers = {column["name"]: index for index, column in enumerate(columns, start=1)}
    return PartitionSpec(
        *(
            PartitionField(source_id=numbers[name], field_id=_FIRST_PARTITION_ID + index, transform=IdentityTransform(), name=name)
            for index, name in enumerate(partition_by)
        )
    )


def described(table: Table) -> Plain:
    """Describe the live table as a declaration with all columns; a partition that is not by a column's value shows its transform."""
    current = table.schema()
    columns = []
    for field in current.fields:
        column: Plain = {"name": field.name, "type": str(field.field_type).replace(" ", ""), "required": field.required}
        columns.append(column | ({"doc": field.doc} if field.doc else {}))
    partition_by = []
    for part in table.spec().fields:
        source, transform = current.find_column_name(part.source_id), str(part.transform)
        partition_by.append(source if transform == "identity" else f"{transform}({source})")
    *namespace, name = table.name()
    return {
        "namespace": ".".join(namespace),
        "name": name,
        "columns": columns,
        "partitionBy": partition_by,
        "properties": {**table.properties, "format-version": str(table.metadata.format_version)},
        "location": table.location(),
    }
