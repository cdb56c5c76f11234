"""The volume of the captured database: copied and exchanged while no server runs on it, as a storage system's snapshots are."""

from __future__ import annotations

import shutil
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tests.sandbox_e2e.conftest import NAMESPACE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sandbox.kubernetes import Kube

_CLAIM = "data-postgresql-0"
_WORKLOAD = "postgresql"
_TIMEOUT_S = 120.0


class DatabaseVolume:
    """The folder of this machine that is the volume.

    Args:
        kube: The cluster.
        command: Runs ``python -m pipeline sandbox …``.
    """

    def __init__(self, kube: Kube, command: Callable[..., subprocess.CompletedProcess[str]]) -> None:
        """Find the folder."""
        self._kube, self._command = kube, command
        (volume,) = [one for one in kube.list("PersistentVolume", None) if one["spec"]["claimRef"]["name"] == _CLAIM]
        self._folder = Path(volume["spec"]["hostPath"]["path"])

    @contextmanager
    def without_server(self) -> Iterator[None]:
        """Stop the server while the block runs."""
        self._scale(0)
        deadline = time.monotonic() + _TIMEOUT_S
        while any(pod["metadata"]["name"].startswith(f"{_WORKLOAD}-") for pod in self._kube.list("Pod", NAMESPACE)):
            assert time.monotonic() < deadline, "the database's pod does not end"
            time.sleep(0.2)
        try:
            yield
        finally:
            self._scale(1)
            self._kube.wait_ready("StatefulSet", NAMESPACE, _WORKLOAD, _TIMEOUT_S)

    def keep(self, name: str) -> None:
        """Copy the volume."""
        subprocess.run(["cp", "--archive", "--reflink=auto", str(self._folder), str(self._named(name))], check=True)

    def exchange(self, put_away: str, put_in: str) -> None:
        """Put a kept volume in the place of the present one, which is kept under another name."""
        self._folder.rename(self._named(put_away))
        self._named(put_in).rename(self._folder)

    def has(self, name: str) -> bool:
        """Return whether a volume is kept under a name."""
        return self._named(name).exists()

    def drop(self, name: str) -> None:
        """Remove a kept volume."""
        shutil.rmtree(self._named(name), ignore_errors=True)

    def _named(self, name: str) -> Path:
        return self._folder.with_name(f"{self._folder.name}.{name}")

    def _scale(self, replicas: int) -> None:
        done = self._command("kubectl", "--", "scale", "--namespace", NAMESPACE, f"statefulset/{_WORKLOAD}", f"--replicas={replicas}")
        assert done.returncode == 0, done.stderr
