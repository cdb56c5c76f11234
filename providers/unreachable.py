"""Handling of resources whose cluster no longer answers: as in Pulumi's Kubernetes provider, by the same switch."""

from __future__ import annotations

import os
from typing import Final

from providers.operations import ProviderError

# Environment variable; ``true`` removes unreachable resources from the state
SWITCH: Final = "PULUMI_K8S_DELETE_UNREACHABLE"

CURE: Final = f"if it is gone for good, set {SWITCH}=true: its resources are then removed from the state, all others deleted"


def with_cure(message: str) -> str:
    """Append the cure for a system that is gone for good."""
    return f"{message}. {CURE[0].upper()}{CURE[1:]}"


class UnreachableError(ProviderError):
    """Nothing answers at the resource's system."""


def is_given_up() -> bool:
    """Tell whether unreachable resources count as gone."""
    return os.environ.get(SWITCH) == "true"
