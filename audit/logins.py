"""Logins of an audit: from the stack's outputs, from the environment as other commands take them, or from the pipeline's Secrets."""

from __future__ import annotations

import base64
import os
from typing import TYPE_CHECKING, Any

from audit.source_log import Login
from audit.subject import UnansweredError
from providers.kafkaconnect.readiness import client
from specification.stack import Specification

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reading.stack import RunningStack
    from settings.model import Settings


def kafka(stack: RunningStack) -> Mapping[str, Any]:
    """Return librdkafka's settings; the login of an existing cluster is in KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD.

    Raises:
        ProviderError: If a login is needed and the environment has none.
    """
    security = Specification.of(stack.settings).streaming.kafka.security
    return {"bootstrap.servers": stack.outputs["kafka"]["bootstrapServers"], **client(security or {})}


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
