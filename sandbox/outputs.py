"""The sandbox's outputs for scripts; every address can be reached from this machine."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from sandbox.paths import STATE
from settings.names import OBJECT_ROOT
from specification.archive.sink import CATALOG

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.reader import Reader
    from settings.model import Settings

_FILE = STATE / "outputs.json"


class NoSandboxError(Exception):
    """There is no sandbox whose outputs could be read."""


def collect(stack: Mapping[str, Any], settings: Settings, reader: Reader) -> dict[str, Any]:
    """Return the outputs as ``sandbox outputs --json`` prints them.

    Args:
        stack: The program's own outputs, secrets in clear.
        settings: The stack's settings.
        reader: An identity that may only read the archive.
    """
    postgres = stack["postgres"]
    catalog = stack["catalog"]
    return {
        "postgres": {key: postgres[key] for key in ("host", "port", "database", "user", "password")}
        | {"ca_certificate": postgres["caCertificate"]},
        "kafka": {"bootstrap_servers": stack["kafka"]["bootstrapServers"]},
        "registry": dict(stack["registry"]),
        "connect": dict(stack["connect"]),
        "s3": {
            "endpoint": reader.endpoint,
            "region": reader.region,
            "access_key_id": reader.access_key_id,
            "secret_access_key": reader.secret_access_key,
            "bucket": stack["archive"]["bucket"],
        },
        "catalog": {
            "type": "sql",
            "name": CATALOG,
            "namespace": settings.names.archive_namespace,
            "uri": catalog["uri"],
            "user": catalog["user"],
            "password": catalog["password"],
            "warehouse": f"s3://{stack['archive']['bucket']}/{OBJECT_ROOT}",
        },
        "tables": stack["tables"],
    }


def save(outputs: Mapping[str, Any]) -> None:
    """Keep the outputs for later commands, readable by root alone."""
    temporary = _FILE.with_suffix(".new")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(outputs, file, indent=2)
    temporary.replace(_FILE)


def forget() -> None:
    """Delete them: there is no pipeline any more."""
    _FILE.unlink(missing_ok=True)


def read() -> dict[str, Any]:
    """Read the outputs of the sandbox on this machine.

    Raises:
        NoSandboxError: If there is none, or it was never completed.
    """
    try:
        loaded: dict[str, Any] = json.loads(_FILE.read_text(encoding="utf-8"))
    except FileNotFoundError:
        message = "there is no complete sandbox on this machine; make one with 'make sandbox'"
        raise NoSandboxError(message) from None
    except PermissionError:
        message = f"{_FILE} holds passwords and is readable by root alone; run this as root"
        raise NoSandboxError(message) from None
    return loaded
