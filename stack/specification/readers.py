"""What a pod that only reads the stack is given: its description without a secret, and the logins as files. ``description`` reads both."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from stack.settings.names import ARCHIVE_PROFILE, AWS_TOKEN, BROKERS, CONNECT_PORT, READER_CONFIG, READER_SECRETS
from stack.specification import manifest
from stack.specification.archive.sink import CATALOG
from stack.specification.streaming import registry
from stack.specification.streaming.external import bootstrap_servers
from stack.specification.streaming.pods import web_token

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stack.settings.model import Settings
    from stack.settings.readers import ReaderSecrets
    from stack.specification.archive.identity import PodIdentity
    from stack.specification.manifest import Manifest
    from stack.specification.source.layer import Source

FORM: Final = 3
"""Version of the document; it grows by one when a pod of an older image would read it wrongly."""
# What a column has for its creation only, and what its rules follow from.
_CREATION: Final = frozenset({"default", "identity"})
_RULES: Final = frozenset({"constraint", "quality"})
_AUTHORITY: Final = f"{READER_SECRETS}/database/ca.crt"
_DESCRIPTION: Final = "config"
_AWS_FILES: Final = f"{READER_SECRETS}/archive"

AWS_ENVIRONMENT: Final[Mapping[str, str]] = {
    "AWS_PROFILE": ARCHIVE_PROFILE,
    "AWS_CONFIG_FILE": f"{_AWS_FILES}/config",
    "AWS_SHARED_CREDENTIALS_FILE": f"{_AWS_FILES}/credentials",
    "AWS_EC2_METADATA_DISABLED": "true",
}
"""Environment by which the AWS SDK finds the files of the archive's Secret."""


def mounts(secrets: Mapping[str, str], token: Manifest | None) -> list[Manifest]:
    """Return the mounts of the reading container: the description, a folder for each login, and the token for AWS.

    Args:
        secrets: Secrets, as ``secrets`` returns them.
        token: Volume with the pod's token for AWS, or None.
    """
    return [
        manifest.mount(_DESCRIPTION, READER_CONFIG),
        *(manifest.mount(_volume(folder), f"{READER_SECRETS}/{folder}") for folder in secrets),
        *([manifest.mount(token["name"], AWS_TOKEN)] if token else []),
    ]


def volumes(config_map: str, secrets: Mapping[str, str], token: Manifest | None) -> list[Manifest]:
    """Return the volumes of ``mounts``.

    Args:
        config_map: ConfigMap with the description.
        secrets: Secrets, as ``secrets`` returns them.
        token: Volume with the pod's token for AWS, or None.
    """
    return [
        manifest.config_volume(_DESCRIPTION, config_map),
        *(manifest.secret_volume(_volume(folder), secret) for folder, secret in secrets.items()),
        *([token] if token else []),
    ]


def _volume(folder: str) -> str:
    return f"secret-{folder}"


def token(settings: Settings) -> Manifest | None:
    """Return the volume with the pod's token for AWS, or None for a stack whose pods have keys."""
    web_identity = settings.archive.web_identity
    return web_token(web_identity.audience) if web_identity else None


def description(settings: Settings, source: Source, registry_url: str, *, with_rules: bool = False) -> dict[str, Any]:
    """Return the description of a stack.

    Args:
        settings: The stack's settings.
        source: Specification of the captured database.
        registry_url: Confluent-compatible API of the registry as pods reach it.
        with_rules: Whether the columns have what their quality rules follow from.
    """
    left_out = {"columns": {"__all__": set(_CREATION if with_rules else _CREATION | _RULES)}}
    names, archive, streaming = settings.names, settings.archive, settings.streaming
    existing = streaming.kafka.external
    return {
        "form": FORM,
        "stack": names.namespace,
        "names": names.model_dump(mode="json", by_alias=True),
        "epoch": names.epoch,
        "seams": [seam.model_dump(mode="json", by_alias=True, exclude_none=True) for seam in streaming.seams],
        "tables": [
            table.model_dump(mode="json", by_alias=True, exclude_defaults=True, exclude=left_out) for table in settings.source.tables
        ],
        "archive": {
            "format": archive.format,
            "bucket": archive.bucket,
            "tasks": archive.tasks,
            "sinks": {name: list(listed) for name, listed in archive.sinks.items()},
            "intervalSeconds": archive.interval_ms / 1000,
        },
        "reader": {"endpoint": archive.pod_url, "region": archive.region, "catalog": CATALOG, "namespace": names.archive_namespace},
        "catalog": f"postgresql://{source.inside}/{names.catalog_database}?sslmode=verify-full&sslrootcert={_AUTHORITY}"
        if archive.has_catalog_database
        else None,
        "database": {
            "host": source.inside.host,
            "port": source.inside.port,
            "dbname": names.database,
            "sslmode": "verify-full",
            "sslrootcert": _AUTHORITY,
        },
        "managedDatabase": settings.source.is_managed,
        "heartbeatSeconds": settings.source.debezium.heartbeat_interval_ms / 1000,
        "kafka": {"bootstrap.servers": bootstrap_servers(names, existing), **_security(settings)},
        "brokers": existing.brokers if existing else BROKERS,
        "partitions": streaming.topics.partitions,
        "registry": registry_url,
        "registryLevel": registry.LEVEL if streaming.registry.is_managed else None,
        "connect": f"http://{names.service('connect')}:{CONNECT_PORT}",
    }


def _security(settings: Settings) -> dict[str, str]:
    """Return librdkafka's settings of an existing cluster, without the login."""
    external = settings.streaming.kafka.external
    if external is None:
        return {}
    mechanism = {"sasl.mechanism": external.mechanism} if external.logs_in else {}
    return {"security.protocol": external.protocol.lower(), **mechanism}


def secrets(settings: Settings, own: Mapping[str, str], named: ReaderSecrets, reader: PodIdentity | None) -> dict[str, str]:
    """Return the Secrets of a pod: folder below ``READER_SECRETS`` to name of the Secret.

    Args:
        settings: The stack's settings.
        own: Secrets that the program creates for the pod, by folder.
        named: Existing Secrets for existing systems.
        reader: AWS identity of the pod, or None if an existing Secret has its keys.
    """
    streaming = settings.streaming
    kafka = streaming.kafka.external
    mounted = {
        **own,
        "database": own["database"] if settings.source.is_managed else named.database,
        "registry": own["registry"] if streaming.registry.is_managed else named.registry,
        "kafka": named.kafka if kafka is not None and kafka.logs_in else None,
        "archive": named.store if reader is None else reader.secret,
    }
    return {folder: secret for folder, secret in mounted.items() if secret}
