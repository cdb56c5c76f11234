"""What to do about a thing whose cluster does not answer any more: the same as Pulumi's Kubernetes provider does, by the same switch."""

from __future__ import annotations

import os
from typing import Final

from providers.operations import ProviderError

# Environment variable; ``true`` lets go of what can no longer be asked
SWITCH: Final = "PULUMI_K8S_DELETE_UNREACHABLE"

CURE: Final = f"if it is gone for good, say {SWITCH}=true: what was in it is then forgotten, and everything else removed"


def with_cure(message: str) -> str:
    """A message, and what to do where the thing is gone for good."""
    return f"{message}. {CURE[0].upper()}{CURE[1:]}"


class UnreachableError(ProviderError):
    """Nothing answers where the thing is, or was."""


def is_given_up() -> bool:
    """Whether what cannot be reached counts as gone."""
    return os.environ.get(SWITCH) == "true"
