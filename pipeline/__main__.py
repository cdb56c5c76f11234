"""Start the command line, or say what this Python lacks."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

_ROOT = Path(__file__).resolve().parent.parent

try:
    from pipeline.command_line import main

    sys.exit(main())
except ModuleNotFoundError as error:
    package = (error.name or "").partition(".")[0]
    if not package or (_ROOT / package).exists() or (_ROOT / f"{package}.py").exists():
        raise
    sys.exit(f"error: {package} is not installed: make venv, then .venv/bin/python -m pipeline {shlex.join(sys.argv[1:])}")
