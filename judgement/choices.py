"""Rules across settings: contradictory choices, names in use, and rotation words without a credential."""

from __future__ import annotations

from typing import TYPE_CHECKING

from problem import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from settings.model import Settings


def choice_problems(settings: Settings) -> list[Problem]:
    """Return every choice that contradicts another one."""
    return [*_existing_systems(settings), *_names(settings), *_rotation(settings), *_places(settings)]


def _existing_systems(settings: Settings) -> Iterator[Problem]:
    """Check the choices for existing systems, and their Secrets in the namespace."""
    streaming, archive = settings.streaming, settings.archive
    database, brokers = settings.source.external, streaming.kafka.external
    referred = {
        "source.external.secret": database.secret if database else None,
        "streaming.kafka.external.secret": brokers.secret if brokers else None,
        "archive.endpoint.secret": archive.endpoint.secret if archive.endpoint else None,
        "streaming.registry.external.secret": streaming.registry.external.secret if streaming.registry.external else None,
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
            cure="remove it" if database.catalog_secret else "name the Secret of the catalog's role, or set archive.catalog to glue",
        )
    if brokers is not None and brokers.logs_in and streaming.registry.is_managed:
        yield Problem(
            path="streaming.registry.kind",
            rule=f"is {streaming.registry.kind} and streaming.kafka.external.protocol is SASL_SSL: the registry's pod cannot log in",
            cure="use an existing registry (kind external), or a listener without a login (SSL)",
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
    if not source.is_managed:
        return
    schema, _, table = names.heartbeat_table.partition(".")
    if schema != "public":
        yield Problem(
            path="names.heartbeatTable",
            rule=f"is {names.heartbeat_table}, but the program creates tables in schema public only",
            cure=f"name it public.{table}",
        )
    if settings.archive.has_catalog_database and names.database == names.catalog_database:
        yield Problem(
            path="names.database", rule=f"is {names.database}, the name of the Iceberg catalog's database", cure="choose another name"
        )
    if names.debezium_role.startswith("pg_"):
        yield Problem(
            path="names.debeziumRole",
            rule=f"is {names.debezium_role}, but PostgreSQL reserves names that begin with pg_",
            cure="choose another name",
        )
    taken = {names.owner_role, names.app_role, names.catalog_role, "postgres"}
    if names.debezium_role in taken:
        yield Problem(
            path="names.debeziumRole",
            rule=f"is {names.debezium_role}, the name of another role of the database ({', '.join(sorted(taken))})",
            cure="choose another name",
        )


def _rotation(settings: Settings) -> Iterator[Problem]:
    """Check for rotation words of credentials that the stack does not have."""
    streaming, archive, rotation = settings.streaming, settings.archive, settings.rotation
    absent = {
        "app": not settings.source.is_managed,
        "catalog": not archive.has_catalog_database,
        "kafka": streaming.kafka.external is None or not streaming.kafka.external.logs_in,
        "archive": archive.web_identity is not None,
    }
    for name, is_absent in absent.items():
        word = getattr(rotation, name)
        if is_absent and word:
            yield Problem(path=f"rotation.{name}", rule=f"is {word}, but this stack has no such credential", cure="remove it")


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
