"""The Avro converter settings that the source and the sink must share to the letter."""

from __future__ import annotations

from specification.streaming.connect import secret_reference

_CONVERTER = "io.confluent.connect.avro.AvroConverter"


def converter_settings(registry_url: str) -> dict[str, str]:
    """Key and value converter settings of every connector.

    The registry client's own retries are raised: the framework does not retry a registry that is away, and a sink that tolerates
    errors would send good rows to the dead-letter topic.

    Args:
        registry_url: The registry's Confluent-compatible API as the worker reaches it.
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
