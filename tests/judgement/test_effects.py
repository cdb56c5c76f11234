"""A key in a stack file without any effect is refused, together with the choice that makes it void."""

from __future__ import annotations

from typing import Any

import pytest

from stack.judgement.effects import _void, is_given
from stack.judgement.stack import SettingsError, parse, specify
from stack.settings.model import Settings
from stack.settings.shop import TABLES

DATABASE = {"host": "db", "addresses": ["10.0.0.0/8"], "secret": "db"}
KAFKA = {"bootstrapServers": ["b-1:9096"], "addresses": ["10.0.0.0/8"], "secret": "msk"}
REGISTRY = {"url": "http://schemas:8081", "addresses": ["10.0.0.0/8"], "secret": "schemas"}
OWN: dict[str, Any] = {"archive": {"bucket": "archive"}}
EXISTING: dict[str, Any] = {
    "archive": {"bucket": "archive", "existingBucket": True},
    "cluster": {"existingNamespace": True},
    "source": {"kind": "external", "external": DATABASE},
    "streaming": {"kafka": {"kind": "external", "external": KAFKA}, "registry": {"kind": "external", "external": REGISTRY}},
    "host": {"exposure": "internal", "sources": ["10.0.0.0/8"]},
}
VALUES: dict[str, Any] = {
    "jvm": {"heapMib": 200},
    "extra": {"x": "y"},
    "parameters": {"log_connections": "on"},
    "storageClass": "gp3",
    "catalog": "glue",
    "sampleData": False,
    "spread": "zones",
    "namespace": "audits",
    "since": "2d",
    "listen": "60s",
    "deadlineMinutes": 30,
    "secrets": {"kafka": "audit-kafka"},
    "domain": "data.example.com",
    "maxConnections": 100,
    "action": "mark",
    "warningPercent": 90,
    "criticalPercent": 70,
    "owners": {"public.users": "data"},
    "readsOf": ["public.users"],
    "accessLogBucket": "logs",
    "intervalS": 20,
    "kubelets": ["10.0.0.0/16"],
    "kind": "files",
    "external": {"namespace": "observability"},
    "grafana": {"enabled": True},
    "receivers": {"slack": {"channel": "#data"}},
    "runbooks": "https://runbooks.example.com",
    "address": "127.0.0.1",
    "provisioner": "example.com/volumes",
    "kafka": [{"node": 30092, "host": 9092}, {"node": 30093, "host": 9093}, {"node": 30094, "host": 9094}],
}


def with_key(base: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """Return a stack file with one more key."""
    key, _, rest = path.partition(".")
    return {**base, key: with_key(base.get(key) or {}, rest, value) if rest else value}


def value_of(path: str) -> Any:
    """Return a valid value for a key."""
    section, _, key = path.rpartition(".")
    if section == "images":
        return "registry.example.com/image:1"
    if section == "host" and key in {"postgres", "registry", "connect"}:
        return {"node": 30001, "host": 5001}
    return VALUES.get(key, 1000)


def void(base: dict[str, Any]) -> list[str]:
    """Return the paths that have no effect beside a stack's choices."""
    return [path for path, _reason in _void(Settings.model_validate(base))]


@pytest.mark.parametrize("path", sorted(set(void(EXISTING))))
def test_a_key_that_changes_nothing_beside_existing_systems_is_refused(path: str) -> None:
    with pytest.raises(SettingsError) as caught:
        parse(with_key(EXISTING, path, value_of(path)))
    assert f"data-ingestion:{path}: has no effect: " in str(caught.value)
    assert "; remove it" in str(caught.value)


@pytest.mark.parametrize("path", void(OWN))
def test_a_key_that_changes_nothing_beside_the_defaults_is_refused(path: str) -> None:
    with pytest.raises(SettingsError, match=f"data-ingestion:{path}: has no effect: "):
        parse(with_key(OWN, path, value_of(path)))


def test_keys_of_iceberg_and_of_named_storage_classes_are_void_too() -> None:
    iceberg = {"archive": {"bucket": "archive", "format": "iceberg", "flushRecords": 1000}}
    with pytest.raises(SettingsError, match=r"archive\.flushRecords: has no effect: archive.format is iceberg"):
        parse(iceberg)
    named = {**OWN, "source": {"storageClass": "gp3"}, "streaming": {"kafka": {"storageClass": "gp3"}}, "cluster": {"provisioner": "x"}}
    with pytest.raises(SettingsError, match=r"cluster\.provisioner: has no effect: the program creates no storage class"):
        parse(named)


def test_an_explicit_key_is_distinguished_from_a_default() -> None:
    settings = Settings.model_validate({**OWN, "source": {"memoryMib": 512}, "host": {"domain": None}})
    assert is_given(settings, "source.memoryMib")
    assert not is_given(settings, "source.storageMib")
    assert not is_given(settings, "images.kafka")
    assert not is_given(settings, "host.domain")


OTHER = [{"name": "events", "columns": [{"name": "id", "type": "uuid"}]}]


def test_a_database_with_other_tables_starts_without_the_shops_rows() -> None:
    """Otherwise its init container inserts into tables that do not exist, and never completes."""
    created = specify({**OWN, "source": {"tables": OTHER}}).source.created
    assert created is not None
    files = created.workload.files["postgresql-config"]
    assert files["sample.sql"] == ""
    assert "sample.sql" not in files["bootstrap.sh"]


def test_the_shops_rows_come_with_its_tables_also_beside_others() -> None:
    tables = [*(table.model_dump(by_alias=True) for table in TABLES), *OTHER]
    retention = {"topics": {"retentionMib": 40}}
    created = specify({**OWN, "source": {"tables": tables}, "streaming": retention}).source.created
    assert created is not None
    assert "INSERT INTO public.users" in created.workload.files["postgresql-config"]["sample.sql"]


def test_the_shops_rows_come_with_tables_whose_rows_are_judged() -> None:
    tables = [table.model_dump(mode="json", by_alias=True, exclude_defaults=True) for table in TABLES]
    tables[0]["columns"][-1]["quality"] = {"notNull": True}
    # judged tables hold more files open
    created = specify(
        {**OWN, "source": {"tables": tables}, "quality": {"enabled": True}, "archive": {**OWN["archive"], "tasks": 1}}
    ).source.created
    assert created is not None
    assert "INSERT INTO public.users" in created.workload.files["postgresql-config"]["sample.sql"]


def test_the_shops_rows_for_other_tables_are_refused() -> None:
    with pytest.raises(SettingsError, match=r"source\.sampleData: has no effect: the rows are the shop's, but"):
        parse({**OWN, "source": {"tables": OTHER, "sampleData": True}})
