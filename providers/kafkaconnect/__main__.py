"""Start the provider: the engine runs this folder and reads the port from stdout."""

import sys
from pathlib import Path

# Python puts this folder first on the path; the project's root must replace it, so that modules here hide no others.
sys.path[0] = str(Path(__file__).resolve().parents[2])

from providers.kafkaconnect.provider import KafkaConnect  # noqa: E402 - the path comes first
from providers.server import serve  # noqa: E402 - the path comes first

if __name__ == "__main__":
    serve(KafkaConnect())
