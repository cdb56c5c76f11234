"""A skip of an engine test is never silent."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from recording.recorder import ROOT

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

def test_of_something_else():
    pytest.skip("this may be")
"""


def test_a_skipped_test_of_the_engine_fails_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text("from tests.no_skips import pytest_runtest_makereport\n")
    (tmp_path / "test_it.py").write_text(SKIPS)
    (tmp_path / "pytest.ini").write_text(f"[pytest]\npythonpath = {ROOT}\nmarkers = engine\n")
    done = subprocess.run([sys.executable, "-m", "pytest", tmp_path], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1, done.stdout
    assert "1 skipped" in done.stdout
    for reason in ("no cluster", "by a mark", "no ground"):
        assert f"a test of the engine may not be skipped: Skipped: {reason}" in done.stdout, done.stdout
