"""Fate of the data that a resource holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

# What is told of a property that decides, and that the preview does not show
UNSEEN: Final = "unknown or secret in the preview, so it cannot be judged"

Verdict = Literal["lost", "kept", "check", "renewed"]


@dataclass(frozen=True, slots=True)
class Loss:
    """Fate of a resource's data.

    Attributes:
        verdict: ``lost``: the update deletes it. ``check``: depends on facts outside the preview. ``renewed``: a credential that others may
            still use. ``kept``: it stays.
        what: The data.
        why: The deciding reason.
    """

    verdict: Verdict
    what: str
    why: str
