"""Description of a stack by commands on a host: logins are in its outputs, in the environment, or in the pipeline's Secrets."""

from __future__ import annotations

import base64
import os
from typing import TYPE_CHECKING, Any

from pipeline.description.stack import Description, Login, UnansweredError, WorkerLogin
from providers.kafkaconnect.librdkafka import client
from providers.operations import ProviderError
from stack.settings.names import BROKERS
from stack.settings.sinks import sinks
from stack.specification.stack import Specification
from stack.specification.streaming.registry import LEVEL

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipeline.reading.stack import RunningStack
    from stack.settings.model import Settings


def described(stack: RunningStack) -> Description:
    """Return a running stack as commands on this machine see it."""
    settings, outputs = stack.settings, stack.outputs
    archive, existing, database = settings.archive, settings.streaming.kafka.external, outputs["postgres"]
    return Description(
        name=stack.name,
        names=settings.names,
        seams=settings.streaming.seams,
        tables=stack.tables,
        sinks=sinks(settings.names, stack.tables, archive.sinks),
        format=archive.format,
        bucket=archive.bucket,
        tasks=archive.tasks,
        interval_s=archive.interval_ms / 1000,
        heartbeat_s=settings.source.debezium.heartbeat_interval_ms / 1000,
        managed=settings.source.is_managed,
        level=LEVEL if settings.streaming.registry.is_managed else None,
        partitions=settings.streaming.topics.partitions,
        brokers=existing.brokers if existing else BROKERS,
        outputs=outputs,
        registry_url=outputs["registry"]["url"],
        database=(database["host"], int(database["port"])),
        authority=lambda: database.get("caCertificate"),
        kafka=lambda: kafka(stack),
        registry=lambda: registry(stack),
        source=lambda: source(stack),
        connect=lambda: WorkerLogin(*(outputs["connect"][key] for key in ("url", "user", "password"))),
    )


def kafka(stack: RunningStack) -> Mapping[str, Any]:
    """Return librdkafka's settings; the login of an existing cluster is in KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD.

    Raises:
        UnansweredError: If a login is needed and the environment has none.
    """
    security = Specification.of(stack.settings).streaming.kafka.security
    try:
        login = client(security or {})
    except ProviderError as error:
        raise UnansweredError(str(error)) from None
    return {"bootstrap.servers": stack.outputs["kafka"]["bootstrapServers"], **login}


def registry(stack: RunningStack) -> tuple[str, str] | None:
    """Return user and password of the schema registry.

    Raises:
        UnansweredError: If its Secret cannot be read.
    """
    described, existing = stack.outputs["registry"], stack.settings.streaming.registry.external
    if "user" in described:
        return described["user"], described["password"]
    if existing is None:
        return None
    found = secret(stack.settings, existing.secret)
    return found["username"], found["password"]


def source(stack: RunningStack) -> Login:
    """Return the login for the database's log: libpq's own variables where PGUSER is set, else that of Debezium in its Secret.

    Raises:
        UnansweredError: If the Secret cannot be read.
    """
    database = stack.outputs["postgres"]
    place = {"host": database["host"], "port": database["port"], "dbname": database["database"]}
    encrypted = {} if "PGSSLMODE" in os.environ else {"sslmode": "require"}
    if "PGUSER" in os.environ:
        return Login({**place, **encrypted})
    found = secret(stack.settings, Specification.of(stack.settings).source.connect_secret)
    return Login({**place, **encrypted, "user": found["username"], "password": found["password"]})


def secret(settings: Settings, name: str) -> Mapping[str, str]:
    """Return the values of a Secret of the pipeline.

    Raises:
        UnansweredError: If the cluster does not give it.
    """
    from kubernetes import client, config  # noqa: PLC0415 - takes a second to load; needed for a Secret only
    from urllib3.exceptions import HTTPError  # noqa: PLC0415 - comes with it

    cluster, options = settings.cluster, client.Configuration()
    options.retries = False
    try:
        api = config.new_client_from_config(config_file=cluster.kubeconfig, context=cluster.context, client_configuration=options)
        found = client.CoreV1Api(api).read_namespaced_secret(name, settings.names.namespace, _request_timeout=10)
    except (client.ApiException, config.ConfigException, HTTPError) as error:
        message = (
            f"the Secret {name} in the cluster {cluster.context} cannot be read ({type(error).__name__}): "
            f"kubectl --context {cluster.context} --namespace {settings.names.namespace} get secret {name}"
        )
        raise UnansweredError(message) from None
    return {key: base64.b64decode(value).decode() for key, value in (found.data or {}).items()}
