"""Source layer: the captured database, ready for logical replication before the first client connects.

Debezium, not this layer, creates the replication slot at its first start. The slot of a stopped connector holds back WAL up to
``max_slot_wal_keep_size`` and is invalidated beyond that, which shows as ``wal_status = lost`` and, for half an hour, not as a failed task.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pulumi
import pulumi_random as random

from components.objects import ObjectFactory
from components.source.certificates import Certificates
from stack.settings.names import POSTGRES_PORT
from stack.specification import names

if TYPE_CHECKING:
    from components.foundation.component import FoundationResources
    from stack.specification.source.layer import Database, Role, Source


@dataclass(frozen=True, kw_only=True)
class SourceResources:
    """Resources and credentials of the database that other layers use.

    Attributes:
        ready: Resources that must exist before a client can use the database.
        is_inside: Whether the database is in the pipeline's namespace and ends with it.
        app_password: Password of the application's role, or None for an existing database.
        catalog_password: Password of the catalog's role, or None if the program reads it from its environment.
        audit_password: Password of the audit's role, or None without a scheduled audit or for an existing database.
        ca_certificate: Certificate of the server's authority, PEM, or None for an existing database.
    """

    ready: tuple[pulumi.Resource, ...] = ()
    is_inside: bool = False
    app_password: pulumi.Output[str] | None = None
    catalog_password: pulumi.Output[str] | None = None
    audit_password: pulumi.Output[str] | None = None
    ca_certificate: pulumi.Output[str] | None = None


class ExistingSourceComponent(pulumi.ComponentResource):
    """An existing database. The program creates nothing in it and only passes its address on.

    Roles, grants, publication and replica identity are its administrator's task: ``make source-sql`` prints them,
    ``make doctor`` checks them.
    """

    resources = SourceResources()

    def __init__(self, name: str, spec: Source, opts: pulumi.ResourceOptions | None = None) -> None:
        """Register the address of the database."""
        super().__init__("cdc:source:ExistingSource", name, None, opts)
        self.register_outputs({"host": spec.inside.host, "database": spec.database})


class SourceComponent(pulumi.ComponentResource):
    """PostgreSQL: server, TLS, roles, tables and publication."""

    resources: SourceResources

    def __init__(
        self, name: str, spec: Source, created: Database, foundation: FoundationResources, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Declare the database and the Secrets of its clients."""
        super().__init__("cdc:source:Source", name, None, opts)
        self._spec = created
        component = created.workload.component
        self._objects = objects = ObjectFactory(
            parent=self, prefix=name, namespace=foundation.namespace, component=component, protect=foundation.protect
        )
        passwords = {role.name: self._password(name, role) for role in created.roles}
        certificates = Certificates(f"{name}-tls", created.host, list(created.aliases), created.published.outside.host, objects.options())
        clients = [
            objects.secret(role.secret, {"username": role.user, "password": passwords[role.name], "ca.crt": certificates.authority})
            for role in created.roles
            if role.secret
        ]
        service = self._database(passwords, certificates)
        self.resources = SourceResources(
            ready=(service, *clients),
            is_inside=True,
            app_password=passwords["app"],
            catalog_password=passwords.get("catalog"),
            audit_password=passwords.get("audit"),
            ca_certificate=certificates.authority,
        )
        self.register_outputs({"host": created.host, "database": spec.database})

    def _password(self, name: str, role: Role) -> pulumi.Output[str]:
        return random.RandomPassword(
            f"{name}-{role.name}-password", length=32, special=False, keepers=role.keepers, opts=self._objects.options()
        ).result

    def _database(self, passwords: dict[str, pulumi.Output[str]], certificates: Certificates) -> pulumi.Resource:
        """Declare the server and return its Service, which exists once the server answers."""
        spec, objects = self._spec, self._objects
        mounted = [
            objects.account(),
            objects.headless(f"{spec.workload.component}-headless", {spec.workload.component: POSTGRES_PORT}),
            *(objects.files(name, files) for name, files in spec.workload.files.items()),
            objects.secret(names.POSTGRES_ROLES, passwords),
            objects.secret(names.POSTGRES_TLS, {"tls.crt": certificates.certificate, "tls.key": certificates.key}),
        ]
        return objects.published(spec.published, objects.workload(spec.workload, mounted))
