"""Each fact has one owner: a literal that two systems agree on is written in one file."""

from __future__ import annotations

import ast

import pytest

from pipeline.recording.recorder import ROOT
from stack.configs import classes, tokens, topics
from stack.specification import names
from tests.test_architecture import sources

# Pydantic needs the class of a connector as a literal type, and images import nothing of the program.
ALSO_IN = {
    "stack/configs/models.py": {classes.GUARDED_DEBEZIUM, classes.S3_SINK, classes.ICEBERG_SINK},
    "images/keydump/asked.py": {classes.ICEBERG_SINK},
    "images/staging.py": {classes.S3_SINK},
    # the end of a resource's logical name
    "pipeline/review/losses.py": {names.KAFKA_CLUSTER_ID},
}
OWNED = {
    value: owner
    for owner, module in {
        "stack/configs/classes.py": classes,
        "stack/configs/tokens.py": tokens,
        "stack/configs/topics.py": topics,
        "stack/specification/names.py": names,
    }.items()
    for name, value in vars(module).items()
    if name.isupper() and isinstance(value, str)
}


def test_there_are_owned_facts() -> None:
    assert len(OWNED) > 20


@pytest.mark.parametrize("value", sorted(OWNED))
def test_a_shared_name_is_written_by_its_owner_only(value: str) -> None:
    written = {
        path.as_posix()
        for path in sources()
        for node in ast.walk(ast.parse((ROOT / path).read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and node.value == value
    }
    allowed = {path for path, values in ALSO_IN.items() if value in values}
    assert written - allowed == {OWNED[value]}
