"""The outputs file: all documented keys, from the program's real exports, readable by root only."""

from __future__ import annotations

import json
import os
import stat
from typing import TYPE_CHECKING, Any

import pytest

from pipeline.reading import saved_outputs
from sandbox import outputs
from sandbox.reader import Reader
from tests.declared import Declared

if TYPE_CHECKING:
    from pathlib import Path

READER = Reader(endpoint="http://127.0.0.1:4566", region="us-east-1", access_key_id="READER", secret_access_key="reader-secret")


@pytest.fixture
def collected() -> dict[str, Any]:
    """Return the outputs of the sandbox stack as the program declares it."""
    declared = Declared.of("sandbox")
    return outputs.collect(declared.recording.outputs, READER)


@pytest.fixture
def file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Store the outputs in the test's own folder."""
    place = tmp_path / "outputs.json"
    monkeypatch.setattr(saved_outputs, "FILE", place)
    return place


def test_every_documented_key_exists(collected: dict[str, Any]) -> None:
    promised = {
        "postgres": {"host", "port", "database", "user", "password", "caCertificate"},
        "kafka": {"bootstrapServers"},
        "registry": {"url", "user", "password"},
        "connect": {"url", "user", "password"},
        "archive": {"bucket", "format"},
        "catalog": {"uri", "user", "password"},
        "reader": {"endpoint", "region", "accessKeyId", "secretAccessKey", "catalog", "namespace"},
    }
    for group, keys in promised.items():
        assert keys <= collected[group].keys()
        assert all(collected[group][key] not in (None, "") for key in keys)
    for table in collected["tables"]:
        assert {"name", "topic", "location"} <= table.keys()


def test_the_programs_outputs_are_as_the_program_gives_them(collected: dict[str, Any]) -> None:
    assert {key: value for key, value in collected.items() if key != "reader"} == dict(Declared.of("sandbox").recording.outputs)


def test_a_stack_that_is_not_complete_is_refused_by_what_it_lacks() -> None:
    with pytest.raises(outputs.IncompleteStackError, match="no output registry, catalog yet"):
        outputs.collect({key: {} for key in ("postgres", "kafka", "connect", "archive", "tables")}, READER)


def test_everything_is_reached_from_this_machine(collected: dict[str, Any]) -> None:
    assert "svc.cluster.local" not in json.dumps(collected)
    for address in (collected["postgres"]["host"], collected["registry"]["url"], collected["connect"]["url"], collected["catalog"]["uri"]):
        assert "127.0.0.1" in address
    assert all(server.startswith("127.0.0.1:") for server in collected["kafka"]["bootstrapServers"].split(","))


def test_scripts_read_the_archive_and_cannot_write_to_it(collected: dict[str, Any]) -> None:
    """They receive the reader's key, not the worker's."""
    assert (collected["reader"]["accessKeyId"], collected["reader"]["secretAccessKey"]) == ("READER", "reader-secret")
    assert Declared.of("sandbox").recording.get("archive-key").name not in json.dumps(collected)


def test_scripts_are_the_application_and_not_the_superuser(collected: dict[str, Any]) -> None:
    assert collected["postgres"]["user"] == Declared.of("sandbox").settings.names.app_role


def test_the_catalog_is_the_one_that_the_sink_commits_to(collected: dict[str, Any]) -> None:
    config = Declared.of("sandbox").sink_config
    reader = collected["reader"]
    assert reader["catalog"] == config["iceberg.catalog"]
    assert {f"{reader['namespace']}.{row['name'].split('.')[-1]}" for row in collected["tables"]} == set(
        config["iceberg.tables"].split(",")
    )


def test_what_is_saved_is_read_back(file: Path, collected: dict[str, Any]) -> None:
    saved_outputs.save(collected)
    assert saved_outputs.read() == collected
    assert [item.name for item in file.parent.iterdir()] == [file.name]


def test_only_the_owner_may_read_the_passwords(file: Path, collected: dict[str, Any]) -> None:
    """Even if the file existed with other permissions, and with any umask."""
    file.write_text("{}")
    file.chmod(0o644)
    before = os.umask(0)
    try:
        saved_outputs.save(collected)
    finally:
        os.umask(before)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_an_interrupted_save_leaves_the_old_outputs(file: Path, collected: dict[str, Any]) -> None:
    saved_outputs.save(collected)
    with pytest.raises(TypeError):
        saved_outputs.save({"postgres": object()})
    assert saved_outputs.read() == collected
    assert file.exists()


@pytest.mark.usefixtures("file")
def test_without_a_sandbox_the_way_to_one_is_shown() -> None:
    with pytest.raises(saved_outputs.NoSandboxError, match="make sandbox"):
        saved_outputs.read()


def test_a_user_without_read_permission_sees_the_reason(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> str:
        raise PermissionError

    monkeypatch.setattr(type(file), "read_text", refuse)
    with pytest.raises(saved_outputs.NoSandboxError, match="readable by root alone; run this as root"):
        saved_outputs.read()
