"""Topics with a fixed name, of Connect and of Apicurio's journal, groups whose name follows from their connector, and a table's sink."""

from __future__ import annotations

CONNECT_CONFIGS = "connect-configs"
CONNECT_OFFSETS = "connect-offsets"
CONNECT_STATUS = "connect-status"
CONNECT = (CONNECT_CONFIGS, CONNECT_OFFSETS, CONNECT_STATUS)

REGISTRY_JOURNAL = "registry-journal"
REGISTRY_SNAPSHOTS = "registry-snapshots"
REGISTRY_EVENTS = "registry-events"
REGISTRY = (REGISTRY_JOURNAL, REGISTRY_SNAPSHOTS, REGISTRY_EVENTS)

# Property of an archived table: name of its sink, where that is not the sink of all tables without one of their own.
SINK = "data-ingestion.sink"


def sink_group(connector: object) -> str:
    """Return the consumer group by which Connect reads the topics of a sink connector."""
    return f"connect-{connector}"


def coordinator_group(connector: object, configured: str | None = None) -> str:
    """Return the consumer group by which an Iceberg sink's coordinator reads the control topic.

    Args:
        connector: Name of the sink connector.
        configured: Value of ``iceberg.connect.group-id``, which replaces the connector's own group.
    """
    return f"{configured or sink_group(connector)}-coord"
