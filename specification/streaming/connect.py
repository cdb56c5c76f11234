"""The Connect worker: its properties, its login files and its command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from settings.names import BROKERS, CONNECT_PORT, CONNECT_SECRETS
from settings.types import NOTHING
from specification.streaming import restarter
from specification.streaming.external import bootstrap_servers, client_security
from specification.streaming.jvm import flags
from specification.streaming.kafka import LOG4J

if TYPE_CHECKING:
    from collections.abc import Mapping

    from settings.names import Names
    from settings.streaming import ConnectSettings, ExistingKafka

UID = 1000
CONNECT_USER = "operator"
CONFIG = "/etc/connect/worker.properties"
REST_LOGIN = "/etc/connect-rest"
# curl's configuration with the REST interface's user and password, so that neither stands in a command line.
CURL_LOGIN = f"{REST_LOGIN}/curl.conf"

PLUGINS = "/opt/connect/plugins"
AWS_FILES = f"{CONNECT_SECRETS}/archive"


def worker_properties(names: Names, extra: Mapping[str, str] = NOTHING, external: ExistingKafka | None = None) -> dict[str, str]:
    """The worker's properties; secrets come in by reference and are resolved in the worker.

    Args:
        names: The pipeline's names.
        extra: The stack's own properties, written over all others.
        external: The Kafka cluster that was there before, or None for the pipeline's own.
    """
    return {
        "bootstrap.servers": bootstrap_servers(names, external),
        **client_security(external, "", "producer.", "consumer.", "admin."),
        "group.id": names.connect_group,
        "config.storage.topic": "connect-configs",
        "offset.storage.topic": "connect-offsets",
        "status.storage.topic": "connect-status",
        "config.storage.replication.factor": str(BROKERS),
        "offset.storage.replication.factor": str(BROKERS),
        "status.storage.replication.factor": str(BROKERS),
        "key.converter": "org.apache.kafka.connect.json.JsonConverter",
        "value.converter": "org.apache.kafka.connect.json.JsonConverter",
        "exactly.once.source.support": "enabled",
        "offset.flush.interval.ms": "1000",  # also how long an idle sink task sleeps before it hears that a commit has begun
        "scheduled.rebalance.max.delay.ms": "10000",
        "topic.creation.enable": "false",  # every topic is declared; one that is missing is an error to show
        "connector.client.config.override.policy": "All",
        "plugin.path": PLUGINS,
        "plugin.discovery": "service_load",  # a third of the start-up time; the image gives every plugin its manifest
        "listeners": f"http://0.0.0.0:{CONNECT_PORT}",
        "rest.advertised.host.name": "${env:POD_IP}",
        "rest.extension.classes": "org.apache.kafka.connect.rest.basic.auth.extension.BasicAuthSecurityRestExtension",
        "config.providers": "env,dir",
        "config.providers.env.class": "org.apache.kafka.common.config.provider.EnvVarConfigProvider",
        "config.providers.env.param.allowlist.pattern": "^POD_IP$",
        "config.providers.dir.class": "org.apache.kafka.common.config.provider.DirectoryConfigProvider",
        "config.providers.dir.param.allowed.paths": CONNECT_SECRETS,
        **extra,
    }


def worker_mib(settings: ConnectSettings) -> int:
    """Memory limit of the worker's container in MiB: the pod's, less that of the container ``restarter``."""
    return settings.memory_mib - restarter.MEMORY_MIB


def worker_command(settings: ConnectSettings) -> list[str]:
    """The worker's command line."""
    return [
        "java",
        *flags(settings.jvm),
        f"-Dlog4j2.configurationFile={LOG4J}",
        f"-Djava.security.auth.login.config={REST_LOGIN}/jaas.conf",
        "-cp",
        "/opt/kafka/libs/*",
        "org.apache.kafka.connect.cli.ConnectDistributed",
        CONFIG,
    ]


def login_files(user: str, password: str) -> dict[str, str]:
    """The files behind the REST interface's Basic authentication, and curl's own credentials for the probe.

    Raises:
        ValueError: If the password would not survive the two file formats.
    """
    if set(password) & set('"\\:\n# '):
        message = "the Connect password must be made of letters and digits: it stands in a properties file and in a curl configuration"
        raise ValueError(message)
    return {
        "jaas.conf": (
            "KafkaConnect {\n"
            "  org.apache.kafka.connect.rest.basic.auth.extension.PropertyFileLoginModule required\n"
            f'  file="{REST_LOGIN}/users.properties";\n'
            "};\n"
        ),
        "users.properties": f"{user}={password}\n",
        "curl.conf": f'user = "{user}:{password}"\n',
        "username": user,
        "password": password,
    }


def health_command() -> list[str]:
    """The readiness probe: the worker's own health page, with credentials that stay in a file."""
    return [
        "curl",
        "--fail",
        "--silent",
        "--max-time",
        "4",
        "--config",
        CURL_LOGIN,
        f"http://127.0.0.1:{CONNECT_PORT}/health",
    ]


def secret_reference(secret: str, key: str) -> str:
    """How a connector's configuration names a secret: read in the worker from a mounted file, never stored."""
    return f"${{dir:{CONNECT_SECRETS}/{secret}:{key}}}"
