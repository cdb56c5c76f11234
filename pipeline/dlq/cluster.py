"""The dead-letter topic of a stack, with the login that the environment holds for an existing Kafka cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.dlq.topic import DeadLetterTopic
from providers.kafkaconnect.librdkafka import client

if TYPE_CHECKING:
    from stack.settings.model import Settings


def dead_letter_topic(settings: Settings, bootstrap_servers: str) -> DeadLetterTopic:
    """Return the topic.

    Args:
        settings: Settings of the stack.
        bootstrap_servers: The brokers as this machine reaches them, comma separated.

    Raises:
        ProviderError: If a login is needed and the environment has none.
    """
    external = settings.streaming.kafka.external
    security = {"protocol": external.protocol, "mechanism": external.mechanism} if external else {}
    return DeadLetterTopic({"bootstrap.servers": bootstrap_servers, **client(security)}, settings.names.dead_letter_topic)
