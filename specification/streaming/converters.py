"""Avro converter settings, identical in source and sink."""

from __future__ import annotations

from specification.streaming.connect import secret_reference

_CONVERTER = "io.confluent.connect.avro.AvroConverter"


def converter_settings(registry_url: str) -> dict[str, str]:
    """Return the key and value converter settings of every connector.

    The registry client has more retries than by default: Connect does not retry an unavailable registry, and a sink that tolerates errors
    would send good rows to the dead-letter topic.

    Args:
        registry_url: Confluent-compatible API of the registry as the worker reaches it.
    """
    login = f"{secret_reference('registry', 'username')}:{secret_reference('registry', 'password')}"
    built: dict[str, str] = {}
    for side in ("key", "value"):
        built |= {
            f"{side}.converter": _CONVERTER,
            f"{side}.converter.schema.registry.url": registry_url,
            f"{side}.converter.basic.auth.credentials.source": "USER_INFO",
            f"{side}.converter.basic.auth.user.info": login,
            f"{side}.converter.max.retries": "60",
            f"{side}.converter.retries.max.wait.ms": "5000",
        }
    return built
