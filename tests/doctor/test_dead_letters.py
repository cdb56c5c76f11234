"""Dead letters of a running stack are a warning; before the first ``up`` there is nobody to ask."""

from __future__ import annotations

import pytest

from pipeline.checks.check import Level
from pipeline.dlq.ledger import Count
from pipeline.doctor.dead_letters import look, none_open
from tests.declared import settings_of


@pytest.mark.parametrize(
    ("found", "level", "text"),
    [
        (Count(0), Level.FINE, "none open"),
        (Count(3), Level.WARNING, "3 open"),
        (Count(0, 5), Level.WARNING, "none open, up to 5 deleted by retention before anything was done with them"),
        ("it does not answer", Level.UNSEEN, "before the first 'up'"),
    ],
)
def test_open_and_expired_letters_are_a_warning(found: Count | str, level: Level, text: str) -> None:
    finding = none_open(found, "dev")
    assert finding.level is level
    assert text in finding.found
    assert (finding.cure == ".venv/bin/python -m pipeline dlq list --stack dev") == (level is Level.WARNING)


def test_a_stack_without_brokers_is_not_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.doctor.dead_letters._ANSWER_S", 0.3)
    assert isinstance(look(settings_of("dev"), ("127.0.0.1:1",)), str)
