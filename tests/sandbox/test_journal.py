"""The journal: atomic, private, and readable by the next run however the last one ended."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from sandbox.adapter.journal import Entry, Journal, JournalError

ROOT = Path(__file__).resolve().parents[2]


def entry(urn: str, **changes: object) -> Entry:
    """Return an entry."""
    facts: dict[str, object] = {"urn": urn, "type": "t", "name": urn, "provider": "", "requires": (), "identity": urn}
    return Entry(**{**facts, **changes})  # type: ignore[arg-type]


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.json")
    journal.put(entry("a", outputs={"secret": "s"}, done=True))
    journal.put(entry("b", requires=("a",)))
    journal.finish("project", "stack", {"port": 5432}, {"port"})
    again = Journal(tmp_path / "journal.json")
    assert again.entries() == journal.entries()
    assert [item.order for item in again.entries()] == [1, 2]
    assert (again.outputs, again.secret_outputs) == ({"port": 5432}, {"port"})


def test_only_the_owner_may_read_it(tmp_path: Path) -> None:
    """It contains generated passwords."""
    Journal(tmp_path / "journal.json").put(entry("a"))
    assert (tmp_path / "journal.json").stat().st_mode & 0o777 == 0o600


def test_an_entry_keeps_its_order_when_it_changes(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.json")
    journal.put(entry("a"))
    journal.put(entry("b"))
    assert journal.put(entry("a", done=True)).order == 1


def test_an_equal_entry_is_not_written_again(tmp_path: Path) -> None:
    """A run that changes nothing does not write the file."""
    journal = Journal(tmp_path / "journal.json")
    journal.put(entry("a"))
    before = (tmp_path / "journal.json").stat().st_ino
    journal.put(entry("a"))
    assert (tmp_path / "journal.json").stat().st_ino == before


@pytest.mark.parametrize("content", ["{", "{}", '{"version": 99}', '{"version": 1, "entries": [1]}'])
def test_a_file_that_cannot_be_used_is_named_with_the_cure(tmp_path: Path, content: str) -> None:
    (tmp_path / "journal.json").write_text(content)
    with pytest.raises(JournalError, match=r"journal.json .*take (it|the sandbox) down"):
        Journal(tmp_path / "journal.json")


@pytest.mark.full
def test_a_kill_at_any_moment_leaves_a_readable_journal(tmp_path: Path) -> None:
    """A writer is killed while it writes as fast as it can; the file always holds one whole state."""
    program = (
        "import sys; from pathlib import Path; from sandbox.adapter.journal import Entry, Journal\n"
        "journal = Journal(Path(sys.argv[1])); print('ready', flush=True)\n"
        "for n in range(100000):\n"
        "    journal.put(Entry(urn=str(n % 50), type='t', name='n', provider='', requires=(), identity='i', outputs={'n': n}))\n"
    )
    path = tmp_path / "journal.json"
    for _ in range(3):
        writer = subprocess.Popen(
            [sys.executable, "-c", program, str(path)], cwd=ROOT, stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": str(ROOT)}
        )
        assert writer.stdout is not None
        assert writer.stdout.readline() == b"ready\n"
        while not path.exists() or path.stat().st_size < 500:
            assert writer.poll() is None
        writer.send_signal(signal.SIGKILL)
        writer.wait()
        writer.stdout.close()
        assert Journal(path).entries()
        assert json.loads(path.read_text())["version"] == 2
