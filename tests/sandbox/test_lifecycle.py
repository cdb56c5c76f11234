"""Each pipeline may be changed by one driver only."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sandbox import lifecycle
from sandbox.adapter.driver import JOURNAL
from sandbox.adapter.journal import Entry, Journal

if TYPE_CHECKING:
    from pathlib import Path


def test_the_engine_refuses_a_pipeline_of_the_adapter_and_names_the_cure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The engine's state does not contain it: every resource would be new."""
    monkeypatch.setattr(lifecycle, "STATE", tmp_path)
    lifecycle.refuse_the_adapters()
    Journal(tmp_path / JOURNAL).put(Entry(urn="u", type="t", name="n", provider="", requires=(), identity="i"))
    with pytest.raises(lifecycle.OtherDriverError, match="'make sandbox-down', then 'make sandbox ENGINE=pulumi'"):
        lifecycle.refuse_the_adapters()
