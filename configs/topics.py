"""Topics with a fixed name: those of Connect and those of Apicurio's journal."""

from __future__ import annotations

CONNECT_CONFIGS = "connect-configs"
CONNECT_OFFSETS = "connect-offsets"
CONNECT_STATUS = "connect-status"
CONNECT = (CONNECT_CONFIGS, CONNECT_OFFSETS, CONNECT_STATUS)

REGISTRY_JOURNAL = "registry-journal"
REGISTRY_SNAPSHOTS = "registry-snapshots"
REGISTRY_EVENTS = "registry-events"
REGISTRY = (REGISTRY_JOURNAL, REGISTRY_SNAPSHOTS, REGISTRY_EVENTS)
