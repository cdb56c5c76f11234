"""Start one stand-in as the engine starts a plugin: `python -m sandbox.standins <package> <address of the engine>`."""

from __future__ import annotations

import os
import sys
from dataclasses import replace

from providers.server import serve
from sandbox.standins import ADOPT
from sandbox.standins.packages import PACKAGES


def main() -> None:
    """Serve the package that the first argument names; the rest is the engine's."""
    if len(sys.argv) < 2 or sys.argv[1] not in PACKAGES:  # noqa: PLR2004  # the program's name and the package's
        names = ",".join(PACKAGES)
        sys.exit(f"usage: python -m sandbox.standins {{{names}}} ENGINE\nServes a stand-in to the Pulumi engine at ENGINE, host:port.")
    package = PACKAGES[sys.argv.pop(1)]
    serve(replace(package, adopts=os.environ.get(ADOPT) == "true"), package.version)


if __name__ == "__main__":
    main()
