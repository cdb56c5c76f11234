"""Plugins that a killed engine has left are ended; those of a running engine are not."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from typing import TYPE_CHECKING

from sandbox.pulumi import orphans

if TYPE_CHECKING:
    from pathlib import Path

PLUGIN = "import time; time.sleep(60)"
CLI = f"""
import os, subprocess, sys
plugin = subprocess.Popen([sys.executable, "-c", {PLUGIN!r}, "sandbox.standins"], start_new_session=True)
print(plugin.pid, flush=True)
plugin.wait()
"""


def test_only_a_plugin_without_a_running_engine_is_ended(tmp_path: Path) -> None:
    environment = {**os.environ, "PULUMI_HOME": str(tmp_path)}
    (tmp_path / "cli.py").write_text(CLI)
    cli = subprocess.Popen(
        [sys.executable, tmp_path / "cli.py"], env=environment, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    assert cli.stdout is not None
    plugin = int(cli.stdout.readline())
    assert orphans.end(tmp_path) == 0, "its parent runs"
    assert lives(plugin)
    cli.kill()
    cli.wait()
    cli.stdout.close()
    assert orphans.end(tmp_path) == 1
    deadline = time.monotonic() + 10
    while lives(plugin):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert orphans.end(tmp_path) == 0


def test_a_cli_with_the_same_home_in_its_environment_is_left_alone(tmp_path: Path) -> None:
    program = tmp_path / "pulumi"
    shutil.copy(shutil.which("sleep") or "", program)
    with subprocess.Popen([program, "60"], env={**os.environ, "PULUMI_HOME": str(tmp_path)}) as cli:
        assert orphans.end(tmp_path) == 0
        assert cli.poll() is None
        cli.kill()


def lives(pid: int) -> bool:
    """Tell whether a process exists and is not a zombie."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as file:  # noqa: PTH123 - a process may be gone in between
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
