"""The names that pods use for the images, and which of them a laptop needs."""

from __future__ import annotations

from typing import Final

# Folder below images/ to the name that pods use; the last number is raised when the contents change
REFERENCES: Final = {
    "postgres": "localhost/data-ingestion/postgres:17-1",
    "kafka": "localhost/data-ingestion/kafka:4.3.1-1",
    "connect": "localhost/data-ingestion/connect:4.3.1-1",
    "registry": "localhost/data-ingestion/registry:3.3.3-1",
    "registry-confluent": "localhost/data-ingestion/registry-confluent:8.1.0-1",
    "object-store": "localhost/data-ingestion/object-store:5.2.5-1",
}

# What the ``dev`` stack runs with its defaults
LAPTOP: Final = ("postgres", "kafka", "connect", "registry-confluent")
