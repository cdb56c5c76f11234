"""Every command that a document shows is run by a test, or says why it is not."""

from __future__ import annotations

import re
import subprocess

import pytest

from recording.recorder import ROOT
from tests.command_blocks import BLOCKS, Block, tried
from tools.generated import replaced

VERIFICATION = ROOT / "docs" / "verification.md"


def untried() -> str:
    """The list in docs/verification.md, as the marks give it."""
    rows = [(block.place, block.mark.removeprefix("not tried: ")) for block in BLOCKS if block.mark.startswith("not tried: ")]
    return "\n".join(["| commands | why nobody has run them here |", "|---|---|", *(f"| {place} | {why} |" for place, why in rows)])


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.place)
def test_a_command_block_says_how_it_is_tried(block: Block) -> None:
    test = re.fullmatch(r"tried by (tests/\S+\.py)", block.mark)
    assert block.mark in {"tried here", "tried in the sandbox"} or test or re.fullmatch(r"not tried: .{15,}", block.mark), block.mark
    if test:
        assert (ROOT / test[1]).is_file()


@pytest.mark.parametrize("block", tried("tried here"), ids=lambda block: block.place)
def test_a_command_block_works(block: Block) -> None:
    line = ["bash", "-euo", "pipefail", "-c", block.script]
    done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, f"{block.script}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"


def test_what_is_not_tried_is_listed() -> None:
    """Whoever reads docs/verification.md sees all of it."""
    text = VERIFICATION.read_text(encoding="utf-8")
    assert text == replaced(text, "untried", untried())
