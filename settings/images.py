"""Settings of the container images."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import field_validator

from settings.section import Section

if TYPE_CHECKING:
    from collections.abc import Mapping

REGISTRY_IMAGES: Mapping[str, str] = {
    "confluent": "localhost/data-ingestion/registry-confluent:8.1.0-1",
    "apicurio": "localhost/data-ingestion/registry:3.3.3-1",
}


class ImageSettings(Section):
    """Container images. Each needs a fixed tag or a digest."""

    postgres: str = "localhost/data-ingestion/postgres:17-1"
    """PostgreSQL 17."""
    kafka: str = "localhost/data-ingestion/kafka:4.3.1-1"
    """Java with the libraries of Apache Kafka."""
    connect: str = "localhost/data-ingestion/connect:4.3.1-1"
    """Kafka Connect with its plugins."""
    registry: str | None = None
    """Schema registry; by default the image of ``streaming.registry.kind``."""

    @field_validator("postgres", "kafka", "connect", "registry")
    @classmethod
    def _pinned(cls, image: str | None) -> str | None:
        if image is not None and "@sha256:" not in image and (":" not in image.rsplit("/", 1)[-1] or image.endswith(":latest")):
            message = f"image {image!r} is not pinned; use a fixed tag or, better, a digest: name:tag@sha256:…"
            raise ValueError(message)
        return image

    def registry_for(self, kind: str) -> str:
        """Return the image of a schema registry of this kind."""
        return self.registry or REGISTRY_IMAGES[kind]
