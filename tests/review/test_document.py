"""docs/review.md shows a real comment, and policies that AWS accepts and that name the workflows' resources."""

from __future__ import annotations

import json
import re
from typing import Any

import yaml

from pipeline.documents import commands, review_example
from pipeline.recording.recorder import ROOT

TEXT = review_example.DOCUMENT.read_text(encoding="utf-8")
TRUST, RIGHTS = (json.loads(block) for block in re.findall(r"```json\n(.*?)```", TEXT, re.DOTALL))
WORKFLOWS = {path.stem: path.read_text(encoding="utf-8") for path in (ROOT / ".github" / "workflows").glob("*.yml")}


def test_the_comment_is_what_the_command_writes() -> None:
    """After a change of the comment: ``python -m pipeline documents review``."""
    assert commands.documents(["review"], check=True) == 0


def test_the_role_can_be_taken_by_one_environment_of_one_repository() -> None:
    (statement,) = TRUST["Statement"]
    assert statement["Action"] == "sts:AssumeRoleWithWebIdentity"
    assert list(statement["Condition"]) == ["StringEquals"]
    subject = statement["Condition"]["StringEquals"]["token.actions.githubusercontent.com:sub"]
    assert "*" not in json.dumps(TRUST)
    assert subject.endswith(f":environment:{yaml.safe_load(WORKFLOWS['preview'])['jobs']['preview']['environment']}")


def test_a_preview_may_write_nothing() -> None:
    actions: list[Any] = [statement["Action"] for statement in RIGHTS["Statement"]]
    assert actions == ["s3:ListBucket", "s3:GetObject", "kms:Decrypt"]


def test_everything_that_the_workflows_ask_for_is_listed() -> None:
    asked = {name for text in WORKFLOWS.values() for name in re.findall(r"(?:vars|secrets)\.(\w+)", text)}
    listed = set(re.findall(r"^\| `([A-Z_]+)` \|", TEXT, re.MULTILINE))
    assert asked == listed


def test_the_label_is_the_one_that_the_workflow_looks_for() -> None:
    assert "`data loss accepted`" in TEXT
    assert "'data loss accepted'" in WORKFLOWS["preview"]
