"""The two settings of a new epoch are set in the text of a stack file; its other lines, its comments and its order stay."""

from __future__ import annotations

import difflib
import shutil
from typing import TYPE_CHECKING

import pytest

from pipeline.epoch.stack_file import EditError, with_epoch
from pipeline.recording.recorder import ROOT
from pipeline.recording.stackfile import stack_config
from stack.judgement.stack import parse_text
from stack.settings import yaml_file
from stack.settings.seams import Seam

if TYPE_CHECKING:
    from pathlib import Path

SEAM = Seam(epoch=2, cause="lost-slot", system="7346", position="0/4A1B2C8", last_change="2026-05-01T12:00:00+00:00")
ITEM = '{epoch: 2, cause: lost-slot, system: "7346", position: "0/4A1B2C8", lastChange: "2026-05-01T12:00:00+00:00"}'

FORMS = {
    "nested": (
        "# head\nconfig:\n  data-ingestion:streaming: # why\n    # brokers\n    kafka: {} # small\n  data-ingestion:archive: {bucket: b}\n",
        (
            "# head\nconfig:\n  data-ingestion:streaming: # why\n    # brokers\n    epoch: 2\n    kafka: {} # small\n"
            f"    seams:\n      - {ITEM}\n  data-ingestion:archive: {{bucket: b}}\n"
        ),
    ),
    "in one line": (
        "config:\n  data-ingestion:streaming: {topics: {partitions: 3}} # few\n",
        f"config:\n  data-ingestion:streaming: {{epoch: 2, seams: [{ITEM}], topics: {{partitions: 3}}}} # few\n",
    ),
    "absent": (
        "config:\n    data-ingestion:environment: dev\n    data-ingestion:archive:\n        bucket: b # last\n# end\n",
        (
            "config:\n    data-ingestion:environment: dev\n    data-ingestion:archive:\n        bucket: b # last\n"
            f"    data-ingestion:streaming:\n      epoch: 2\n      seams:\n        - {ITEM}\n# end\n"
        ),
    ),
    "without its project": (
        "config:\n  streaming:\n    epoch: 1\n",
        f"config:\n  streaming:\n    epoch: 2\n    seams:\n      - {ITEM}\n",
    ),
    "without a value": (
        "config:\n  data-ingestion:streaming:\n  data-ingestion:environment: dev\n",
        f"config:\n  data-ingestion:streaming:\n    epoch: 2\n    seams:\n      - {ITEM}\n  data-ingestion:environment: dev\n",
    ),
    "without a last line break": (
        "config:\n  data-ingestion:streaming:\n    epoch: 1",
        f"config:\n  data-ingestion:streaming:\n    epoch: 2\n    seams:\n      - {ITEM}\n",
    ),
    "without configuration": (
        "# nothing yet\n",
        f"# nothing yet\nconfig:\n  data-ingestion:streaming:\n    epoch: 2\n    seams:\n      - {ITEM}\n",
    ),
    "with an empty list": (
        "config:\n  data-ingestion:streaming: {epoch: 1, seams: []}\n",
        f"config:\n  data-ingestion:streaming: {{epoch: 2, seams: [{ITEM}]}}\n",
    ),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_the_section_gets_both_settings(form: str) -> None:
    before, after = FORMS[form]
    assert with_epoch(before, SEAM) == after


@pytest.mark.parametrize("form", FORMS)
def test_a_second_break_is_added_after_the_first_one(form: str) -> None:
    later = Seam(epoch=3, cause="operator")
    edited = with_epoch(with_epoch(FORMS[form][0], SEAM), later)
    (section,) = [value for key, value in yaml_file.parse(edited)["config"].items() if key.endswith("streaming")]
    assert section["epoch"] == 3
    assert [(one["epoch"], one["cause"]) for one in section["seams"]] == [(2, "lost-slot"), (3, "operator")]
    assert edited.count("#") == FORMS[form][0].count("#"), "a comment is gone"


@pytest.mark.parametrize("stack", ["dev", "prod", "sandbox"])
def test_a_shipped_stack_file_gains_lines_and_loses_none(stack: str) -> None:
    before = (ROOT / f"Pulumi.{stack}.yaml").read_text(encoding="utf-8")
    changes = list(difflib.ndiff(before.splitlines(), with_epoch(before, SEAM).splitlines()))
    assert [line for line in changes if line.startswith("- ")] == []
    assert 3 <= len([line for line in changes if line.startswith("+ ")]) <= 4


def test_the_settings_read_what_was_written(tmp_path: Path) -> None:
    text = with_epoch((ROOT / "Pulumi.sandbox.yaml").read_text(encoding="utf-8"), SEAM)
    shutil.copy(ROOT / "Pulumi.yaml", tmp_path)
    (tmp_path / "Pulumi.sandbox.yaml").write_text(text, encoding="utf-8")
    streaming = parse_text(stack_config(tmp_path, "sandbox").values).streaming
    assert (streaming.epoch, streaming.seams) == (2, (SEAM,))


@pytest.mark.parametrize(
    "text",
    [
        "config:\n  data-ingestion:streaming: '{\"epoch\": 1}'\n",
        "config:\n  data-ingestion:streaming: &one {epoch: 1}\n  data-ingestion:other: *one\n",
        "config: {}\n",
        "config:\n  data-ingestion:streaming: {}\n",
        "- list\n",
    ],
)
def test_a_form_that_cannot_be_edited_is_left_alone_and_shown(text: str) -> None:
    with pytest.raises(EditError, match="write by hand, below data-ingestion:streaming: epoch: 2 and"):
        with_epoch(text, SEAM)
