"""A store in place of AWS: the checks of the store and of this shell; against moto and an address where none answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.checks.check import Level
from pipeline.doctor import clock, store
from pipeline.doctor.stack import checks
from pipeline.doctor.stack_settings import Stack
from pipeline.recording.recorder import ROOT
from stack.specification.stack import Specification
from tests.declared import variant

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from pipeline.checks.check import Finding

NOWHERE = "http://127.0.0.1:1"


def stack(url: str, *, iceberg: bool = False) -> Stack:
    """Return a stack whose archive is an S3-compatible store at a URL."""
    endpoint = {"url": "http://minio.storage:9000", "hostUrl": url, "addresses": ["10.96.0.0/12"], "secret": "minio"}
    format_ = {"format": "iceberg" if iceberg else "parquet"}
    archive = {"bucket": "warehouse", "existingBucket": True, "endpoint": endpoint, **format_}
    declared = variant("dev", cluster={"existingNamespace": True}, archive=archive)
    return Stack("dev", Specification.of(declared.settings), ROOT)


def of_the_store(one: Stack) -> dict[str, Finding]:
    """Return the findings of a stack's checks of its store, by name."""
    return {check.name: check.judge(check.probe()) for check in checks(one) if check.group == "Object store"}


def test_a_stack_with_a_store_checks_it_instead_of_aws(object_store: str) -> None:
    one = stack(object_store)
    assert "AWS" not in {check.group for check in checks(one)}
    assert {name: finding.level for name, finding in of_the_store(one).items()} == {"endpoint": Level.FINE, "clock": Level.FINE}


def test_the_stores_secret_is_required_in_the_namespace() -> None:
    assert stack(NOWHERE).place.secrets == {"minio": frozenset({"credentials"})}


def test_an_unreachable_store_is_a_failure_only_where_the_program_itself_uses_it() -> None:
    assert of_the_store(stack(NOWHERE))["endpoint"].level is Level.UNSEEN
    found = of_the_store(stack(NOWHERE, iceberg=True))["endpoint"]
    assert (found.level, found.cure) == (Level.FAILURE, f"curl --head {NOWHERE}")


def test_a_store_that_only_pods_need_is_reported_when_it_answers(object_store: str) -> None:
    assert store.of_pods(clock.look(object_store)).found == f"{object_store} answers"


def test_iceberg_tables_need_a_key_in_this_shell(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    one = stack(NOWHERE, iceberg=True)
    without = of_the_store(one)["key"]
    assert without.level is Level.FAILURE
    assert "AWS_ACCESS_KEY_ID" in without.cure
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key-id")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "very-secret")
    found = of_the_store(one)["key"]
    assert (found.level, found.found) == (Level.FINE, "a key for Iceberg tables (from env)")
