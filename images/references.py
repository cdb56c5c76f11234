"""The image names that pods use, and the images that a laptop needs."""

from __future__ import annotations

from typing import Final

# Folder below images/ to the name that pods use; raise the last number when the contents change
REFERENCES: Final = {
    "postgres": "localhost/data-ingestion/postgres:17-2",
    "kafka": "localhost/data-ingestion/kafka:4.3.1-3",
    "connect": "localhost/data-ingestion/connect:4.3.1-10",
    "registry": "localhost/data-ingestion/registry:3.3.3-1",
    "registry-confluent": "localhost/data-ingestion/registry-confluent:8.1.0-2",
    "audit": "localhost/data-ingestion/audit:1-3",
    "monitoring": "localhost/data-ingestion/monitoring:2.53.3-1",
    "object-store": "localhost/data-ingestion/object-store:5.2.5-1",
}

# Images that the ``dev`` stack runs with its defaults
LAPTOP: Final = ("postgres", "kafka", "connect", "registry-confluent")

# The name of this machine's Python environment where names of images stand
HOST: Final = "host"
