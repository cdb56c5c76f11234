"""PostgreSQL servers that are captured: known by their own declaration or by a connector that names their Service."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from policy.fit_rules import servers, sources
from policy.guarded import has_labels, may_be_same, pods_of
from stack.capacity import postgres_parameters
from stack.settings.names import PART_OF

if TYPE_CHECKING:
    from policy.declared import Declared, Record

_LEVEL = "wal_level"
_OWN = {"app.kubernetes.io/part-of": PART_OF, "app.kubernetes.io/component": "postgresql"}


def is_captured(record: Record, server: Declared, container: Mapping[str, Any], text: str) -> bool:
    """Return whether a server is captured, whatever overrides its ``wal_level``.

    Args:
        record: All declared resources.
        server: The workload.
        container: Its container that runs the server.
        text: Text of the server's file, empty without one.
    """
    read = (postgres_parameters.of_variables(container), *(postgres_parameters.parameters(one, text) for one in (container, {})))
    levels = [one.get(_LEVEL, "") for one in read]
    return "logical" in {level.lower() for level in levels} or _is_named(record, server)


def captured_servers(record: Record) -> list[Declared]:
    """Return the workloads whose servers are captured, of those whose file and parameters can be read."""
    found = []
    for server, container, _left, text in servers(record):
        try:
            if isinstance(text, str) and is_captured(record, server, container, text):
                found.append(server)
        except postgres_parameters.ParameterError:
            continue  # postgres-fits reports it
    return found


def is_of_pipeline(record: Record, kind: str, name: str) -> bool:
    """Return whether the pipeline's sessions have what is set for a role or a database: its own, the superuser's, or any one.

    Args:
        record: All declared resources.
        kind: ``role`` or ``database``.
        name: Its name; empty where it is not known.
    """
    stack = record.limits.specification
    key = "database.user" if kind == "role" else "database.dbname"
    names = {str(config.get(key) or "") for config in sources(record)}
    if stack and kind == "role":
        own = stack.settings.names
        names |= {own.app_role, own.catalog_role, own.debezium_role, own.owner_role}
    elif stack:
        names |= {stack.source.database, stack.settings.names.catalog_database}
    # a reference does not tell the name
    is_told = any(one and "${" not in one for one in names)
    return not name or name in names | {"postgres"} or not is_told


def is_own(server: Declared) -> bool:
    """Return whether a workload is the program's own server, by its labels."""
    found = pods_of(server)
    return found is not None and all(found.labels.get(key) == value for key, value in _OWN.items())


def _is_named(record: Record, server: Declared) -> bool:
    """Return whether a source connector's host name is that of a Service in front of the server's pods."""
    found = pods_of(server)
    hosts = [str(config.get("database.hostname") or "").lower().split(".") for config in sources(record)]
    if found is None or not hosts:
        return False
    return any(
        service.object_name == host[0]
        and (len(host) == 1 or host[1] == service.namespace)
        and may_be_same(service.namespace, found.namespace)
        and has_labels(selector, found.labels)
        for service in record.of_kind("Service")
        if isinstance(spec := service.inputs.get("spec"), Mapping) and isinstance(selector := spec.get("selector"), Mapping) and selector
        for host in hosts
    )
