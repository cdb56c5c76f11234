"""PostgreSQL, ready for logical replication: server, TLS, roles, tables and publication exist before the first client connects.

The layer does not make the replication slot; Debezium does, at its first start. A slot whose connector is stopped holds back WAL up to
``max_slot_wal_keep_size`` and is lost beyond that, which shows as ``wal_status = lost`` and not as a failed task for half an hour.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pulumi
import pulumi_random as random

from components.objects import Objects
from components.source.certificates import Certificates
from components.source.contract import SourceEndpoint
from settings.names import POSTGRES_PORT
from settings.shop import SAMPLE_ROWS
from specification import manifest
from specification.services import Address
from specification.source import postgres
from specification.source.bootstrap import bootstrap_script
from specification.source.pod import NAME, database_pod
from specification.source.sql import roles_sql, schema_sql

if TYPE_CHECKING:
    from components.foundation.component import Ground
    from settings.names import Names
    from settings.rotation import Rotation
    from settings.source import SourceSettings
    from specification.services import Published

_ROLES = ("app", "debezium", "catalog")


@dataclass(frozen=True, kw_only=True)
class SourceArgs:
    """What the database is made from.

    Attributes:
        ground: Namespace and storage classes.
        names: The pipeline's names.
        settings: The captured tables, sizes.
        image: PostgreSQL's image.
        published: How it is reached from outside; the server certificate names that address too.
        catalog: Whether the Iceberg catalog lives here.
        rotation: Which credentials are made anew.
    """

    ground: Ground
    names: Names
    settings: SourceSettings
    image: str
    published: Published
    catalog: bool
    rotation: Rotation


class Source(pulumi.ComponentResource):
    """The captured database."""

    endpoint: SourceEndpoint
    app_password: pulumi.Output[str]
    ca_certificate: pulumi.Output[str]

    def __init__(self, name: str, args: SourceArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Declare the database and what its clients need to know."""
        super().__init__("cdc:source:Source", name, None, opts)
        self._args = args
        self._objects = Objects(
            parent=self,
            prefix=name,
            namespace=args.ground.namespace,
            component=NAME,
            protect=args.ground.protect,
            keep_volumes=args.ground.keep_volumes,
        )
        host = args.names.service(NAME)
        roles = [role for role in _ROLES if role != "catalog" or args.catalog]
        passwords = {
            role: random.RandomPassword(
                f"{name}-{role}-password", length=32, special=False, keepers=args.rotation.keepers(role), opts=self._objects.options()
            ).result
            for role in roles
        }
        certificates = Certificates(f"{name}-tls", host, [NAME, "localhost"], args.published.outside.host, self._objects.options())
        self.ca_certificate = certificates.authority
        self.app_password = passwords["app"]
        clients = [self._client_secret(role, passwords[role]) for role in roles if role != "app"]
        service = self._database(passwords, certificates)
        self.endpoint = SourceEndpoint(
            inside=Address(host=host, port=POSTGRES_PORT),
            outside=args.published.outside,
            connect_secret="postgresql-debezium",  # noqa: S106 - the name of a Secret
            catalog_secret="postgresql-catalog" if args.catalog else None,
            is_inside=True,
            catalog_password=passwords.get("catalog"),
            ready=(service, *clients),
        )
        self.register_outputs({"host": host, "database": args.names.database})

    def _client_secret(self, role: str, password: pulumi.Output[str]) -> pulumi.Resource:
        """What a client in the cluster needs: who it is, its password, and whom to trust."""
        user = {"debezium": self._args.names.debezium_role, "catalog": self._args.names.catalog_role}[role]
        return self._objects.secret(f"postgresql-{role}", {"username": user, "password": password, "ca.crt": self.ca_certificate})

    def _files(self) -> dict[str, str]:
        args = self._args
        return {
            "postgresql.conf": postgres.server_conf(args.settings),
            "pg_hba.conf": postgres.hba_conf(),
            "bootstrap.sh": bootstrap_script(args.names, sample_data=args.settings.sample_data),
            "roles.sql": roles_sql(args.names, postgres.SECRETS, catalog=args.catalog),
            "schema.sql": schema_sql(args.names, args.settings.tables),
            "sample.sql": SAMPLE_ROWS if args.settings.sample_data else "",
        }

    def _database(self, passwords: dict[str, pulumi.Output[str]], certificates: Certificates) -> pulumi.Resource:
        """The server; gives its service, which waits until the server answers."""
        args, objects, files = self._args, self._objects, self._files()
        mounted = [
            objects.account(),
            objects.headless("postgresql-headless", {NAME: POSTGRES_PORT}),
            objects.files("postgresql-config", files),
            objects.secret("postgresql-roles", passwords),
            objects.secret("postgresql-tls", {"tls.crt": certificates.certificate, "tls.key": certificates.key}),
        ]
        claim = manifest.volume_claim("data", args.ground.database_class, args.settings.storage_mib)
        checksum = manifest.checksum(files, args.rotation.words(*_ROLES))  # the roles get their passwords when the pod starts
        workload = objects.stateful_set(database_pod(args.settings, args.image), checksum, claim, 1, mounted)
        return objects.published(args.published, workload)
