"""A backfill is stopped once the connector has stored so: a worker that starts again would otherwise go on with it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import pytest

from pipeline.backfill import running
from pipeline.backfill.running import Backfills, NotStoredError
from pipeline.backfill.signals import STOP, Signal
from stack.settings.shop import TABLES

USERS, PRODUCTS = TABLES[:2]


def stored(*tables: str) -> dict[str, Any]:
    """Return what the connector stores while it reads tables."""
    return {"lsn": 1, "incremental_snapshot_collections": json.dumps([{"incremental_snapshot_collections_id": one} for one in tables])}


@dataclass
class Connector:
    """Connector that reads a signal at once, and stores what it does some looks later.

    Attributes:
        positions_later: What it has stored, look by look; the last one stays.
    """

    positions_later: list[dict[str, Any]]
    sent: list[str] = field(default_factory=list)

    def send(self, signal: str) -> int:
        """Take a signal."""
        self.sent.append(signal)
        return len(self.sent) - 1

    def consumed(self) -> int:
        """Return the place behind all signals."""
        return len(self.sent)

    def signals(self) -> list[Signal]:
        """Return the signals."""
        return [Signal(place, "name", json.loads(one)["type"]) for place, one in enumerate(self.sent)]

    def positions(self, _name: str, *, seconds: float) -> list[dict[str, Any]]:
        """Return what is stored now."""
        assert seconds
        return [self.positions_later.pop(0) if len(self.positions_later) > 1 else self.positions_later[0]]


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "_POLL_S", 0.001)


def of(connector: Connector, heartbeat_s: float = 10.0) -> Backfills:
    """Return the backfills of a connector."""
    return Backfills(connector, connector, "source", heartbeat_s)  # type: ignore[arg-type]


def test_a_stop_is_told_once_it_is_stored() -> None:
    connector = Connector([stored("public.users"), stored("public.users"), {"lsn": 2}])
    assert str(of(connector).stop(USERS)) == "no backfill runs"
    assert [json.loads(one)["type"] for one in connector.sent] == [STOP]


def test_a_stop_of_one_table_waits_for_that_table_alone() -> None:
    connector = Connector([stored("public.users", "public.products"), stored("public.products")])
    assert str(of(connector).stop(USERS)) == "reads public.products"
    assert connector.positions_later == [stored("public.products")]


def test_a_stop_of_all_waits_for_every_table() -> None:
    assert of(Connector([stored("public.users", "public.products"), stored("public.products"), {}])).stop(None).tables == ()


def test_a_stop_that_is_not_stored_says_what_a_restart_would_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "_STORED_S", 0.05)
    with pytest.raises(NotStoredError, match=r"has not stored .* public.users .* a worker that starts again would go on"):
        of(Connector([stored("public.users")]), heartbeat_s=0.0).stop(USERS)


def test_a_stop_where_nothing_runs_is_fine() -> None:
    assert str(of(Connector([{}])).stop(PRODUCTS)) == "no backfill runs"
