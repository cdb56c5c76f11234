"""PostgreSQL, ready for logical replication: server, TLS, roles, tables and publication exist before the first client connects.

The layer does not make the replication slot; Debezium does, at its first start. A slot whose connector is stopped holds back WAL up to
``max_slot_wal_keep_size`` and is lost beyond that, which shows as ``wal_status = lost`` and not as a failed task for half an hour.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pulumi
import pulumi_kubernetes as k8s
import pulumi_random as random
import pulumi_tls as tls

from components import manifest
from components.ecommerce import SAMPLE_ROWS
from components.names import POSTGRES_PORT, Names, PublishedPort
from components.source import postgres
from components.source.bootstrap import bootstrap_script
from components.source.sql import roles_sql, schema_sql

if TYPE_CHECKING:
    from collections.abc import Sequence

    from components.foundation.component import Ground
    from components.tables import Table

COMPONENT = "postgresql"
_YEAR_HOURS = 365 * 24
_ROLES = ("app", "debezium", "catalog")


@dataclass(frozen=True, kw_only=True)
class SourceArgs:
    """What the database is made from.

    Attributes:
        ground: Namespace and storage classes.
        names: The pipeline's names.
        tables: The captured tables.
        settings: Sizes.
        image: PostgreSQL's image.
        port: Its published port.
        host_address: Address of the published port; the server certificate names it too.
        catalog: Whether the Iceberg catalog lives here.
    """

    ground: Ground
    names: Names
    tables: Sequence[Table]
    settings: postgres.SourceSettings
    image: str
    port: PublishedPort
    host_address: str
    catalog: bool


@dataclass(frozen=True, kw_only=True)
class SourceEndpoint:
    """The database as the other layers see it.

    Attributes:
        host: Its name inside the cluster.
        connect_secret: Secret with ``username``, ``password`` and ``ca.crt`` of the role that Debezium uses.
        catalog_secret: The same for the catalog's role, or None.
        catalog_password: Password of the catalog's role, for the program's own use, or None.
        ready: What must be there before anyone can use it.
    """

    host: str
    connect_secret: str
    catalog_secret: str | None
    catalog_password: pulumi.Output[str] | None
    ready: tuple[pulumi.Resource, ...]


class Source(pulumi.ComponentResource):
    """The captured database."""

    endpoint: SourceEndpoint
    app_password: pulumi.Output[str]
    ca_certificate: pulumi.Output[str]

    def __init__(self, name: str, args: SourceArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Declare the database and what its clients need to know."""
        super().__init__("cdc:source:Source", name, None, opts)
        self._name = name
        self._args = args
        self._child = pulumi.ResourceOptions(parent=self)
        self._host = args.names.service(COMPONENT)
        self._passwords = {role: self._password(role) for role in self._roles()}
        self.ca_certificate, server_secret = self._certificates()
        passwords = self._passwords_secret()
        config = self._config()
        secrets = [self._client_secret(role) for role in self._roles() if role != "app"]
        stateful_set = self._stateful_set([server_secret, passwords, config])
        service = self._service(stateful_set)
        self.app_password = self._passwords["app"]
        self.endpoint = SourceEndpoint(
            host=self._host,
            connect_secret="postgresql-debezium",  # noqa: S106 - the name of a Secret
            catalog_secret="postgresql-catalog" if args.catalog else None,
            catalog_password=self._passwords.get("catalog"),
            ready=(service, *secrets),
        )
        self.register_outputs({"host": self._host, "database": args.names.database})

    def _roles(self) -> list[str]:
        return [role for role in _ROLES if role != "catalog" or self._args.catalog]

    def _meta(self, name: str) -> Any:  # noqa: ANN401 - a TypedDict of the SDK that holds an output
        return {"name": name, "namespace": self._args.ground.namespace, "labels": manifest.labels(COMPONENT)}

    def _password(self, role: str) -> pulumi.Output[str]:
        return random.RandomPassword(f"{self._name}-{role}-password", length=32, special=False, opts=self._child).result

    def _certificates(self) -> tuple[pulumi.Output[str], k8s.core.v1.Secret]:
        """A certificate authority of this stack's own and the server's certificate by it."""
        authority_key = tls.PrivateKey(f"{self._name}-authority-key", algorithm="ECDSA", ecdsa_curve="P256", opts=self._child)
        authority = tls.SelfSignedCert(
            f"{self._name}-authority",
            private_key_pem=authority_key.private_key_pem,
            subject={"common_name": "data-ingestion database authority"},
            is_ca_certificate=True,
            allowed_uses=["cert_signing", "crl_signing"],
            validity_period_hours=10 * _YEAR_HOURS,
            opts=self._child,
        )
        server_key = tls.PrivateKey(f"{self._name}-server-key", algorithm="ECDSA", ecdsa_curve="P256", opts=self._child)
        request = tls.CertRequest(
            f"{self._name}-server-request",
            private_key_pem=server_key.private_key_pem,
            subject={"common_name": self._host},
            dns_names=[self._host, COMPONENT, "localhost"],
            ip_addresses=[self._args.host_address],
            opts=self._child,
        )
        server = tls.LocallySignedCert(
            f"{self._name}-server-certificate",
            cert_request_pem=request.cert_request_pem,
            ca_private_key_pem=authority_key.private_key_pem,
            ca_cert_pem=authority.cert_pem,
            allowed_uses=["server_auth", "digital_signature", "key_encipherment"],
            validity_period_hours=2 * _YEAR_HOURS,
            early_renewal_hours=90 * 24,
            opts=self._child,
        )
        secret = k8s.core.v1.Secret(
            f"{self._name}-tls",
            metadata=self._meta("postgresql-tls"),
            string_data={"tls.crt": server.cert_pem, "tls.key": server_key.private_key_pem},
            opts=self._child,
        )
        return authority.cert_pem, secret

    def _passwords_secret(self) -> k8s.core.v1.Secret:
        return k8s.core.v1.Secret(
            f"{self._name}-roles", metadata=self._meta("postgresql-roles"), string_data=dict(self._passwords), opts=self._child
        )

    def _client_secret(self, role: str) -> k8s.core.v1.Secret:
        user = {"debezium": self._args.names.debezium_role, "catalog": self._args.names.catalog_role}[role]
        return k8s.core.v1.Secret(
            f"{self._name}-{role}",
            metadata=self._meta(f"postgresql-{role}"),
            string_data={"username": user, "password": self._passwords[role], "ca.crt": self.ca_certificate},
            opts=self._child,
        )

    def _files(self) -> dict[str, str]:
        args = self._args
        return {
            "postgresql.conf": postgres.server_conf(args.settings),
            "pg_hba.conf": postgres.hba_conf(),
            "bootstrap.sh": bootstrap_script(args.names, sample_data=args.settings.sample_data),
            "roles.sql": roles_sql(args.names, postgres.SECRETS, catalog=args.catalog),
            "schema.sql": schema_sql(args.names, args.tables),
            "sample.sql": SAMPLE_ROWS,
        }

    def _config(self) -> k8s.core.v1.ConfigMap:
        return k8s.core.v1.ConfigMap(f"{self._name}-config", metadata=self._meta("postgresql-config"), data=self._files(), opts=self._child)

    def _pod(self) -> manifest.Manifest:
        args = self._args
        size: manifest.Manifest = {
            "image": args.image,
            "memory_mib": args.settings.memory_mib,
            "cpu_millicores": args.settings.cpu_millicores,
        }
        mounts = [
            manifest.mount("data", postgres.VOLUME, read_only=False),
            manifest.mount("config", postgres.CONFIG),
            manifest.mount("tls", postgres.TLS),
            manifest.mount("run", "/var/run/postgresql", read_only=False),
        ]
        ready = [f"{postgres.BIN}/pg_isready", "--quiet", "--host=127.0.0.1"]
        return manifest.pod(
            service_account=COMPONENT,
            uid=postgres.UID,
            init_containers=[
                manifest.container(
                    name="bootstrap",
                    command=["/bin/sh", f"{postgres.CONFIG}/bootstrap.sh"],
                    mounts=[*mounts, manifest.mount("roles", postgres.SECRETS)],
                    **size,
                )
            ],
            containers=[
                manifest.container(
                    name=COMPONENT,
                    command=[
                        f"{postgres.BIN}/postgres",
                        "-D",
                        postgres.DATA,
                        f"--config-file={postgres.CONFIG}/postgresql.conf",
                    ],
                    mounts=mounts,
                    ports={"postgresql": POSTGRES_PORT},
                    probes={
                        "startupProbe": manifest.exec_probe(ready, period_s=1, failures=300),
                        "readinessProbe": manifest.exec_probe(ready, period_s=5, failures=3),
                        "livenessProbe": manifest.exec_probe(ready, period_s=20, failures=6),
                    },
                    **size,
                )
            ],
            volumes=[
                manifest.config_volume("config", "postgresql-config"),
                manifest.secret_volume("tls", "postgresql-tls"),
                manifest.secret_volume("roles", "postgresql-roles"),
                {"name": "run", "emptyDir": {"sizeLimit": "1Mi"}},
            ],
        )

    def _stateful_set(self, files: list[pulumi.Resource]) -> k8s.apps.v1.StatefulSet:
        account = k8s.core.v1.ServiceAccount(
            f"{self._name}-account", metadata=self._meta(COMPONENT), automount_service_account_token=False, opts=self._child
        )
        spec: manifest.Manifest = {
            "clusterIP": "None",
            "selector": manifest.labels(COMPONENT),
            "ports": [{"name": "postgresql", "port": POSTGRES_PORT}],
        }
        headless = k8s.core.v1.Service(
            f"{self._name}-headless",
            metadata=self._meta("postgresql-headless"),
            spec=spec,
            opts=self._child,
        )
        spec = {
            "replicas": 1,
            "serviceName": "postgresql-headless",
            "podManagementPolicy": "Parallel",
            "selector": {"matchLabels": manifest.labels(COMPONENT)},
            "template": manifest.template(COMPONENT, self._pod(), manifest.checksum(self._files())),
            "volumeClaimTemplates": [manifest.volume_claim("data", self._args.ground.database_class, self._args.settings.storage_mib)],
            "persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Retain", "whenScaled": "Retain"},
        }
        # the pod mounts these by name, so no data flows that would order them
        waits = pulumi.ResourceOptions(parent=self, depends_on=[account, headless, *files])
        return k8s.apps.v1.StatefulSet(f"{self._name}-database", metadata=self._meta(COMPONENT), spec=spec, opts=waits)

    def _service(self, stateful_set: k8s.apps.v1.StatefulSet) -> k8s.core.v1.Service:
        port: manifest.Manifest = {
            "name": "postgresql",
            "port": POSTGRES_PORT,
            "targetPort": "postgresql",
            "nodePort": self._args.port.node,
        }
        return k8s.core.v1.Service(
            f"{self._name}-service",
            metadata=self._meta(COMPONENT),
            spec={"type": "NodePort", "selector": manifest.labels(COMPONENT), "ports": [port]},
            opts=pulumi.ResourceOptions(parent=self, depends_on=[stateful_set]),  # it waits for endpoints
        )
