"""Offline recording of the program's declared resources, without any effect, in seconds."""

from __future__ import annotations

from recording.recorder import record
from recording.recording import Recording
from recording.registration import Resource
from unknown import UNKNOWN, Unknown

__all__ = ["UNKNOWN", "Recording", "Resource", "Unknown", "record"]
