"""Settings of the container images."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator

from stack.configs.ports import HIGHEST_PORT, is_port
from stack.settings.section import Section

if TYPE_CHECKING:
    from collections.abc import Mapping

REGISTRY_IMAGES: Mapping[str, str] = {
    "confluent": "localhost/data-ingestion/registry-confluent:8.1.0-2",
    "apicurio": "localhost/data-ingestion/registry:3.3.3-1",
}

# The grammar of github.com/distribution/reference, by which every container runtime reads an image.
_HOST = "[a-zA-Z0-9]([-a-zA-Z0-9]*[a-zA-Z0-9])?"
# Without a dot or a port, a first part is no registry but a part of the name.
_DOMAIN = rf"(localhost|{_HOST}(\.{_HOST})+|{_HOST}(\.{_HOST})*:(?P<port>[0-9]+))"
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
    if reference["port"] is not None and not is_port(reference["port"]):
        message = f"names a registry at port {reference['port']}, and ports are numbers from 1 to {HIGHEST_PORT}; write the registry's port"
        raise ValueError(message)
    if reference["digest"] is None and reference["tag"] in {None, "latest"}:
        message = f"image {image!r} is not pinned; use a fixed tag or, better, a digest: name:tag@sha256:…"
        raise ValueError(message)
    return image


# What `cosign generate-key-pair` and `openssl pkey -pubout` write.
_PUBLIC_KEY = re.compile(r"-----BEGIN PUBLIC KEY-----\s+[A-Za-z0-9+/\s]{40,}={0,2}\s+-----END PUBLIC KEY-----\s*")


def _public(key: str) -> str:
    if not _PUBLIC_KEY.fullmatch(key):
        message = (
            "is no public key as PEM, from -----BEGIN PUBLIC KEY----- to -----END PUBLIC KEY-----; write the contents of cosign.pub, and "
            "never the private key"
        )
        raise ValueError(message)
    return key


# The public half of a pair of keys, as PEM.
PublicKey = Annotated[str, AfterValidator(_public)]

# An image with a fixed tag or a digest.
Image = Annotated[str, AfterValidator(_pinned)]


class ImageSettings(Section):
    """Container images. Each needs a fixed tag or a digest."""

    postgres: Image = "localhost/data-ingestion/postgres:17-2"
    """PostgreSQL 17."""
    kafka: Image = "localhost/data-ingestion/kafka:4.3.1-3"
    """Java with the libraries of Apache Kafka."""
    connect: Image = "localhost/data-ingestion/connect:4.3.1-10"
    """Kafka Connect with its plugins."""
    audit: Image = "localhost/data-ingestion/audit:1-3"
    """Python with the modules of pods that read the stack: the scheduled audit, and the exporter of the monitoring."""
    prometheus: Image = "quay.io/prometheus/prometheus:v3.5.0"
    """Prometheus, for the monitoring."""
    alertmanager: Image = "quay.io/prometheus/alertmanager:v0.28.1"
    """Alertmanager, for the monitoring."""
    grafana: Image = "docker.io/grafana/grafana:11.6.1"
    """Grafana, for the monitoring."""
    postgres_exporter: Image = "quay.io/prometheuscommunity/postgres-exporter:v0.17.1"
    """Exporter for PostgreSQL, for the monitoring; from 0.20 on its metrics have other names."""
    registry: Image | None = None
    """Schema registry; by default the image of ``streaming.registry.kind``."""
    signed_by: PublicKey | None = None
    """Public key as PEM; with it every image of the stack needs a digest, and ``make doctor`` asks cosign whether this key signed it."""

    def key_of(self, image: str) -> str:
        """Return the key of the stack file that chooses an image of the stack, without the section."""
        return next((field.alias or name for name, field in type(self).model_fields.items() if getattr(self, name) == image), "registry")

    def registry_for(self, kind: str) -> str:
        """Return the image of a schema registry of this kind."""
        return self.registry or REGISTRY_IMAGES[kind]
