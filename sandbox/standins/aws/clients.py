"""Clients by the settings of the program's AWS provider: endpoints, login, default tags."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from providers.operations import Plain, ProviderError
from sandbox.standins.shape import decoded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

Client: TypeAlias = Any
"""A client of boto3, which makes its methods at run time."""

_TIMEOUT_S: Final = 20


class Account:
    """One provider's endpoints, login and default tags; usable from many threads."""

    def __init__(self, config: Plain) -> None:
        """Connect to nothing yet: a preview needs no endpoint."""
        self._settings = decoded(config)
        self._lock = threading.Lock()
        self._clients: dict[str, Client] = {}

    def client(self, service: str) -> Client:
        """Give a client. Raises ProviderError when the provider has no endpoint for the service.

        Without an endpoint the request would go to the real AWS, which a stand-in must never speak to.
        """
        endpoints = {name: url for item in self._settings.get("endpoints") or [] for name, url in item.items() if url}
        if service not in endpoints:
            message = (
                f"the AWS provider has no endpoint for {service}, and the stand-in never speaks to the real AWS. "
                "Install the published plugin for that: pulumi plugin install resource aws"
            )
            raise ProviderError(message)
        with self._lock:
            if service not in self._clients:
                self._clients[service] = _client(service, endpoints[service], self._settings)
            return self._clients[service]

    @property
    def default_tags(self) -> dict[str, str]:
        """The tags that every thing gets which can have tags."""
        return dict((self._settings.get("defaultTags") or {}).get("tags") or {})


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


@contextmanager
def in_its_words() -> Iterator[None]:
    """Let the service's own words out as a ProviderError, without the request."""
    try:
        yield
    except ClientError as error:
        said = error.response.get("Error", {})
        message = f"{error.operation_name} was refused: {said.get('Code')}: {said.get('Message')}"
        raise ProviderError(message) from None
    except BotoCoreError as error:
        message = f"the emulated AWS does not answer: {error}"
        raise ProviderError(message) from None


def found(call: Callable[..., Mapping[str, Any]], **arguments: str) -> Mapping[str, Any] | None:
    """Give the answer of a look-up, or None when there is no such thing."""
    try:
        return call(**arguments)
    except ClientError as error:
        if absent(error):
            return None
        raise
