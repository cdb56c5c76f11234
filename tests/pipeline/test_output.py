"""Output of the commands where it cannot be shown or written: one line, an exit code, no traceback."""

from __future__ import annotations

import functools
import json
import os
import re
import subprocess
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from pipeline.recording.recorder import ROOT

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.full

EMPTY = {"steps": [], "changeSummary": {}}
COMMANDS = {
    "plan": ("plan --stack dev", 0),
    "plan of a stack that is refused": ("plan --stack dev --policy-config /nowhere", 1),
    "sql": ("sql --stack prod", 0),
    "review digest": ("review digest --stack a/b {preview}", 0),
    "help": ("--help", 0),
}


def shell(line: str) -> subprocess.CompletedProcess[str]:
    """Run a line of bash."""
    return subprocess.run(["/bin/bash", "-c", line], cwd=ROOT, capture_output=True, timeout=100, check=False, text=True, encoding="utf-8")


def on_a_terminal(line: str) -> tuple[int, str]:
    """Run a line of bash on a terminal of its own and return its exit code and what the terminal shows."""
    ours, its = os.openpty()
    with subprocess.Popen(["/bin/bash", "-c", line], cwd=ROOT, stdin=its, stdout=its, stderr=its) as process:
        os.close(its)
        shown = b""
        with suppress(OSError), open(ours, "rb", buffering=0) as terminal:  # noqa: PTH123 - reading ends with an error
            while more := terminal.read(2**16):
                shown += more
        return process.wait(100), shown.decode()


@functools.cache
def plain(line: str) -> str:
    """Return the output of a line of bash in the encoding of this machine."""
    return shell(line).stdout


@pytest.fixture(scope="module")
def preview(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("previews") / "preview.json"
    file.write_text(json.dumps(EMPTY), encoding="utf-8")
    return file


def command(what: str, preview: Path) -> str:
    """Return a command line."""
    return f"{sys.executable} -m pipeline {COMMANDS[what][0].format(preview=preview)}"


@pytest.mark.parametrize("locale", ["PYTHONIOENCODING=ascii", "LC_ALL=C PYTHONUTF8=0 PYTHONCOERCECLOCALE=0", "PYTHONIOENCODING=latin-1"])
@pytest.mark.parametrize("what", COMMANDS)
def test_another_encoding_changes_nothing_in_a_file(what: str, locale: str, preview: Path) -> None:
    done = shell(f"{locale} {command(what, preview)}")
    assert (done.returncode, done.stdout) == (COMMANDS[what][1], plain(command(what, preview)))
    assert "Traceback" not in done.stderr


def test_a_terminal_without_our_characters_shows_others(preview: Path) -> None:
    status, shown = on_a_terminal(f"PYTHONIOENCODING=ascii {command('plan', preview)}")
    assert status == 0
    assert shown.isascii()
    assert re.search(r"^\+-- \S*archive", shown, re.MULTILINE)
    assert "\\u" not in shown


@pytest.mark.parametrize("what", COMMANDS)
def test_a_full_disk_and_a_closed_output_are_one_line(what: str, preview: Path) -> None:
    for target, reason in {"> /dev/full": "No space left on device", ">&-": "it is closed"}.items():
        done = shell(f"{command(what, preview)} {target}")
        written = COMMANDS[what][1] == 0
        assert done.returncode == 1
        lines = [line for line in done.stderr.splitlines() if not line.startswith("warning: ")]
        assert (lines == [f"error: the output cannot be written: {reason}"]) == written
        assert "Traceback" not in done.stderr


@pytest.mark.parametrize("what", COMMANDS)
def test_a_reader_that_goes_away_is_no_error_to_talk_about(what: str, preview: Path) -> None:
    done = shell(f"{command(what, preview)} | true")
    assert "Traceback" not in done.stderr
    assert "BrokenPipe" not in done.stderr


@pytest.mark.parametrize("what", COMMANDS)
def test_an_exit_code_needs_no_standard_error(what: str, preview: Path) -> None:
    for target in ("2> /dev/full", "2>&-"):
        assert shell(f"{command(what, preview)} {target}").returncode == COMMANDS[what][1]
