"""Schema registry: Confluent's, or Apicurio with the same API."""

from __future__ import annotations

from typing import TYPE_CHECKING

from configs import topics as fixed
from settings.names import BROKERS, REGISTRY_PORT
from specification import manifest, names
from specification.properties import properties_text
from specification.streaming.external import bootstrap_servers
from specification.streaming.jvm import ENVIRONMENT, flags
from specification.streaming.topics import TopicSpec

if TYPE_CHECKING:
    from settings.names import Names
    from settings.streaming import ExistingKafka, RegistrySettings
    from specification.manifest import Manifest

UID = 1000
NAME = "schema-registry"
WORKER_USER = "connect"
OPERATOR_USER = "operator"
# Secret with user and password of the worker.
_HEALTH_PORT = 9000
_CONFIG = "/etc/schema-registry-config"
_LOGIN = "/etc/schema-registry-login"

# Image of each kind when the stack names none.
IMAGES = {
    "confluent": "localhost/data-ingestion/registry-confluent:8.1.0-1",
    "apicurio": "localhost/data-ingestion/registry:3.3.3-1",
}


def api_url(names: Names, settings: RegistrySettings) -> str:
    """Return the URL of the Confluent-compatible API as the worker reaches it."""
    if settings.external is not None:
        return settings.external.url
    return f"http://{names.service(NAME)}:{REGISTRY_PORT}{api_path(settings.kind)}"


def api_path(kind: str) -> str:
    """Return the path of the Confluent-compatible API."""
    return "/apis/ccompat/v7" if kind == "apicurio" else ""


def topics(kind: str) -> list[TopicSpec]:
    """Return the topics that the registry needs at start: Confluent's creates its own, Apicurio refuses a journal with retention."""
    if kind != "apicurio":
        return []
    keep = {"cleanup.policy": "delete", "min.insync.replicas": "2", "retention.ms": "-1", "retention.bytes": "-1"}
    return [TopicSpec(name, 1, keep) for name in fixed.REGISTRY]


def _confluent_properties(names: Names, external: ExistingKafka | None) -> dict[str, str]:
    protocol = external.protocol if external else "PLAINTEXT"
    return {
        "listeners": f"http://0.0.0.0:{REGISTRY_PORT}",
        "kafkastore.bootstrap.servers": ",".join(f"{protocol}://{server}" for server in bootstrap_servers(names, external).split(",")),
        "kafkastore.security.protocol": protocol,
        "kafkastore.topic.replication.factor": str(BROKERS),
        "schema.compatibility.level": "full",
        "authentication.method": "BASIC",
        "authentication.realm": "SchemaRegistry",
        "authentication.roles": "admin,developer",
        "authentication.skip.paths": "/v1/metadata/version",
    }


def _apicurio_properties(names: Names, external: ExistingKafka | None) -> dict[str, str]:
    protocol = {"apicurio.kafkasql.security.protocol": external.protocol} if external else {}
    return {
        "quarkus.http.host": "0.0.0.0",  # noqa: S104 - a pod; the network policies limit its clients
        "quarkus.http.port": str(REGISTRY_PORT),
        "quarkus.management.host": "0.0.0.0",  # noqa: S104 - for the kubelet's probes
        "quarkus.management.port": str(_HEALTH_PORT),
        "quarkus.otel.sdk.disabled": "true",
        "quarkus.http.auth.basic": "true",
        "quarkus.http.auth.permission.all.paths": "/*",
        "quarkus.http.auth.permission.all.policy": "authenticated",
        "quarkus.security.users.embedded.plain-text": "true",
        "apicurio.auth.role-based-authorization": "true",
        "apicurio.storage.kind": "kafkasql",
        "apicurio.kafkasql.bootstrap.servers": bootstrap_servers(names, external),
        **protocol,
        "apicurio.kafkasql.topic": fixed.REGISTRY_JOURNAL,
        "apicurio.kafkasql.snapshots.topic": fixed.REGISTRY_SNAPSHOTS,
        "apicurio.events.kafka.topic": fixed.REGISTRY_EVENTS,
        "apicurio.kafkasql.topic.auto-create": "false",
        "apicurio.kafkasql.snapshot.scheduled.enabled": "false",  # a snapshot would be in the pod's /tmp; the journal is complete
        "apicurio.kafkasql.consumer.group-prefix": "registry-",
        "apicurio.kafkasql.consumer.poll.timeout": "200",
        "apicurio.rules.global.compatibility": "FULL",
    }


def config_files(names: Names, settings: RegistrySettings, external: ExistingKafka | None = None) -> dict[str, str]:
    """Return the registry's configuration without passwords. Compatibility FULL: old and new readers both understand every change.

    Args:
        names: Names of the pipeline.
        settings: Settings of the registry.
        external: Existing Kafka cluster, or None for brokers that the program creates.
    """
    if settings.kind == "apicurio":
        return {"application.properties": properties_text(_apicurio_properties(names, external))}
    return {"schema-registry.properties": properties_text(_confluent_properties(names, external))}


def login_files(kind: str, passwords: dict[str, str]) -> dict[str, str]:
    """Return the users in the registry's own format.

    The worker may add compatible schemas; the operator may also change rules. Confluent's community registry authenticates users but does
    not authorise them, so there the two differ only in name.

    Args:
        kind: Kind of the registry.
        passwords: Password of ``WORKER_USER`` and of ``OPERATOR_USER``.
    """
    if kind == "apicurio":
        roles = {WORKER_USER: "sr-developer", OPERATOR_USER: "sr-admin"}
        users = {f"quarkus.security.users.embedded.users.{user}": passwords[user] for user in roles}
        return {
            "users.properties": properties_text(
                {**users, **{f"quarkus.security.users.embedded.roles.{user}": roles[user] for user in roles}}
            )
        }
    roles = {WORKER_USER: "developer", OPERATOR_USER: "admin"}
    return {
        "users.properties": "".join(f"{user}: {passwords[user]},{role}\n" for user, role in roles.items()),
        "jaas.conf": (
            "SchemaRegistry {\n"
            "  org.eclipse.jetty.security.jaas.spi.PropertyFileLoginModule required\n"
            f'  file="{_LOGIN}/users.properties";\n'
            "};\n"
        ),
    }


def command(settings: RegistrySettings) -> list[str]:
    """Return the command line of the registry."""
    if settings.kind == "apicurio":
        return ["java", *flags(settings.jvm, first_tier_only=True), "-jar", "/opt/apicurio/quarkus-run.jar"]
    libraries = ("confluent-security/schema-registry", "confluent-common", "rest-utils", "schema-registry")
    return [
        "java",
        *flags(settings.jvm, first_tier_only=True),
        f"-Djava.security.auth.login.config={_LOGIN}/jaas.conf",
        "-cp",
        ":".join(f"/usr/share/java/{library}/*" for library in libraries),
        "io.confluent.kafka.schemaregistry.rest.SchemaRegistryMain",
        f"{_CONFIG}/schema-registry.properties",
    ]


def registry_pod(settings: RegistrySettings, image: str) -> Manifest:
    """Return the pod of the registry; its health page needs no password in either kind.

    Args:
        settings: Kind and sizes.
        image: Image of this kind.
    """
    apicurio = settings.kind == "apicurio"
    env = dict(ENVIRONMENT)
    ports = {"api": REGISTRY_PORT}
    if apicurio:
        env["SMALLRYE_CONFIG_LOCATIONS"] = f"{_CONFIG}/application.properties,{_LOGIN}/users.properties"
        ports["health"] = _HEALTH_PORT
    ready, port = ("/health/ready", "health") if apicurio else ("/v1/metadata/version", "api")
    return manifest.pod(
        service_account=NAME,
        uid=UID,
        grace_s=30,
        containers=[
            manifest.container(
                name=NAME,
                image=image,
                command=command(settings),
                memory_mib=settings.memory_mib,
                cpu_millicores=settings.cpu_millicores,
                env=env,
                ports=ports,
                mounts=[manifest.mount("config", _CONFIG), manifest.mount("login", _LOGIN)],
                probes={
                    "startupProbe": manifest.http_probe(ready, port, period_s=1, failures=300),
                    "readinessProbe": manifest.http_probe(ready, port, period_s=5, failures=3),
                    "livenessProbe": manifest.tcp_probe("api", period_s=20, failures=6),
                },
            )
        ],
        volumes=[manifest.config_volume("config", names.REGISTRY_CONFIG), manifest.secret_volume("login", names.REGISTRY_LOGIN)],
    )
