"""Two runs never change the sandbox at the same time."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from sandbox import lock
from sandbox.paths import CHECKOUT

if TYPE_CHECKING:
    from pathlib import Path

HOLDS = """
import sys, time
from pathlib import Path
from sandbox import lock
lock.CACHE = Path(sys.argv[1])
with lock.alone():
    print(flush=True)
    time.sleep(60)
"""


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock, "CACHE", tmp_path)


def test_a_second_run_is_refused_with_the_process_of_the_first_until_that_has_died(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", HOLDS, str(tmp_path)], cwd=CHECKOUT, stdout=subprocess.PIPE) as first:
        assert first.stdout is not None
        first.stdout.readline()
        with pytest.raises(lock.BusyError, match=rf"process {first.pid}\)"), lock.alone():
            pass
        first.send_signal(signal.SIGKILL)
    with lock.alone():
        assert (tmp_path / "run.lock").read_text() == str(os.getpid())
