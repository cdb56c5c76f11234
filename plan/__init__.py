"""The program without its effects: what it declares, recorded offline and in seconds."""

from __future__ import annotations

from plan.recorder import Recording, record
from plan.registration import Resource
from plan.values import UNKNOWN, Unknown

__all__ = ["UNKNOWN", "Recording", "Resource", "Unknown", "record"]
