"""The program without its effects: what it declares, recorded offline and in seconds."""

from __future__ import annotations

from components.known import UNKNOWN, Unknown
from plan.recorder import Recording, record
from plan.registration import Resource

__all__ = ["UNKNOWN", "Recording", "Resource", "Unknown", "record"]
