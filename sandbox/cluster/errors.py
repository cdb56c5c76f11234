"""Errors of the node; each message names a cure."""

from __future__ import annotations


class NodeError(RuntimeError):
    """The node cannot be built, started or stopped; the text names what failed and shows its own last words."""
