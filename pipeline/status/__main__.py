"""The exporter in a pod: what its container starts, with address, port and seconds between two looks."""

from __future__ import annotations

import sys
from pathlib import Path

from pipeline.status.pod import served
from stack.settings.names import READER_CONFIG, READER_FILE, READER_SECRETS

if __name__ == "__main__":
    _, address, port, every_s = sys.argv
    sys.exit(served(Path(READER_CONFIG, READER_FILE), Path(READER_SECRETS), address, int(port), float(every_s)))
