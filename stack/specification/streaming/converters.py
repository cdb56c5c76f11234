"""Settings of the Avro converter, the same for source and sink."""

from __future__ import annotations

from stack.configs.classes import AVRO_CONVERTER
from stack.specification.streaming.connect import secret_reference


def converter_settings(registry_url: str) -> dict[str, str]:
    """Render the key and value converter settings of every connector.

    The converter waits while the registry is away; Confluent's own (7.0.16) fails then as for a bad record.

    Args:
        registry_url: Confluent-compatible API of the registry as the worker reaches it.
    """
    login = f"{secret_reference('registry', 'username')}:{secret_reference('registry', 'password')}"
    built: dict[str, str] = {}
    for side in ("key", "value"):
        built |= {
            f"{side}.converter": AVRO_CONVERTER,
            f"{side}.converter.schema.registry.url": registry_url,
            f"{side}.converter.basic.auth.credentials.source": "USER_INFO",
            f"{side}.converter.basic.auth.user.info": login,
        }
    return built
