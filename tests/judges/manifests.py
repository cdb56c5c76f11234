"""The Kubernetes objects of a stack as files, as the cluster gets them."""

from __future__ import annotations

import functools
import json
from typing import TYPE_CHECKING, Any, Final

import yaml

from tests.declared import variant, watched

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

STACKS: Final = ("dev", "sandbox", "prod", "guest", "glue")
"""With what they create and with existing systems, each with its monitoring and audit."""


@functools.cache
def objects(stack: str) -> list[dict[str, Any]]:
    """Return the Kubernetes objects of a stack with monitoring, in order of declaration."""
    file, overrides = watched(stack)
    found = [item for item in variant(file, **overrides).recording.resources if item.custom and item.type.startswith("kubernetes:")]
    # Values that are known only after deployment stand as their note.
    objects: list[dict[str, Any]] = json.loads(json.dumps([item.inputs for item in found], default=str))
    return objects


def written(folder: Path, objects: Sequence[dict[str, Any]]) -> Path:
    """Write objects to a file, and return its path."""
    path = folder / "objects.yaml"
    path.write_text(yaml.safe_dump_all(objects, sort_keys=False), encoding="utf-8")
    return path
