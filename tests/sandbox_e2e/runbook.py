"""Pages of the runbooks, as a person follows them: a command is taken from the page, and typed as it stands there for the sandbox."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.recording.recorder import ROOT
from sandbox import cluster
from sandbox.paths import CHECKOUT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

PROGRAM = ".venv/bin/python -m pipeline "
STACK = "sandbox"
EXAMPLE = "public.orders"
_SANDBOX = [sys.executable, "-m", "pipeline", "sandbox"]
_TIMEOUT_S = 900


def part(alert: str, heading: str) -> str:
    """Return a part of an alert's page."""
    text = (ROOT / "docs" / "runbooks" / f"{alert}.md").read_text(encoding="utf-8")
    return text.partition(f"\n## {heading}\n")[2].partition("\n## ")[0].strip()


def commands(alert: str) -> list[str]:
    """Return everything that the cure of a page shows as code."""
    return re.findall(r"`([^`]+)`", part(alert, "Cure"))


def command(alert: str, words: str) -> str:
    """Return the command of a cure that has some words in it."""
    (found,) = {one for one in commands(alert) if words in one}
    return found


def typed(shown: str, also: Sequence[str] = (), table: str = EXAMPLE) -> list[str]:
    """Return what is typed in the sandbox for a command of a page, as docs/runbooks/README.md says it.

    Args:
        shown: The command as the page shows it.
        also: Further words: an answer to its question, which needs a terminal.
        table: Table that it is about, in place of the example.
    """
    line = shown.replace("--stack NAME", f"--stack {STACK}").replace(EXAMPLE, table)
    if line.startswith(("pulumi up", "make sandbox")):
        return [*_SANDBOX, "up", *also]
    if line.startswith("kubectl "):
        return [*_SANDBOX, "kubectl", "--", *shlex.split(line)[1:], *also]
    assert line.startswith(PROGRAM), f"{shown} is no command that the sandbox knows"
    return [sys.executable, "-m", "pipeline", *shlex.split(line.removeprefix(PROGRAM)), *also]


def checkout() -> Path:
    """Return the checkout that made the sandbox, which alone may change it."""
    return Path(cluster.owner() or CHECKOUT)


def follow(alert: str, words: str, *also: str, table: str = EXAMPLE) -> str:
    """Run the command of a cure that has some words in it, and return what it printed."""
    line = typed(command(alert, words), also, table)
    done = subprocess.run(line, cwd=checkout(), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=_TIMEOUT_S, check=False)
    # an archive that is on its way to the rows of the database is what some faults leave for a while
    catching_up = line[3:5] == ["sandbox", "up"] and "differ between database and archive" in done.stderr
    assert done.returncode == 0 or catching_up, f"{' '.join(line)}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    return done.stdout


@contextmanager
def beside(alert: str, words: str, *also: str) -> Iterator[Callable[[], int]]:
    """Run a command of a cure beside the block, and yield what waits for its end and returns its code."""
    with subprocess.Popen(
        typed(command(alert, words), also), cwd=checkout(), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as running:
        yield lambda: running.wait(_TIMEOUT_S)


def says(alert: str, sentence: str) -> None:
    """See that a step of a cure which is no command stands on the page; the test then does it."""
    assert sentence in part(alert, "Cure"), f"the cure of {alert} no longer says: {sentence}"
