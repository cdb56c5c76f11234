"""The settings to which the tests of the engine bring their stack are ones that the configuration accepts, also all together."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.checkout import copy_project
from tests.engine.project import MORE_PARTITIONS, STACK, add_a_table

if TYPE_CHECKING:
    from pathlib import Path


def planned(folder: Path, settings: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run `plan` for the stack of a copy of the project with some settings more."""
    file = folder / f"Pulumi.{STACK}.yaml"
    content = yaml.safe_load(file.read_text(encoding="utf-8"))
    for path, value in settings.items():
        first, *keys, last = path.split(".")
        section: dict[str, Any] = content["config"].setdefault(f"data-ingestion:{first}", {})
        for key in keys:
            section = section.setdefault(key, {})
        section[last] = yaml.safe_load(value)
    file.write_text(yaml.safe_dump(content), encoding="utf-8")
    command = [sys.executable, "-m", "pipeline", "plan", "--stack", STACK]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=120)


@pytest.mark.full
def test_one_more_table_and_more_partitions_fit_with_a_smaller_queue_alone(tmp_path: Path) -> None:
    queue = "source.debezium.maxQueueMib"
    cure = "streaming.topics.partitions or source.debezium.maxQueueMib, or raise heapMib by"
    copy_project(tmp_path)
    add_a_table(tmp_path)
    refused = planned(tmp_path, {path: value for path, value in MORE_PARTITIONS.items() if path != queue})
    assert refused.returncode != 0
    assert cure in refused.stdout + refused.stderr
    accepted = planned(tmp_path, {queue: MORE_PARTITIONS[queue]})
    assert accepted.returncode == 0, accepted.stdout + accepted.stderr
