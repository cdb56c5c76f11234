"""Settings by which tests of the sandbox judge its rows for a while are sound, and change what they say alone."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

from pipeline.recording.recorder import ROOT
from pipeline.recording.stackfile import stack_config
from stack.judgement.stack import specify_text
from stack.settings.quality import quarantine_name
from stack.settings.shop import TABLES
from tests.sandbox_e2e import test_17_alerts_of_rows as scores
from tests.sandbox_e2e import test_18_quality as second

if TYPE_CHECKING:
    from pathlib import Path

TEXT = (ROOT / "Pulumi.sandbox.yaml").read_text(encoding="utf-8")


def specified(folder: Path, text: str) -> Any:
    """Return the specification of the sandbox with another stack file."""
    shutil.copy(ROOT / "Pulumi.yaml", folder)
    (folder / "Pulumi.sandbox.yaml").write_text(text, encoding="utf-8")
    return specify_text(stack_config(folder, "sandbox").values)


def test_one_rule_of_one_column_is_added_and_every_table_outlives_the_stack(tmp_path: Path) -> None:
    found = specified(tmp_path, scores.judged(TEXT))
    changed = [
        (table.name, column.name)
        for table, before in zip(found.settings.source.tables, TABLES, strict=True)
        for column, old in zip(table.columns, before.columns, strict=True)
        if column != old
    ]
    assert changed == [("users", "last_name")]
    assert {table.name for table in found.archive.tables} >= {"users", quarantine_name("users")}
    assert not any(table.delete_on_destroy for table in found.archive.tables)
    assert found.settings.quality.owners == {"public.users": scores.OWNER}
    usual = specify_text(stack_config(ROOT, "sandbox").values)
    assert found.source.created.workload.files == usual.source.created.workload.files, "the database would be restarted"


def test_before_the_settings_are_put_back_nothing_but_the_fate_of_the_tables_differs(tmp_path: Path) -> None:
    found, usual = specified(tmp_path, scores.kept(TEXT)), specify_text(stack_config(ROOT, "sandbox").values)
    assert not any(table.delete_on_destroy for table in found.archive.tables)
    assert [table.name for table in found.archive.tables] == [table.name for table in usual.archive.tables]
    assert [one.pod for one in found.workloads] == [one.pod for one in usual.workloads]


def test_rules_are_added_to_the_columns_that_have_one_and_to_no_other() -> None:
    columns = [{"name": name} for name in ("id", "name", "size")]
    (table,) = second.with_rules([{"name": "shapes", "columns": columns}])
    assert [one.get("quality") for one in table["columns"]] == [None, second.RULES["name"], second.RULES["size"]]
    assert columns == [{"name": name} for name in ("id", "name", "size")]
