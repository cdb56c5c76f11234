"""Specification of the source layer: a database that the program creates, or an existing one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from stack.settings.names import POSTGRES_PORT
from stack.specification import manifest
from stack.specification import names as objects
from stack.specification.foundation import DATABASE_CLASS
from stack.specification.services import Address
from stack.specification.source import postgres
from stack.specification.source.bootstrap import bootstrap_script
from stack.specification.source.pod import NAME, database_pod
from stack.specification.source.sql import roles_sql, schema_sql
from stack.specification.source.trail_sql import no_trail_sql, trail_sql
from stack.specification.workload import stateful_set

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stack.settings.model import Settings
    from stack.specification.services import Published, PublishedServices
    from stack.specification.workload import Workload


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """A database role with a generated password.

    Attributes:
        name: Short name, part of logical names.
        user: Name in the database.
        secret: Secret of the client in the namespace, or None if another place needs the password.
        keepers: Keepers of the password, which changes with them.
    """

    name: str
    user: str
    secret: str | None
    keepers: Mapping[str, str] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Database:
    """A database server that the program creates.

    Attributes:
        host: Full DNS name inside the cluster.
        aliases: Further names in the server's certificate.
        roles: Roles with generated passwords.
        parameters: Parameters of ``postgresql.conf``.
        workload: Pod and files.
        published: Published service.
    """

    host: str
    aliases: tuple[str, ...]
    roles: tuple[Role, ...]
    parameters: Mapping[str, str]
    workload: Workload
    published: Published


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Specification of the source layer: the captured database.

    Attributes:
        database: Name of the captured database.
        inside: Address for pods.
        outside: Address for the program.
        connect_secret: Secret with ``username``, ``password`` and ``ca.crt`` of Debezium's role.
        catalog_secret: Secret with the same keys for the catalog's role, or None.
        created: The server that the program creates, or None for an existing one.
    """

    database: str
    inside: Address
    outside: Address
    connect_secret: str
    catalog_secret: str | None
    created: Database | None


def source(settings: Settings, services: PublishedServices) -> Source:
    """Return the specification of the source layer."""
    existing, catalog = settings.source.external, settings.archive.has_catalog_database
    if existing is not None:
        address = Address(host=existing.host, port=existing.port)
        return Source(
            database=settings.names.database,
            inside=address,
            outside=address,
            connect_secret=existing.secret,
            catalog_secret=existing.catalog_secret if catalog else None,
            created=None,
        )
    created = _database(settings, services.postgres)
    secrets = {role.name: role.secret for role in created.roles}
    return Source(
        database=settings.names.database,
        inside=Address(host=created.host, port=POSTGRES_PORT),
        outside=services.postgres.outside,
        connect_secret=str(secrets["debezium"]),
        catalog_secret=secrets.get("catalog"),
        created=created,
    )


def _roles(settings: Settings) -> tuple[Role, ...]:
    names, rotation = settings.names, settings.rotation
    users = {"app": names.app_role, "debezium": names.debezium_role}
    if settings.archive.has_catalog_database:
        users["catalog"] = names.catalog_role
    if settings.is_read:
        users["audit"] = names.audit_role
    # the application runs elsewhere, and audit and monitoring have namespaces of their own
    outside = {"app", "audit"}
    return tuple(
        Role(name=role, user=user, secret=None if role in outside else f"postgresql-{role}", keepers=rotation.keepers(role))
        for role, user in users.items()
    )


def _trail(settings: Settings) -> str:
    names, catalog, chosen = settings.names, settings.archive.has_catalog_database, settings.logs.reads_of
    if not settings.logs.trail:
        return no_trail_sql(names, catalog=catalog)
    return trail_sql(names, [table.sql for table in settings.source.tables if table.qualified in chosen], catalog=catalog)


def _database(settings: Settings, published: Published) -> Database:
    names, section = settings.names, settings.source
    catalog = settings.archive.has_catalog_database
    parameters, roles = postgres.server_parameters(section, audited=settings.audit.is_on, logs=settings.logs), _roles(settings)
    files = {
        "postgresql.conf": postgres.server_conf(parameters),
        "pg_hba.conf": postgres.hba_conf(),
        "bootstrap.sh": bootstrap_script(names, sample_data=bool(section.sample_rows), trail=settings.logs.trail),
        "roles.sql": roles_sql(names, postgres.SECRETS, catalog=catalog, is_read=settings.is_read, is_watched=settings.monitoring.enabled),
        "schema.sql": schema_sql(names, section.tables, is_watched=settings.monitoring.enabled),
        "trail.sql": _trail(settings),
        "sample.sql": section.sample_rows,
    }
    # the pod sets the roles' passwords at its start
    checksum = manifest.checksum(files, settings.rotation.words("app", "debezium", "catalog", "audit"))
    return Database(
        host=names.service(NAME),
        aliases=(NAME, "localhost"),
        roles=roles,
        parameters=parameters,
        workload=stateful_set(
            NAME,
            database_pod(section, settings.images.postgres),
            files={objects.POSTGRES_CONFIG: files},
            checksum=checksum,
            claim=manifest.volume_claim("data", section.storage_class or DATABASE_CLASS, section.storage_mib),
            replicas=1,
            keep_volumes=settings.cluster.keep_volumes,
        ),
        published=published,
    )
