"""The audit as a job: it reads its document and its logins as files, and says by its exit code what it has found."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from pipeline.audit import commands
from pipeline.audit.options import Options
from pipeline.audit.report import Finding, Hop, Kind, Report, TableReport
from pipeline.audit.told import Told, told
from pipeline.description.document import UnreadableDocumentError
from pipeline.description.stack import UnansweredError
from stack.judgement.stack import specify

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

KEYS = "[archive]\naws_access_key_id = AKIATEST\naws_secret_access_key = secret-key\n"


@pytest.fixture
def secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of the logins, as the pod mounts it."""
    for folder, files in {
        "database": {"username": "audit", "password": "word\n", "ca.crt": "PEM"},
        "registry": {"username": "audit", "password": "other"},
        "archive": {"config": "", "credentials": KEYS},
    }.items():
        (tmp_path / folder).mkdir()
        for name, text in files.items():
            (tmp_path / folder / name).write_text(text, encoding="utf-8")
    for name, value in {
        "AWS_PROFILE": "archive",
        "AWS_CONFIG_FILE": f"{tmp_path}/archive/config",
        "AWS_SHARED_CREDENTIALS_FILE": f"{tmp_path}/archive/credentials",
        "AWS_EC2_METADATA_DISABLED": "true",
    }.items():
        monkeypatch.setenv(name, value)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def document(**sections: Any) -> str:
    """Return the document of a stack."""
    values = {"archive": {"bucket": "warehouse", "catalog": "jdbc"}, "audit": {"schedule": "@hourly", "since": "2h"}, **sections}
    audit = specify(values).audit
    assert audit is not None
    return audit.files["audit-config"]["stack.json"]


def test_the_stack_is_known_with_its_logins(secrets: Path) -> None:
    known = told(document(), secrets)
    stack = known.stack
    assert (stack.name, stack.format, stack.bucket) == ("data-ingestion", "iceberg", "warehouse")
    assert [table.qualified for table in stack.tables] == ["public.users", "public.products", "public.orders", "public.order_items"]
    assert stack.outputs["reader"] | {"accessKeyId": "AKIATEST", "secretAccessKey": "secret-key"} == stack.outputs["reader"]
    assert (stack.outputs["catalog"]["user"], stack.outputs["catalog"]["password"]) == ("audit", "word")
    assert dict(stack.source().parameters) | {"user": "audit", "password": "word", "sslmode": "verify-full"} == stack.source().parameters
    assert stack.registry() == ("audit", "other")
    assert set(stack.kafka()) == {"bootstrap.servers"}
    assert known.options.seconds == 60
    assert known.options.since_ms is not None
    assert known.options.folder is None, "TMPDIR is the volume"


def test_a_later_epoch_has_its_names(secrets: Path) -> None:
    names = told(document(streaming={"epoch": 3}), secrets).stack.names
    assert (names.epoch, names.current_slot) == (3, "debezium_slot_epoch3")


def test_an_existing_cluster_is_logged_in_to_by_its_secret(secrets: Path) -> None:
    (secrets / "kafka").mkdir()
    for name, text in {"username": "reader", "password": "third"}.items():
        (secrets / "kafka" / name).write_text(text, encoding="utf-8")
    external = {"bootstrapServers": ["b-1.msk:9096"], "addresses": ["10.2.0.0/16"], "secret": "msk"}
    sections = {
        "cluster": {"existingNamespace": True},
        "streaming": {
            "kafka": {"kind": "external", "external": external},
            "registry": {"kind": "external", "external": {"url": "http://r.x:8081", "addresses": ["10.3.0.0/16"], "secret": "s"}},
        },
        "audit": {"schedule": "@hourly", "secrets": {"kafka": "a", "registry": "b"}},
    }
    assert told(document(**sections), secrets).stack.kafka() == {
        "bootstrap.servers": "b-1.msk:9096",
        "security.protocol": "sasl_ssl",
        "sasl.mechanism": "SCRAM-SHA-512",
        "sasl.username": "reader",
        "sasl.password": "third",
    }


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"form": 1}', '{"form": "2"}'])
def test_a_document_of_another_version_is_not_understood(text: str, secrets: Path) -> None:
    with pytest.raises(UnreadableDocumentError):
        told(text, secrets)


def test_a_missing_login_names_its_file(secrets: Path) -> None:
    (secrets / "registry" / "password").unlink()
    with pytest.raises(UnansweredError, match=r"registry has no .*/registry/password"):
        told(document(), secrets).stack.registry()
    (secrets / "archive" / "credentials").write_text("", encoding="utf-8")
    with pytest.raises(UnansweredError, match=r"no AWS credentials|cannot be assumed"):
        told(document(), secrets)


def reported(*findings: Finding, undecided: tuple[str, ...] = ()) -> Report:
    """Return a report of one table."""
    found = {finding.kind.value: finding.number for finding in findings}
    table = TableReport(name="public.users", archive="users", counts={}, found=found, findings=findings)
    return Report(
        stack="data-ingestion", began="2026-11-29T00:00:00+00:00", seconds=1.0, parts=("kafka",), tables=(table,), undecided=undecided
    )


MISSING = Finding(kind=Kind.MISSING, hop=Hop.ARCHIVE, text="is gone", topic="t", partition=0, offset=7, key={"email": "ann@example.com"})


@pytest.fixture
def ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[[Any], tuple[int, Any, str]]:
    """Return what a run that ends with a report or an error leaves: exit code, JSON and the pod's message."""

    def run(outcome: Any) -> tuple[int, Any, str]:
        def audited(*_: Any) -> Report:
            if isinstance(outcome, Exception):
                raise outcome
            assert isinstance(outcome, Report)
            return outcome

        monkeypatch.setattr(commands, "run", audited)
        monkeypatch.setattr(commands, "told", lambda *_: Told(None, Options()))  # type: ignore[arg-type]
        (tmp_path / "document").write_text("{}", encoding="utf-8")
        code = commands.scheduled(tmp_path / "document", tmp_path, tmp_path / "message")
        text = capsys.readouterr().out
        return code, json.loads(text[text.index("{") :]), (tmp_path / "message").read_text(encoding="utf-8")

    return run


def test_the_exit_code_says_what_was_found(ended: Callable[[Any], tuple[int, Any, str]]) -> None:
    assert ended(reported())[0] == 0
    assert ended(reported(MISSING))[0] == 1
    assert ended(reported(undecided=("Kafka does not answer",)))[0] == 3
    assert ended(UnansweredError("the Secret has none"))[0] == 3
    assert ended(UnreadableDocumentError("another form"))[0] == 2


def test_an_error_of_the_audit_itself_accuses_no_row_and_quotes_none(
    ended: Callable[[Any], tuple[int, Any, str]], capsys: pytest.CaptureFixture[str]
) -> None:
    code, said, message = ended(ValueError("Could not convert string 'ann@example.com'"))
    assert (code, said["verdict"]) == (3, "undecided")
    assert "ann@example.com" not in f"{said}{message}{capsys.readouterr()}"


def test_the_report_is_json_with_the_row_and_the_pods_message_has_counts_only(ended: Callable[[Any], tuple[int, Any, str]]) -> None:
    _code, said, message = ended(reported(MISSING))
    (finding,) = said["tables"][0]["findings"]
    assert (said["form"], finding["offset"], finding["key"]) == (1, 7, {"email": "ann@example.com"})
    assert message.splitlines()[1] == "public.users: 1 missing"
    assert "ann@example.com" not in message


def test_a_message_that_cannot_be_written_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands, "run", lambda *_: reported())
    monkeypatch.setattr(commands, "told", lambda *_: Told(None, Options()))  # type: ignore[arg-type]
    (tmp_path / "document").write_text("{}", encoding="utf-8")
    assert commands.scheduled(tmp_path / "document", tmp_path, tmp_path / "absent" / "message") == 0
