"""Offline recording of the program's declared resources, without any effect, in seconds."""

from __future__ import annotations

from pipeline.recording.recorder import record
from pipeline.recording.recording import Recording
from pipeline.recording.registration import Resource
from stack.unknown import UNKNOWN, Unknown

__all__ = ["UNKNOWN", "Recording", "Resource", "Unknown", "record"]
