"""What can go wrong with the node, said so that a person can act on it."""

from __future__ import annotations


class NodeError(RuntimeError):
    """The node cannot be built, started or stopped; the text names what failed and shows its own last words."""
