"""The own tables of a ``sql`` catalog.

The catalog is shared with Java's JdbcCatalog (the sink), which at ``jdbc.schema-version=V1`` needs one more column than pyiceberg creates.
This module therefore creates the tables in that form; otherwise Java would alter them, which requires ownership. pyiceberg ignores the
column.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from sqlalchemy import Engine

# Seconds for one statement on the catalog's own tables, which another session may have locked
_STATEMENT_SECONDS: Final = 30
_TABLES_V1: Final = (
    """CREATE TABLE IF NOT EXISTS iceberg_tables (
        catalog_name VARCHAR(255) NOT NULL, table_namespace VARCHAR(255) NOT NULL, table_name VARCHAR(255) NOT NULL,
        metadata_location VARCHAR(1000), previous_metadata_location VARCHAR(1000), iceberg_type VARCHAR(5),
        PRIMARY KEY (catalog_name, table_namespace, table_name))""",
    """CREATE TABLE IF NOT EXISTS iceberg_namespace_properties (
        catalog_name VARCHAR(255) NOT NULL, namespace VARCHAR(255) NOT NULL, property_key VARCHAR(255) NOT NULL,
        property_value VARCHAR(1000), PRIMARY KEY (catalog_name, namespace, property_key))""",
)
_V1_COLUMN: Final = "ALTER TABLE iceberg_tables ADD COLUMN iceberg_type VARCHAR(5)"


def make_tables(engine: Engine) -> None:
    """Create the tables, or add the column that is missing."""
    from sqlalchemy import inspect, text  # noqa: PLC0415 - slow to load, and a preview does not need it

    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text(f"SET LOCAL statement_timeout = '{_STATEMENT_SECONDS}s'"))
            # IF NOT EXISTS does not protect two sessions that create the same table at the same moment
            connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('iceberg_tables'))"))
        existing = inspect(connection)
        if not (existing.has_table("iceberg_tables") and existing.has_table("iceberg_namespace_properties")):
            for statement in _TABLES_V1:
                connection.execute(text(statement))
        elif "iceberg_type" not in {column["name"] for column in existing.get_columns("iceberg_tables")}:
            connection.execute(text(_V1_COLUMN))
