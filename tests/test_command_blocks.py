"""Every command that a document shows says how it is tried: by a test that runs it as it stands, in another form, or not at all."""

from __future__ import annotations

import re
import subprocess

import pytest

from pipeline.documents.generated import replaced
from pipeline.recording.recorder import ROOT
from tests.command_blocks import BLOCKS, Block, tried

VERIFICATION = ROOT / "docs" / "verification.md"


IN_PART = re.compile(r"tried in part by (tests/\S+\.py): (.{15,})")
UNTRIED = re.compile(r"not tried: (.{15,})")


def partly() -> str:
    """Return the list of blocks that a test runs in another form, as the marks give it."""
    rows = [(block.place, found[1], found[2]) for block in BLOCKS if (found := IN_PART.fullmatch(block.mark))]
    return "\n".join(
        ["| commands | test | what it runs |", "|---|---|---|", *(f"| {place} | `{test}` | {what} |" for place, test, what in rows)]
    )


def untried() -> str:
    """Return the list of blocks that no test runs, as the marks give it."""
    rows = [(block.place, found[1]) for block in BLOCKS if (found := UNTRIED.fullmatch(block.mark))]
    return "\n".join(["| commands | why no test runs them |", "|---|---|", *(f"| {place} | {why} |" for place, why in rows)])


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.place)
def test_a_command_block_says_how_it_is_tried(block: Block) -> None:
    whole, part = re.fullmatch(r"tried by (tests/\S+\.py)", block.mark), IN_PART.fullmatch(block.mark)
    assert block.mark in {"tried here", "tried in the sandbox"} or whole or part or UNTRIED.fullmatch(block.mark), block.mark
    if whole:
        assert f'tried("{block.mark}")' in (ROOT / whole[1]).read_text(encoding="utf-8"), "that test does not run the block as it stands"
    if part:
        assert (ROOT / part[1]).is_file()


def test_a_test_that_runs_blocks_as_they_stand_finds_some() -> None:
    """A mark that was renamed would leave such a test without a block."""
    marks = {block.mark for block in BLOCKS}
    sources = [path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("*.py")]
    assert {mark for text in sources for mark in re.findall(r'\btried\("(tried [^"]+)"\)', text)} <= marks


@pytest.mark.parametrize("block", tried("tried here"), ids=lambda block: block.place)
def test_a_command_block_works(block: Block) -> None:
    line = ["bash", "-euo", "pipefail", "-c", block.script]
    done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, f"{block.script}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"


def test_what_is_not_tried_as_it_stands_is_listed() -> None:
    """Whoever reads docs/verification.md sees all of it."""
    text = VERIFICATION.read_text(encoding="utf-8")
    assert text == replaced(replaced(text, "untried", untried()), "in part", partly())
