"""Ctrl-C while DuckDB works ends an audit as Ctrl-C, and its folder goes; other errors stay what they are."""

from __future__ import annotations

import os
import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import duckdb
import pytest

from pipeline.audit.archived import ArchivedRows
from pipeline.audit.interruption import interruptible
from pipeline.audit.spill import limit, private_folder
from tests.audit.conftest import SUBJECT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LONG = "SELECT count(*) FROM range(100_000_000_000) AS a(n) WHERE hash(n) % 7 = 1"


@pytest.fixture(autouse=True)
def _as_a_command() -> Iterator[None]:
    """Take Ctrl-C as a command does: a process that runs tests beside others ignores it, and the query would never end."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def connected(folder: Path) -> duckdb.DuckDBPyConnection:
    """Return DuckDB with one thread: with several, it may end a part of a query before it looks for signals."""
    database = duckdb.connect()
    limit(database, folder, "100MB", 1)
    return database


@contextmanager
def soon(number: signal.Signals = signal.SIGINT) -> Iterator[None]:
    """Send a signal while something goes on."""
    timer = threading.Timer(0.3, os.kill, (os.getpid(), number))
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def test_ctrl_c_during_a_query_is_an_interruption_and_leaves_no_folder(tmp_path: Path) -> None:
    def audit() -> None:
        with private_folder(tmp_path) as folder, interruptible():
            (folder / "rows.parquet").write_text("rows")
            connected(folder).execute(LONG)

    with pytest.raises(KeyboardInterrupt), soon():
        audit()
    assert list(tmp_path.iterdir()) == []


def test_ctrl_c_while_the_archive_is_copied_is_no_store_that_does_not_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = ArchivedRows(connected(tmp_path), SUBJECT, tmp_path)
    monkeypatch.setattr(rows, "_rows", lambda _: LONG)
    with pytest.raises(KeyboardInterrupt), soon():
        rows.add(["file"])


def test_the_end_of_a_pod_during_a_query_is_what_its_handler_says(tmp_path: Path) -> None:
    def ended(*_: object) -> None:
        raise SystemExit(3)

    before = signal.signal(signal.SIGTERM, ended)
    try:
        with pytest.raises(SystemExit) as caught, soon(signal.SIGTERM), interruptible():
            connected(tmp_path).execute(LONG)
        assert caught.value.code == 3
        assert signal.getsignal(signal.SIGTERM) is ended, "the handlers are what they were before"
    finally:
        signal.signal(signal.SIGTERM, before)


def test_an_error_without_a_signal_is_raised_as_it_is() -> None:
    def failing() -> None:
        with interruptible():
            message = "of another kind"
            raise RuntimeError(message)

    with pytest.raises(RuntimeError, match="of another kind"):
        failing()
