"""The quick tier is the same in every run and tries something of each test; the table of full runs keeps each part's last one."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from pipeline.recording.recorder import ROOT
from tests import nightly
from tests.tiers import CASES, chosen

if TYPE_CHECKING:
    from pathlib import Path

MANY = [f"test_it[{number}]" for number in range(100)]


def test_the_cases_of_a_test_do_not_depend_on_their_order() -> None:
    assert chosen(MANY) == chosen(MANY[::-1])
    assert len(chosen(MANY)) == CASES


def test_a_test_with_few_cases_keeps_them_all() -> None:
    assert chosen(MANY[:CASES]) == set(MANY[:CASES])


@pytest.mark.parametrize(("options", "passed"), [((), 12), (("--quick",), CASES + 1)], ids=["full", "quick"])
def test_the_quick_tier_leaves_out_what_is_marked_full_and_most_cases(tmp_path: Path, options: tuple[str, ...], passed: int) -> None:
    (tmp_path / "conftest.py").write_text(
        "from tests.tiers import pytest_addoption, without_the_full_tier\n"
        "def pytest_collection_modifyitems(config, items):\n    without_the_full_tier(config, items)\n"
    )
    (tmp_path / "test_it.py").write_text(
        "import pytest\n"
        "@pytest.mark.parametrize('number', range(10))\ndef test_many(number): pass\n"
        "def test_one(): pass\n"
        "@pytest.mark.full\ndef test_slow(): pass\n"
    )
    (tmp_path / "pytest.ini").write_text(f"[pytest]\npythonpath = {ROOT}\nmarkers =\n  full\n")
    command = [sys.executable, "-m", "pytest", "-p", "no:cloudcoil", tmp_path, *options]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert f"{passed} passed" in done.stdout, done.stdout


def test_a_part_that_ran_again_replaces_its_row_and_keeps_the_others() -> None:
    first = nightly.line("python", nightly.Outcome(10, 1, ("a::b",)), "abc1234", 61.04, "2026-12-01")
    other = nightly.line("long", nightly.Outcome(3, 0), "abc1234", 80, "2026-12-01")
    text = nightly.table({"long": other, "python": first})
    assert nightly.rows(text) == {"python": first, "long": other}
    again = nightly.line("python", nightly.Outcome(11, 0), "def5678", 40, "2026-12-02")
    assert nightly.rows(nightly.table({**nightly.rows(text), "python": again})) == {"python": again, "long": other}


def test_every_test_belongs_to_a_part() -> None:
    """A part for each marker but kind, which needs Docker; a test without any of them is one of the part python."""
    tests = " ".join(word for part in nightly.PARTS.values() for word in part.tests)
    for marker in ("sandbox and not long", "sandbox and long", "engine and not long", "engine and long", "readers", "judges", "browser"):
        assert marker in tests


def test_an_unknown_part_is_refused_with_the_known_ones(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        nightly.main(["lnog"])
    assert "unknown part lnog; parts: python, images, pipeline, long" in capsys.readouterr().err
