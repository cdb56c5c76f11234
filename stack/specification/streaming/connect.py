"""Connect worker: properties, login files, command lines and secret references."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stack.configs import topics
from stack.configs.classes import BASIC_AUTH, JSON_CONVERTER, REST_ACCESS
from stack.configs.overrides import overridable
from stack.configs.worker_rules import OVERRIDE_LIST, OVERRIDE_POLICY
from stack.settings.names import BROKERS, CONNECT_PORT, CONNECT_SECRETS
from stack.settings.types import NOTHING
from stack.specification.monitoring.jmx import NO_AGENT
from stack.specification.streaming import restarter
from stack.specification.streaming.external import bootstrap_servers, client_security
from stack.specification.streaming.jvm import flags
from stack.specification.streaming.kafka import LOG4J

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stack.settings.names import Names
    from stack.settings.streaming import ConnectSettings, ExistingKafka
    from stack.specification.monitoring.jmx import Agent

UID = 1000
CONNECT_USER = "operator"
# May only read, by the image's own extension, which knows the name.
READER_USER = "reader"
CONFIG = "/etc/connect/worker.properties"
REST_LOGIN = "/etc/connect-rest"
# curl's configuration with user and password of the REST interface, which must not appear in a command line.
CURL_LOGIN = f"{REST_LOGIN}/curl.conf"

PLUGINS = "/opt/connect/plugins"
AWS_FILES = f"{CONNECT_SECRETS}/archive"


def worker_properties(names: Names, extra: Mapping[str, str] = NOTHING, external: ExistingKafka | None = None) -> dict[str, str]:
    """Return the properties of a worker; secrets are references that the worker resolves.

    Args:
        names: Names of the pipeline.
        extra: Further properties of the stack, which override all others.
        external: Existing Kafka cluster, or None for brokers that the program creates.
    """
    return {
        "bootstrap.servers": bootstrap_servers(names, external),
        **client_security(external, "", "producer.", "consumer.", "admin."),
        "group.id": names.connect_group,
        "config.storage.topic": topics.CONNECT_CONFIGS,
        "offset.storage.topic": topics.CONNECT_OFFSETS,
        "status.storage.topic": topics.CONNECT_STATUS,
        "config.storage.replication.factor": str(BROKERS),
        "offset.storage.replication.factor": str(BROKERS),
        "status.storage.replication.factor": str(BROKERS),
        "key.converter": JSON_CONVERTER,
        "value.converter": JSON_CONVERTER,
        "exactly.once.source.support": "enabled",
        "offset.flush.interval.ms": "1000",  # also the sleep of an idle sink task, after which it notices the start of a commit
        "scheduled.rebalance.max.delay.ms": "10000",
        "topic.creation.enable": "false",  # every topic is declared; a missing topic must be an error
        OVERRIDE_POLICY: "Allowlist",
        OVERRIDE_LIST: ",".join(overridable()),
        "plugin.path": PLUGINS,
        "plugin.discovery": "service_load",  # saves a third of the start-up time; every plugin in the image has a manifest
        "listeners": f"http://0.0.0.0:{CONNECT_PORT}",
        "rest.advertised.host.name": "${env:POD_IP}",
        "rest.extension.classes": f"{BASIC_AUTH},{REST_ACCESS}",
        "config.providers": "env,dir",
        "config.providers.env.class": "org.apache.kafka.common.config.provider.EnvVarConfigProvider",
        "config.providers.env.param.allowlist.pattern": "^POD_IP$",
        "config.providers.dir.class": "org.apache.kafka.common.config.provider.DirectoryConfigProvider",
        "config.providers.dir.param.allowed.paths": CONNECT_SECRETS,
        **extra,
    }


def worker_mib(settings: ConnectSettings) -> int:
    """Return the memory limit of the worker's container in MiB: the pod's limit minus that of the container ``restarter``."""
    return settings.memory_mib - restarter.MEMORY_MIB


def worker_command(settings: ConnectSettings, agent: Agent = NO_AGENT) -> list[str]:
    """Return the command line of a worker."""
    return [
        "java",
        *flags(settings.jvm),
        *agent.flags,
        # the JDBC driver makes it the zone of its sessions, in which PostgreSQL writes times within arrays and ranges
        "-Duser.timezone=UTC",
        f"-Dlog4j2.configurationFile={LOG4J}",
        f"-Djava.security.auth.login.config={REST_LOGIN}/jaas.conf",
        "-cp",
        "/opt/kafka/libs/*",
        "org.apache.kafka.connect.cli.ConnectDistributed",
        CONFIG,
    ]


def users(*, is_read: bool) -> tuple[str, ...]:
    """Return the users of the REST interface; the one who may only read is there for the monitoring."""
    return (CONNECT_USER, *((READER_USER,) if is_read else ()))


def login_files(passwords: Mapping[str, str]) -> dict[str, str]:
    """Return the files for the REST interface's Basic authentication, and the operator's login for curl.

    Args:
        passwords: Password of each user.

    Raises:
        ValueError: If a password contains a character that one of the file formats interprets.
    """
    if any(set(password) & set('"\\:\n# ') for password in passwords.values()):
        message = "the Connect password must consist of letters and digits: it is written to a properties file and a curl configuration"
        raise ValueError(message)
    operator = passwords[CONNECT_USER]
    return {
        "jaas.conf": (
            "KafkaConnect {\n"
            "  org.apache.kafka.connect.rest.basic.auth.extension.PropertyFileLoginModule required\n"
            f'  file="{REST_LOGIN}/users.properties";\n'
            "};\n"
        ),
        "users.properties": "".join(f"{user}={password}\n" for user, password in passwords.items()),
        "curl.conf": f'user = "{CONNECT_USER}:{operator}"\n',
        "username": CONNECT_USER,
        "password": operator,
    }


def health_command() -> list[str]:
    """Return the command of the readiness probe: a request to the worker's health page, with credentials from a file."""
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
    """Return the reference to a secret in a connector's configuration; the worker reads it from a mounted file and never stores it."""
    return f"${{dir:{CONNECT_SECRETS}/{secret}:{key}}}"
