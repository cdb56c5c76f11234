"""The scheduled audit: what its pod starts."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

from pipeline.audit.commands import UNDECIDED, scheduled
from stack.settings.names import READER_CONFIG, READER_FILE, READER_SECRETS

if __name__ == "__main__":
    # the first process of a container ignores the signal by default, and would be killed with its slot only after the grace period
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(UNDECIDED))
    sys.exit(scheduled(Path(READER_CONFIG, READER_FILE), Path(READER_SECRETS), Path("/dev/termination-log")))
