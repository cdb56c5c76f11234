"""What becomes of the data that a resource holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Verdict = Literal["lost", "kept", "check", "renewed"]


@dataclass(frozen=True, slots=True)
class Loss:
    """One answer.

    Attributes:
        verdict: ``lost``: it is gone after the update. ``check``: that depends on what a preview cannot see. ``renewed``: a credential that
            others may still use. ``kept``: it stays.
        what: The data.
        why: What decides.
    """

    verdict: Verdict
    what: str
    why: str
