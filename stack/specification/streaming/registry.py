"""Schema registry: Confluent's, or Apicurio with the same API."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stack.configs import topics as fixed
from stack.settings.names import BROKERS, REGISTRY_PORT
from stack.specification import manifest, names
from stack.specification.logs import LOG4J_FILE, USUAL_LOGS, log4j, quarkus
from stack.specification.monitoring.jmx import NO_AGENT
from stack.specification.properties import properties_text
from stack.specification.streaming.external import bootstrap_servers
from stack.specification.streaming.jvm import ENVIRONMENT, flags
from stack.specification.streaming.topics import TopicSpec

if TYPE_CHECKING:
    from stack.settings.logs import LogSettings
    from stack.settings.names import Names
    from stack.settings.streaming import ExistingKafka, RegistrySettings
    from stack.specification.manifest import Manifest
    from stack.specification.monitoring.jmx import Agent

UID = 1000
NAME = "schema-registry"
WORKER_USER = "connect"
OPERATOR_USER = "operator"
AUDIT_USER = "audit"
# Compatibility level of every subject: old and new readers both understand every change.
LEVEL = "FULL"
# Health page and metrics of Apicurio, without a password.
HEALTH_PORT = 9000
HEALTH_PORT_NAME = "health"
_CONFIG = "/etc/schema-registry-config"
_LOGIN = "/etc/schema-registry-login"
# The access log, which probes would fill.
_CONFLUENT_LOGGERS = "logger.requests.name = io.confluent.rest-utils.requests\nlogger.requests.level = warn\n"


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
        "schema.compatibility.level": LEVEL.lower(),
        "authentication.method": "BASIC",
        "authentication.realm": "SchemaRegistry",
        "authentication.roles": "admin,developer",
        "authentication.skip.paths": "/v1/metadata/version",
    }


def _apicurio_properties(names: Names, external: ExistingKafka | None, logs: LogSettings) -> dict[str, str]:
    protocol = {"apicurio.kafkasql.security.protocol": external.protocol} if external else {}
    return {
        "quarkus.http.host": "0.0.0.0",  # noqa: S104 - a pod; the network policies limit its clients
        "quarkus.http.port": str(REGISTRY_PORT),
        "quarkus.management.host": "0.0.0.0",  # noqa: S104 - for the kubelet's probes and for Prometheus
        "quarkus.management.port": str(HEALTH_PORT),
        "quarkus.otel.sdk.disabled": "true",
        **quarkus(logs),
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
        "apicurio.rules.global.compatibility": LEVEL,
    }


def config_files(
    names: Names, settings: RegistrySettings, external: ExistingKafka | None = None, logs: LogSettings = USUAL_LOGS
) -> dict[str, str]:
    """Return the registry's configuration without passwords. Compatibility FULL: old and new readers both understand every change.

    Args:
        names: Names of the pipeline.
        settings: Settings of the registry.
        external: Existing Kafka cluster, or None for brokers that the program creates.
        logs: Level of its log.
    """
    if settings.kind == "apicurio":
        return {"application.properties": properties_text(_apicurio_properties(names, external, logs))}
    return {
        "schema-registry.properties": properties_text(_confluent_properties(names, external)),
        LOG4J_FILE: log4j(logs, _CONFLUENT_LOGGERS),
    }


def login_files(kind: str, passwords: dict[str, str]) -> dict[str, str]:
    """Return the users in the registry's own format.

    The worker may add compatible schemas; the operator may also change rules; the audit may read. Confluent's community registry
    authenticates users but does not authorise them, so there they differ only in name.

    Args:
        kind: Kind of the registry.
        passwords: Password of each user.
    """
    if kind == "apicurio":
        roles = _of_users({WORKER_USER: "sr-developer", OPERATOR_USER: "sr-admin", AUDIT_USER: "sr-readonly"}, passwords)
        users = {f"quarkus.security.users.embedded.users.{user}": passwords[user] for user in roles}
        return {
            "users.properties": properties_text(
                {**users, **{f"quarkus.security.users.embedded.roles.{user}": roles[user] for user in roles}}
            )
        }
    roles = _of_users({WORKER_USER: "developer", OPERATOR_USER: "admin", AUDIT_USER: "developer"}, passwords)
    return {
        "users.properties": "".join(f"{user}: {passwords[user]},{role}\n" for user, role in roles.items()),
        "jaas.conf": (
            "SchemaRegistry {\n"
            "  org.eclipse.jetty.security.jaas.spi.PropertyFileLoginModule required\n"
            f'  file="{_LOGIN}/users.properties";\n'
            "};\n"
        ),
    }


def users(*, is_read: bool) -> tuple[str, ...]:
    """Return the users of a registry; the audit is one where the stack has a scheduled one, or monitoring."""
    return (WORKER_USER, OPERATOR_USER, *((AUDIT_USER,) if is_read else ()))


def _of_users(roles: dict[str, str], passwords: dict[str, str]) -> dict[str, str]:
    return {user: role for user, role in roles.items() if user in passwords}


def command(settings: RegistrySettings, agent: Agent = NO_AGENT) -> list[str]:
    """Return the command line of the registry."""
    if settings.kind == "apicurio":
        return ["java", *flags(settings.jvm, first_tier_only=True), *agent.flags, "-jar", "/opt/apicurio/quarkus-run.jar"]
    libraries = ("confluent-security/schema-registry", "confluent-common", "rest-utils", "schema-registry")
    return [
        "java",
        *flags(settings.jvm, first_tier_only=True),
        *agent.flags,
        f"-Djava.security.auth.login.config={_LOGIN}/jaas.conf",
        f"-Dlog4j2.configurationFile={_CONFIG}/{LOG4J_FILE}",
        "-cp",
        ":".join(f"/usr/share/java/{library}/*" for library in libraries),
        "io.confluent.kafka.schemaregistry.rest.SchemaRegistryMain",
        f"{_CONFIG}/schema-registry.properties",
    ]


def registry_pod(settings: RegistrySettings, image: str, agent: Agent = NO_AGENT) -> Manifest:
    """Return the pod of the registry; its health page needs no password in either kind.

    Args:
        settings: Kind and sizes.
        image: Image of this kind.
        agent: Prometheus' agent in the registry.
    """
    apicurio = settings.kind == "apicurio"
    env = dict(ENVIRONMENT)
    ports = {"api": REGISTRY_PORT, **dict(agent.ports)}
    if apicurio:
        env["SMALLRYE_CONFIG_LOCATIONS"] = f"{_CONFIG}/application.properties,{_LOGIN}/users.properties"
        ports[HEALTH_PORT_NAME] = HEALTH_PORT
    ready, port = ("/health/ready", HEALTH_PORT_NAME) if apicurio else ("/v1/metadata/version", "api")
    return manifest.pod(
        service_account=NAME,
        uid=UID,
        grace_s=30,
        containers=[
            manifest.container(
                name=NAME,
                image=image,
                command=command(settings, agent),
                memory_mib=settings.memory_mib,
                cpu_millicores=settings.cpu_millicores,
                env=env,
                ports=ports,
                mounts=[manifest.mount("config", _CONFIG), manifest.mount("login", _LOGIN), *agent.mounts],
                probes={
                    "startupProbe": manifest.http_probe(ready, port, period_s=1, failures=300),
                    "readinessProbe": manifest.http_probe(ready, port, period_s=5, failures=3),
                    "livenessProbe": manifest.tcp_probe("api", period_s=20, failures=6),
                },
            )
        ],
        volumes=[manifest.config_volume("config", names.REGISTRY_CONFIG), manifest.secret_volume("login", names.REGISTRY_LOGIN)],
    )
