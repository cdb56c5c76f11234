"""Rules across settings: contradictory choices, names in use, and rotation words without a credential."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stack.judgement.creation import creation_problems
from stack.problem import Problem
from stack.settings.addresses import holds_no_server, host_of, ip_of, is_inside

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stack.settings.model import Settings

# Databases that PostgreSQL copies for new ones, and words that stand for no role.
TEMPLATES = {"template0", "template1"}
# Kubernetes' default of --service-node-port-range.
_FIRST_NODE_PORT, _LAST_NODE_PORT = 30_000, 32_767
_NO_ROLES = {"public", "none"}


def choice_problems(settings: Settings) -> list[Problem]:
    """Return every choice that contradicts another one."""
    return [
        *_existing_systems(settings),
        *_addresses(settings),
        *_names(settings),
        *creation_problems(settings),
        *_rotation(settings),
        *_epoch(settings),
        *_places(settings),
        *_node_ports(settings),
    ]


def _existing_systems(settings: Settings) -> Iterator[Problem]:
    """Check the choices for existing systems, and their Secrets in the namespace."""
    streaming, archive = settings.streaming, settings.archive
    database = None if settings.source.is_managed else settings.source.external
    brokers = None if streaming.kafka.is_managed else streaming.kafka.external
    schemas = None if streaming.registry.is_managed else streaming.registry.external
    referred = {
        "source.external.secret": database.secret if database else None,
        "streaming.kafka.external.secret": brokers.secret if brokers else None,
        "archive.endpoint.secret": archive.endpoint.secret if archive.endpoint else None,
        "streaming.registry.external.secret": schemas.secret if schemas else None,
    }
    needed = [path for path, secret in referred.items() if secret]
    if needed and not settings.cluster.existing_namespace:
        yield Problem(
            path="cluster.existingNamespace",
            rule=f"is false, but the Secret of {', '.join(needed)} must exist in {settings.names.namespace} before the worker starts",
            cure="create namespace and Secret first, then set it to true. If this stack has created the namespace, remove it from the "
            "state first ('pulumi state delete'); otherwise 'up' deletes it with everything in it",
        )
    if database is not None and (database.catalog_secret is not None) != archive.has_catalog_database:
        yield Problem(
            path="source.external.catalogSecret",
            rule="is the login of an Iceberg catalog in that database: required with archive.catalog jdbc, unused otherwise",
            cure="remove it"
            if database.catalog_secret
            else f"name the Secret of the catalog's role{'' if archive.pod_url else ', or set archive.catalog to glue'}",
        )
    if brokers is not None and brokers.logs_in and streaming.registry.is_managed:
        yield Problem(
            path="streaming.registry.kind",
            rule=f"is {streaming.registry.kind} and streaming.kafka.external.protocol is SASL_SSL: the registry's pod cannot log in",
            cure="use an existing registry (kind external), or a listener without a login (SSL)",
        )


def _addresses(settings: Settings) -> Iterator[Problem]:
    """Check that the worker may connect to each existing system that is named by its IP address."""
    kafka, schemas, endpoint = settings.streaming.kafka.external, settings.streaming.registry.external, settings.archive.endpoint
    database = settings.source.external
    hosts: list[tuple[str, str, tuple[str, ...]]] = []
    if database is not None:
        hosts.append(("source.external.host", database.host, database.addresses))
    if kafka is not None:
        hosts += [("streaming.kafka.external.bootstrapServers", host_of(server), kafka.addresses) for server in kafka.bootstrap_servers]
    if schemas is not None:
        hosts.append(("streaming.registry.external.url", host_of(schemas.url), schemas.addresses))
    if endpoint is not None:
        hosts.append(("archive.endpoint.url", host_of(endpoint.url), endpoint.addresses))
    for path, host, ranges in hosts:
        section = path.rpartition(".")[0]
        address = ip_of(host)
        if host.lower() == "localhost" or (address is not None and holds_no_server(address)):
            yield Problem(path=path, rule=f"is at {host}, which for a pod is the pod itself", cure="write the address of the system")
        elif not is_inside(host, ranges):
            yield Problem(
                path=path,
                rule=f"is at {host}, but the worker may connect to {', '.join(ranges)} only",
                cure=f"add {host}/{address.max_prefixlen if address else 32} to {section}.addresses",
            )


def _names(settings: Settings) -> Iterator[Problem]:
    """Check for names that something else uses."""
    names, source = settings.names, settings.source
    if names.heartbeat_table in {table.qualified for table in source.tables}:
        yield Problem(
            path="names.heartbeatTable",
            rule=f"is {names.heartbeat_table}, which source.tables captures: each heartbeat would be archived as a change",
            cure="name a table that only the pipeline uses",
        )
    if names.database in TEMPLATES:
        yield Problem(
            path="names.database",
            rule=f"is {names.database}, a template of PostgreSQL that no client may use",
            cure="choose another name",
        )
    if names.debezium_role in _NO_ROLES or names.debezium_role.startswith("pg_"):
        yield Problem(
            path="names.debeziumRole",
            rule=f"is {names.debezium_role}, but PostgreSQL reserves public, none and names that begin with pg_",
            cure="choose another name",
        )
    if settings.archive.has_catalog_database:
        yield from _catalog_names(settings)


def _catalog_names(settings: Settings) -> Iterator[Problem]:
    """Check that the Iceberg catalog has a database and a role of its own, also in an existing server."""
    names = settings.names
    if names.database == names.catalog_database:
        yield Problem(
            path="names.database", rule=f"is {names.database}, the name of the Iceberg catalog's database", cure="choose another name"
        )
    if names.debezium_role == names.catalog_role and not settings.source.is_managed:
        yield Problem(
            path="names.debeziumRole", rule=f"is {names.debezium_role}, the name of the Iceberg catalog's role", cure="choose another name"
        )


def _rotation(settings: Settings) -> Iterator[Problem]:
    """Check for rotation words of credentials that the stack does not have."""
    streaming, archive, rotation = settings.streaming, settings.archive, settings.rotation
    absent = {
        "app": not settings.source.is_managed,
        "catalog": not archive.has_catalog_database,
        "kafka": streaming.kafka.external is None or not streaming.kafka.external.logs_in,
        "archive": archive.web_identity is not None,
        "audit": not settings.is_read,
    }
    for name, is_absent in absent.items():
        word = getattr(rotation, name)
        if is_absent and word:
            yield Problem(path=f"rotation.{name}", rule=f"is {word}, but this stack has no such credential", cure="remove it")


def _epoch(settings: Settings) -> Iterator[Problem]:
    """Check that a later epoch begins with every row: readers take the current state from its rows alone."""
    epoch = settings.streaming.epoch
    if epoch > 1 and settings.source.debezium.snapshot_mode == "no_data":
        yield Problem(
            path="source.debezium.snapshotMode",
            rule=f"is no_data and streaming.epoch is {epoch}: rows that do not change any more would be in no epoch's current state",
            cure="set it to initial",
        )


def _node_ports(settings: Settings) -> Iterator[Problem]:
    """Check node ports of a laptop, whose cluster has Kubernetes' own range of them."""
    host = settings.host
    if host.exposure != "nodePort" or not settings.cluster.context.startswith("kind-"):
        return
    places = {"postgres": host.postgres, "registry": host.registry, "connect": host.connect}
    places |= {f"kafka.{ordinal}": pair for ordinal, pair in enumerate(host.kafka)}
    for place, pair in places.items():
        if not _FIRST_NODE_PORT <= pair.node <= _LAST_NODE_PORT:
            yield Problem(
                path=f"host.{place}.node",
                rule=f"is {pair.node}, but a cluster of Kind opens node ports from {_FIRST_NODE_PORT} to {_LAST_NODE_PORT} only",
                cure="choose one of them, or change the port on the machine, host",
            )


def _places(settings: Settings) -> Iterator[Problem]:
    namespace = settings.names.namespace
    if namespace == "default" or namespace.startswith("kube-"):
        yield Problem(
            path="names.namespace",
            rule=f"is {namespace}, where other pods run: quota and network policies would apply to them too",
            cure="choose a namespace for this pipeline alone",
        )
    if settings.protect and settings.archive.destroy_with_stack:
        yield Problem(
            path="protect",
            rule="is true and archive.destroyWithStack is true: the first keeps the bucket, the second deletes it",
            cure="set one of them to false",
        )
