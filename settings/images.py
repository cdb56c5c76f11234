"""Settings of the container images."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator

from settings.section import Section

if TYPE_CHECKING:
    from collections.abc import Mapping

REGISTRY_IMAGES: Mapping[str, str] = {
    "confluent": "localhost/data-ingestion/registry-confluent:8.1.0-1",
    "apicurio": "localhost/data-ingestion/registry:3.3.3-1",
}

# The grammar of github.com/distribution/reference, by which every container runtime reads an image.
_HOST = "[a-zA-Z0-9]([-a-zA-Z0-9]*[a-zA-Z0-9])?"
# Without a dot or a port, a first part is no registry but a part of the name.
_DOMAIN = rf"(localhost|{_HOST}(\.{_HOST})+|{_HOST}(\.{_HOST})*:[0-9]{{1,5}}|localhost:[0-9]{{1,5}})"
_PART = "[a-z0-9]+((\\.|_|__|-+)[a-z0-9]+)*"
_REFERENCE = re.compile(
    rf"(?P<name>({_DOMAIN}/)?{_PART}(/{_PART})*)(:(?P<tag>[a-zA-Z0-9_][-a-zA-Z0-9_.]{{0,127}}))?(@(?P<digest>sha256:[0-9a-f]{{64}}))?"
)
_LONGEST_NAME = 255


def _pinned(image: str) -> str:
    reference = _REFERENCE.fullmatch(image)
    if reference is None or len(reference["name"]) > _LONGEST_NAME:
        message = (
            "is no reference of an image; write [registry/]name:tag, or name@sha256: and 64 digits 0 to 9, a to f; a login is no part of it"
        )
        raise ValueError(message)
    if reference["digest"] is None and reference["tag"] in {None, "latest"}:
        message = f"image {image!r} is not pinned; use a fixed tag or, better, a digest: name:tag@sha256:…"
        raise ValueError(message)
    return image


# An image with a fixed tag or a digest.
Image = Annotated[str, AfterValidator(_pinned)]


class ImageSettings(Section):
    """Container images. Each needs a fixed tag or a digest."""

    postgres: Image = "localhost/data-ingestion/postgres:17-1"
    """PostgreSQL 17."""
    kafka: Image = "localhost/data-ingestion/kafka:4.3.1-1"
    """Java with the libraries of Apache Kafka."""
    connect: Image = "localhost/data-ingestion/connect:4.3.1-5"
    """Kafka Connect with its plugins."""
    registry: Image | None = None
    """Schema registry; by default the image of ``streaming.registry.kind``."""

    def registry_for(self, kind: str) -> str:
        """Return the image of a schema registry of this kind."""
        return self.registry or REGISTRY_IMAGES[kind]
