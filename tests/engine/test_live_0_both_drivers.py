"""The same stack by the adapter and by the engine: what exists afterwards is the same, to the letter."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from pipeline.checks.progress import Progress
from pipeline.recording.program import load as load_program
from pipeline.recording.stackfile import stack_config
from sandbox import cloud, outputs, reader
from sandbox.adapter import Adapter
from sandbox.paths import CHECKOUT
from stack.settings.shop import TABLES
from tests.engine import existing
from tests.engine.project import STACK

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from sandbox.kubernetes import Kube
    from tests.engine.conftest import Live

pytestmark = [pytest.mark.engine, pytest.mark.long, pytest.mark.full]

BUCKET = "sandbox-archive"


def everything(kube: Kube, aws: Callable[[str], Any], stack: Mapping[str, Any]) -> dict[str, Any]:
    """Return everything that exists, asked of every system."""
    known = cloud.known()
    assert known is not None
    reached = outputs.collect(stack, reader.ensure(known, BUCKET, None))
    return {
        "objects": existing.objects(kube),
        "topics": existing.topics(stack["kafka"]["bootstrapServers"]),
        "cloud": existing.cloud(aws, BUCKET, f"{BUCKET}-connect", f"{BUCKET}-writer"),
        **existing.pipeline(reached, tuple(table.archive_name for table in TABLES)),
    }


@pytest.fixture(scope="module")
def by_adapter(tmp_path_factory: pytest.TempPathFactory, kube: Kube, aws: Callable[[str], Any]) -> dict[str, Any]:
    """Return what the adapter creates, which is deleted again."""
    folder: Path = tmp_path_factory.mktemp("adapter")
    known = cloud.known()
    assert known is not None
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", known.access_key_id)
        patch.setenv("AWS_SECRET_ACCESS_KEY", known.secret_access_key)
        engine, progress, config = Adapter(folder, kube), Progress(quiet=True), stack_config(CHECKOUT, STACK)
        try:
            result = engine.up(load_program(CHECKOUT), config.project, STACK, config.values, progress)
            return everything(kube, aws, result.outputs)
        finally:
            engine.down(progress, force=True)


@pytest.fixture(scope="module")
def by_engine(
    by_adapter: dict[str, Any], live: Live, kube: Kube, aws: Callable[[str], Any], request: pytest.FixtureRequest
) -> dict[str, Any]:
    """Return what the engine creates, after the adapter's is gone; the next files begin with it."""
    assert by_adapter
    request.getfixturevalue("first_up")  # by name: as an argument a fixture of the session would come before the adapter's
    return everything(kube, aws, live.outputs())


@pytest.mark.parametrize("part", ["topics", "cloud", "connectors", "iceberg", "published", "roles"])
def test_both_drivers_leave_the_same(by_adapter: dict[str, Any], by_engine: dict[str, Any], part: str) -> None:
    assert by_adapter[part]
    assert _text(by_engine[part]) == _text(by_adapter[part])


def test_both_drivers_leave_the_same_kubernetes_objects(by_adapter: dict[str, Any], by_engine: dict[str, Any]) -> None:
    adapters, engines = by_adapter["objects"], by_engine["objects"]
    assert sorted(engines) == sorted(adapters)
    assert len(engines) > 40
    different = {name: (_text(engines[name]), _text(adapters[name])) for name in adapters if _text(engines[name]) != _text(adapters[name])}
    assert different == {}


def _text(value: Any) -> str:
    return json.dumps(value, indent=1, sort_keys=True, default=lambda item: sorted(item) if isinstance(item, set) else str(item))
