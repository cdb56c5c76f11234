"""The commands that the documents show for a running sandbox, as they stand there; before other tests change the database by hand."""

from __future__ import annotations

import subprocess
import sys

import pytest

from sandbox.paths import CHECKOUT
from tests.command_blocks import Block, tried

pytestmark = pytest.mark.sandbox

SHOWN = tried("tried in the sandbox")


@pytest.fixture(scope="module", autouse=True)
def _no_open_letters() -> None:
    """Drop the poison of other tests, which a sink that they killed has set aside again, or their topic forgot: the status tells it."""
    words = ["drop", "--all", "--stack", "sandbox", "--yes", "--reason", "tests wrote them"]
    done = subprocess.run([sys.executable, "-m", "pipeline", "dlq", *words], cwd=CHECKOUT, timeout=60, check=False, capture_output=True)
    assert done.returncode == 0, done.stderr


def test_there_are_such_commands() -> None:
    assert SHOWN


@pytest.mark.parametrize("block", SHOWN, ids=lambda block: block.place)
def test_a_command_block_works_in_the_sandbox(block: Block) -> None:
    script = f"shopt -s expand_aliases\n{block.script}"
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script], cwd=CHECKOUT, capture_output=True, text=True, timeout=600, check=False
    )
    assert done.returncode == 0, f"{block.script}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
