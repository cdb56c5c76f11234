"""An adapter on a separate state directory, and silent progress."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, cast

import pytest

from pipeline.checks.progress import Progress
from sandbox.adapter import Adapter, Result
from sandbox.adapter.operated import OperatedFamily, stand_in

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sandbox.kubernetes import Kube


# creating a boto3 client takes a quarter of a second; this family caches nothing else
SHARED_AWS = OperatedFamily(stand_in("aws"), threading.Event())


class Runs:
    """Programs run one after another on one state directory, each with a fresh adapter, as separate commands would."""

    def __init__(self, state_dir: Path) -> None:
        """Store the journal under ``state_dir``."""
        self.state_dir = state_dir
        self.progress = Progress(quiet=True)

    def adapter(self) -> Adapter:
        """Return an adapter without a cluster."""
        adapter = Adapter(self.state_dir, cast("Kube", None))
        adapter._families["aws"] = SHARED_AWS
        return adapter

    def up(self, program: Callable[[], Any]) -> Result:
        """Deploy a program."""
        return self.adapter().up(lambda: program() and None, "sample", "sandbox", {}, self.progress)

    def down(self, *, force: bool = False) -> Result:
        """Delete everything."""
        return self.adapter().down(self.progress, force=force)


@pytest.fixture
def runs(tmp_path: Path) -> Runs:
    """Return an empty state."""
    return Runs(tmp_path)
