"""Folders of the sandbox: one set for each machine, outside every checkout, so that any checkout can find and remove it."""

from __future__ import annotations

from pathlib import Path

STATE = Path("/var/lib/data-ingestion-sandbox")
"""State of a running sandbox; removed by ``make sandbox-down``."""

CACHE = Path("/var/cache/data-ingestion-sandbox")
"""Downloads and build results, kept from one sandbox to the next."""

KUBECONFIG = STATE / "kubeconfig"
"""Administrator access to the throw-away cluster; mode 0600."""

CHECKOUT = Path(__file__).resolve().parent.parent
"""The checkout that this code belongs to."""
