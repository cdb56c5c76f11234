"""The commands that the documents show for the Pulumi CLI, as they stand there."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.command_blocks import Block, tried
from tests.engine.project import copied

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.engine, pytest.mark.full]

SHOWN = tried("tried by tests/engine/test_command_blocks.py")


def test_there_are_such_commands() -> None:
    assert SHOWN


@pytest.mark.parametrize("block", SHOWN, ids=lambda block: block.place)
def test_a_command_block_works_with_the_cli(block: Block, tmp_path: Path) -> None:
    project = copied(tmp_path)
    home = tmp_path / "home"
    home.mkdir()
    own = {
        name: value for name, value in project.environment.items() if name not in {"PULUMI_BACKEND_URL", "PULUMI_CONFIG_PASSPHRASE_FILE"}
    }
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", block.script],
        cwd=project.folder,
        env={**own, "HOME": str(home)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, f"{block.script}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
