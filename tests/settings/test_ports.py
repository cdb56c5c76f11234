"""Ports behind a host, wherever a stack file or a provider reads one: numbers from 1 to 65535, in one spelling."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest

from providers.kafkaconnect.readiness_rules import server_problems
from tests.settings.test_settings_choices import ENDPOINT, FOUND, MANAGED, STORE, accepted, problems_of

if TYPE_CHECKING:
    from collections.abc import Callable

WRONG: Final = ("0", "65536", "99999", "100000", "09092", "00", "9" * 40)
RIGHT: Final = ("1", "80", "9092", "65535")
_S3: Final = {"existingBucket": True, "format": "parquet"}


def _digest(port: str) -> str:
    return f"registry.example.com:{port}/kafka@sha256:{'0' * 64}"


# Key of a setting with an address, the stack around it, and the change with a port.
PLACES: Final[dict[str, tuple[dict[str, Any], Callable[[str], dict[str, Any]]]]] = {
    "images.kafka": (MANAGED, lambda port: {"images": {"kafka": f"registry.example.com:{port}/kafka:1"}}),
    "images.connect": (MANAGED, lambda port: {"images": {"connect": f"localhost:{port}/a/b:1"}}),
    "images.postgres": (MANAGED, lambda port: {"images": {"postgres": _digest(port)}}),
    "streaming.kafka.external.bootstrapServers.0": (
        FOUND,
        lambda port: {"streaming": {"kafka": {"external": {"bootstrapServers": [f"b-1:{port}"]}}}},
    ),
    "streaming.registry.external.url": (FOUND, lambda port: {"streaming": {"registry": {"external": {"url": f"http://schemas:{port}"}}}}),
    "archive.endpoint.url": (FOUND, lambda port: {"archive": {**_S3, "endpoint": {**ENDPOINT, "url": f"http://minio:{port}"}}}),
    "archive.endpoint.hostUrl": (FOUND, lambda port: {"archive": {**_S3, "endpoint": {**ENDPOINT, "hostUrl": f"http://minio:{port}"}}}),
    "archive.store.hostEndpoint": (
        MANAGED,
        lambda port: {"archive": {"format": "parquet", "store": {**STORE, "hostEndpoint": f"http://127.0.0.1:{port}"}}},
    ),
    "archive.webIdentity.providerArn": (
        MANAGED,
        lambda port: {
            "archive": {"webIdentity": {"providerArn": f"arn:aws:iam::123456789012:oidc-provider/oidc.example.com:{port}/id/cluster"}}
        },
    ),
    "monitoring.receivers.email.smarthost": (
        MANAGED,
        lambda port: {
            "monitoring": {
                "enabled": True,
                "receivers": {
                    "addresses": ["203.0.113.0/24"],
                    "ports": [int(port) if port in RIGHT else 587],
                    "email": {"to": "a@example.com", "from": "b@example.com", "smarthost": f"smtp.example.com:{port}"},
                },
            }
        },
    ),
    "monitoring.runbooks": (MANAGED, lambda port: {"monitoring": {"enabled": True, "runbooks": f"https://pages.example.com:{port}/r"}}),
}


@pytest.mark.parametrize("port", WRONG)
@pytest.mark.parametrize("key", PLACES)
def test_a_port_that_no_server_has_is_refused_with_the_rule(key: str, port: str) -> None:
    base, change = PLACES[key]
    lines = [line for line in problems_of(base, **change(port)) if line.startswith(f"data-ingestion:{key}: ")]
    assert len(lines) == 1
    assert "65535" in lines[0] or "must be a URL such as" in lines[0]


@pytest.mark.parametrize("port", RIGHT)
@pytest.mark.parametrize("key", PLACES)
def test_every_port_of_a_server_is_accepted(key: str, port: str) -> None:
    base, change = PLACES[key]
    accepted(base, **change(port))


def test_the_gate_and_the_settings_read_ports_alike() -> None:
    assert [port for port in (*WRONG, *RIGHT) if not list(server_problems([f"b-1:{port}"]))] == list(RIGHT)
