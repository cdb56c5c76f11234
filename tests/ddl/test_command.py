"""The command: what it prints, its exit codes, and what it refuses."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from pipeline.command_line import main
from pipeline.ddl import commands

if TYPE_CHECKING:
    from pathlib import Path

ADDED = "ALTER TABLE public.users ADD COLUMN nickname text"
WIDER = "ALTER TABLE public.users ALTER COLUMN id TYPE bigint"


@pytest.mark.parametrize(("text", "code"), [(ADDED, 0), (WIDER, 1), ("DO $$ BEGIN END $$", 2), ("nothing", 2), ("", 2)])
def test_the_exit_code_is_the_verdict(text: str, code: int) -> None:
    assert main(["ddl", "--stack", "dev", text]) == code


def test_the_report_names_verdict_registry_archive_lock_and_model(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ddl", "--stack", "dev", WIDER]) == 1
    printed = capsys.readouterr().out
    for part in (
        "STOPS OR LOSES  public.users: ALTER COLUMN id TYPE bigint",
        "postgres.public.users-key: refused at level FULL",
        "id: int -> long",
        "id: FORWARD: the earlier schema has int, and new rows have long",
        "archive: the archive's column becomes wider",
        "PostgreSQL: lock ACCESS EXCLUSIVE",
        'model: in stack/settings/shop.py (or the file in source.tables), table users: Column(name="id", …): type="bigint"',
    ):
        assert part in printed, part


def test_json_has_the_schemas_before_and_after(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ddl", "--stack", "dev", "--json", ADDED]) == 0
    report = json.loads(capsys.readouterr().out)
    (verdict,) = report["statements"][0]["verdicts"]
    assert (report["exitCode"], verdict["outcome"], verdict["table"]) == (0, "follows", "public.users")
    value, key = verdict["registry"]
    assert (value["answer"], key["answer"]) == ("taken", "same")
    names = [{field["name"] for field in value[side]["fields"]} for side in ("before", "after")]
    assert names[1] - names[0] == {"nickname"}


def test_statements_come_from_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "migration.sql"
    file.write_text(f"\ufeff-- größe\n{ADDED};\nDROP TABLE orders;\n", encoding="utf-8")
    assert main(["ddl", "--stack", "dev", "--file", str(file)]) == 1
    assert "2. DROP TABLE orders" in capsys.readouterr().out


def test_a_level_is_given_for_an_existing_registry(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ddl", "--stack", "dev", "--level", "forward_transitive", WIDER]) == 1
    assert "refused at level FORWARD_TRANSITIVE" in capsys.readouterr().out
    assert main(["ddl", "--stack", "dev", "--level", "SOME", WIDER]) == 2


def test_what_cannot_be_read_is_said_in_a_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    latin = tmp_path / "latin.sql"
    latin.write_bytes("ALTER TABLE größe".encode("latin-1"))
    for arguments, said in (
        (["--stack", "dev"], "either the statements or --file"),
        (["--stack", "dev", "--file", str(latin), ADDED], "either the statements or --file"),
        (["--stack", "dev", "--file", str(tmp_path / "none.sql")], "cannot be read: No such file"),
        (["--stack", "dev", "--file", str(latin)], "is no UTF-8"),
        (["--stack", "nowhere", ADDED], "Pulumi.nowhere.yaml does not exist"),
    ):
        assert main(["ddl", *arguments]) == commands.NOT_JUDGED
        error = capsys.readouterr().err
        assert said in error
        assert error.startswith("error: ")
        assert error.count("\n") == 1


def test_an_existing_database_without_a_table_file_is_warned_of(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ddl", "--stack", "prod", ADDED]) == 0
    assert "warning: source.tables is not set" in capsys.readouterr().err
