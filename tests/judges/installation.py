"""Installation of the judges: linters of manifests, Dockerfiles and Python that others wrote, beside the program's own environment.

``python -m tests.judges.installation`` makes it once; `make judges-test` does so first.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Final

from tests.side_environment import SideEnvironment

_MODULES: Final = ("github.com/zegl/kube-score/cmd/kube-score@v1.20.0", "github.com/aquasecurity/trivy/cmd/trivy@v0.74.0")
# trivy uses a package of Go that is an experiment until Go has decided on it
_EXPERIMENT: Final = "jsonv2"
_HERE: Final = SideEnvironment(name="judges", requirements=Path(__file__).with_name("requirements.txt"), further=_MODULES)
_BIN: Final = _HERE.folder / "bin"


def program(name: str) -> Path:
    """Return the path of one judge.

    Raises:
        NotInstalledError: If the judges are not installed, or in other versions.
    """
    _HERE.check()
    return _BIN / name


def _modules() -> None:
    for module in _MODULES:
        subprocess.run(
            ["go", "install", module],
            check=True,
            env={**os.environ, "GOBIN": str(_BIN), "GOFLAGS": "-modcacherw", "GOEXPERIMENT": _EXPERIMENT},
        )


if __name__ == "__main__":
    _HERE.install(_modules)
