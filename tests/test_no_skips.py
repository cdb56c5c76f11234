"""A skip of a test of the sandbox or of the engine is never silent."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from pipeline.recording.recorder import ROOT

if TYPE_CHECKING:
    from pathlib import Path

SKIPS = """
import pytest

@pytest.mark.engine
def test_in_the_test():
    pytest.skip("no cluster")

@pytest.mark.engine
@pytest.mark.skip(reason="by a mark")
def test_by_mark():
    pass

@pytest.fixture
def missing():
    pytest.skip("no ground")

@pytest.mark.engine
def test_in_a_fixture(missing):
    pass

@pytest.mark.parametrize("place", ["here", pytest.param("there", marks=pytest.mark.sandbox)])
def test_in_one_of_two_places(place):
    pytest.skip(place)

def test_of_something_else():
    pytest.skip("this may be")
"""


@pytest.mark.full
@pytest.mark.parametrize("side_by_side", [(), ("-n", "2", "--dist", "loadfile")], ids=["one after another", "side by side"])
def test_a_skipped_test_of_the_engine_or_the_sandbox_fails_with_the_reason(tmp_path: Path, side_by_side: tuple[str, ...]) -> None:
    (tmp_path / "conftest.py").write_text("from tests.no_skips import pytest_runtest_makereport\n")
    (tmp_path / "test_it.py").write_text(SKIPS)
    (tmp_path / "pytest.ini").write_text(f"[pytest]\npythonpath = {ROOT}\nmarkers =\n  engine\n  sandbox\n")
    # as in pyproject.toml, which a folder of its own does not have
    command = [sys.executable, "-m", "pytest", "-p", "no:cloudcoil", tmp_path, *side_by_side]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1, done.stdout
    assert "2 skipped" in done.stdout
    for tier, reason in (("engine", "no cluster"), ("engine", "by a mark"), ("engine", "no ground"), ("sandbox", "there")):
        assert f"a test marked {tier} may not be skipped: Skipped: {reason}" in done.stdout, done.stdout
