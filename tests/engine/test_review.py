"""The script of a review with the real CLI."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.engine.test_policy_pack import POD, REFUSED

if TYPE_CHECKING:
    from tests.engine.conftest import Project

pytestmark = pytest.mark.engine


def review(project: Project) -> tuple[subprocess.CompletedProcess[str], str]:
    """Run .ci/preview.sh in the copy of the project."""
    path = project.folder / "comment.md"
    path.unlink(missing_ok=True)
    done = subprocess.run(
        [project.folder / ".ci" / "preview.sh", "sandbox", path],
        env=project.environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    return done, path.read_text(encoding="utf-8")


def test_the_shipped_stack_gets_a_comment(project: Project) -> None:
    project.write()
    done, comment = review(project)
    assert done.returncode == 0, done.stdout + done.stderr
    assert comment.startswith("<!-- data-ingestion preview data-ingestion/sandbox -->\n")
    assert "to create." in comment
    assert "No violation (data-ingestion)." in comment
    assert "| all | 0 | 4094 | +4094 |" in comment


@pytest.mark.full
@pytest.mark.parametrize(("rule", "shown"), [("memory-budget", "OVER"), ("no-literal-credential", "DB_PASSWORD: container")])
def test_a_refusal_is_a_failure_with_its_reason_and_no_secret_in_the_comment(project: Project, rule: str, shown: str) -> None:
    project.write(POD + REFUSED[rule])
    done, comment = review(project)
    assert done.returncode == 1
    assert rule in comment
    assert shown in comment
    assert "hunter2" not in comment + done.stdout + done.stderr
