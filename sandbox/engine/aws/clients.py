"""Clients for the services of the emulator that a provider of the program names."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from sandbox.engine.failures import RefusedError
from sandbox.engine.family import decoded

if TYPE_CHECKING:
    from collections.abc import Mapping

Client: TypeAlias = Any
"""A client of boto3, which makes its methods at run time."""

_TIMEOUT_S: Final = 20


class Clients:
    """Makes a client for each service and provider once; usable from many threads."""

    def __init__(self) -> None:
        """Connect to nothing yet."""
        self._lock = threading.Lock()
        self._clients: dict[str, Client] = {}

    def get(self, provider: Mapping[str, Any], service: str) -> Client:
        """Give a client. Raises RefusedError when the provider has no endpoint for the service.

        Without an endpoint the request would go to the real AWS, which a sandbox must never speak to.
        """
        settings = decoded(provider)
        endpoints = {name: url for item in settings.get("endpoints") or [] for name, url in item.items() if url}
        if service not in endpoints:
            message = f"the AWS provider has no endpoint for {service}, and a sandbox never speaks to the real AWS"
            raise RefusedError(message)
        key = json.dumps([service, settings], sort_keys=True)
        with self._lock:
            if key not in self._clients:
                self._clients[key] = _client(service, endpoints[service], settings)
            return self._clients[key]


def _client(service: str, endpoint: str, settings: Mapping[str, Any]) -> Client:
    # Without keys in the provider boto3 takes those of the environment, as the real provider does.
    session = boto3.session.Session(
        aws_access_key_id=settings.get("accessKey"),
        aws_secret_access_key=settings.get("secretKey"),
        region_name=settings["region"],
    )
    options = Config(
        connect_timeout=_TIMEOUT_S,
        read_timeout=_TIMEOUT_S,
        retries={"max_attempts": 3, "mode": "standard"},
        s3={"addressing_style": "path" if settings.get("s3UsePathStyle") else "auto"},
        max_pool_connections=32,
    )
    # Service names are data here, so the typed overloads do not apply.
    make: Any = session.client
    return make(service, endpoint_url=endpoint, config=options)


def absent(error: ClientError) -> bool:
    """Tell whether the service says that what was asked about is not there."""
    code = error.response.get("Error", {}).get("Code", "")
    return code in {"404", "NoSuchEntity"} or code.startswith("NoSuch") or code.endswith("NotFoundError")


def reason(error: ClientError | BotoCoreError) -> str:
    """Give the service's own words, without the request."""
    if isinstance(error, ClientError):
        said = error.response.get("Error", {})
        return f"{error.operation_name} was refused: {said.get('Code')}: {said.get('Message')}"
    return f"the emulator does not answer: {type(error).__name__}"
