"""The image names that pods use, and the images that a laptop needs."""

from __future__ import annotations

from typing import Final

# Folder below images/ to the name that pods use; raise the last number when the contents change
REFERENCES: Final = {
    "postgres": "localhost/data-ingestion/postgres:17-1",
    "kafka": "localhost/data-ingestion/kafka:4.3.1-1",
    "connect": "localhost/data-ingestion/connect:4.3.1-5",
    "registry": "localhost/data-ingestion/registry:3.3.3-1",
    "registry-confluent": "localhost/data-ingestion/registry-confluent:8.1.0-1",
    "object-store": "localhost/data-ingestion/object-store:5.2.5-1",
}

# Images that the ``dev`` stack runs with its defaults
LAPTOP: Final = ("postgres", "kafka", "connect", "registry-confluent")
