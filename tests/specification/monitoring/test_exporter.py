"""The exporter's pod gets what ``python3 -m pipeline.status`` reads: three arguments, the stack's description, and logins as files."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from pipeline.description.document import described, loaded
from pipeline.description.running import described as on_this_machine
from pipeline.reading.stack import RunningStack
from stack.settings.names import EXPORTER_PORT
from stack.settings.quality import QualitySettings
from stack.specification.monitoring import exporter
from stack.specification.monitoring.pods import exporter_pod
from stack.specification.monitoring.rules.files import rule_files
from stack.specification.stack import Specification
from tests.declared import STACKS, settings_of

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.description.stack import Description
    from stack.settings.model import Settings

MANAGED = {"database", "registry", "connect"}


@pytest.fixture(params=sorted(STACKS))
def settings(request: pytest.FixtureRequest) -> Settings:
    """Return the settings of each kind of stack."""
    return settings_of(request.param)


@pytest.fixture
def read(settings: Settings, tmp_path: Path) -> Description:
    """Return what the pod reads."""
    for folder in ("database", "registry", "connect", "kafka"):
        (tmp_path / folder).mkdir()
        for key, text in {"username": f"{folder}-user", "password": "a-word\n"}.items():
            (tmp_path / folder / key).write_text(text, encoding="utf-8")
    (tmp_path / "database" / "ca.crt").write_text("PEM", encoding="utf-8")
    spec = Specification.of(settings)
    document = exporter.document(settings, spec.source, spec.streaming.registry_url)
    return described(loaded(json.dumps(document)), tmp_path)


def test_the_command_has_address_port_and_seconds(settings: Settings) -> None:
    every = "0.0.0.0"  # noqa: S104 - of its pod
    assert exporter.command(settings) == [
        "python3",
        "-m",
        "pipeline.status",
        every,
        str(EXPORTER_PORT),
        str(settings.monitoring.interval_s),
    ]


def test_the_pod_knows_the_stack_as_commands_on_a_host_know_it(settings: Settings, read: Description) -> None:
    outputs = {"postgres": {"host": "h", "port": 1}, "registry": {"url": "u"}, "tables": [{"name": one.qualified} for one in read.tables]}
    known = on_this_machine(RunningStack("x", settings, outputs))
    same = ("names", "seams", "format", "bucket", "tasks", "interval_s", "heartbeat_s", "managed", "level", "partitions", "brokers")
    assert {name: getattr(read, name) for name in same} == {name: getattr(known, name) for name in same}
    assert read.names.epoch == settings.names.epoch
    assert [one.qualified for one in read.tables] == [one.qualified for one in known.tables]


@pytest.fixture
def judging(settings: Settings) -> Settings:
    """Return the settings with rules for rows, and with monitoring."""
    monitoring = settings.monitoring.model_copy(update={"enabled": True})
    return settings.model_copy(update={"monitoring": monitoring, "quality": settings.quality.model_copy(update={"enabled": True})})


def test_where_rows_are_judged_the_same_process_knows_every_rule_and_the_bounds_of_a_check(
    settings: Settings, judging: Settings, tmp_path: Path
) -> None:
    spec = Specification.of(settings)
    document = exporter.document(judging, spec.source, spec.streaming.registry_url)
    (tmp_path / "database").mkdir()
    for key in ("username", "password"):
        (tmp_path / "database" / key).write_text("x", encoding="utf-8")
    read = described(loaded(json.dumps(document)), tmp_path)
    assert {table.qualified: table.rules for table in read.tables} == {table.qualified: table.rules for table in settings.source.tables}
    assert QualitySettings.model_validate(document["quality"]["settings"]) == judging.quality
    assert 0 < document["quality"]["duckdbMib"] < judging.monitoring.scores_mib
    assert exporter.command(judging)[:3] == ["python3", "-m", "pipeline.quality"]
    assert judging.exporter_mib == settings.monitoring.exporter_mib + settings.monitoring.scores_mib
    assert judging.monitoring_mib <= 512, "the budget of the monitoring, whatever it does"


def test_a_check_has_a_folder_that_it_can_write_to_and_keys_of_the_archive_in_every_format(judging: Settings) -> None:
    named = judging.monitoring.secrets.model_copy(update={"store": "keys"})
    judging = judging.model_copy(update={"monitoring": judging.monitoring.model_copy(update={"secrets": named})})
    secrets = exporter.secrets(judging, None)
    assert secrets["archive"] == "keys"
    assert "AWS_PROFILE" in exporter.environment(judging)
    pod = exporter_pod(judging, secrets)
    (container,) = pod["containers"]
    writable = {mount["mountPath"] for mount in container["volumeMounts"] if not mount.get("readOnly")}
    assert exporter.environment(judging)["TMPDIR"] in writable
    assert container["resources"]["limits"]["memory"] == f"{judging.exporter_mib}Mi"
    monitoring = judging.monitoring.model_copy(update={"kubelets": ("10.0.0.0/24",)})
    rules = "".join(rule_files(judging.model_copy(update={"monitoring": monitoring}), ()).values())
    assert f'container="exporter"}} / {judging.exporter_mib * 2**20}' in rules, "the alert knows the limit"


def test_without_rules_the_exporter_has_neither_folder_nor_rules(settings: Settings) -> None:
    spec = Specification.of(settings)
    document = exporter.document(settings, spec.source, spec.streaming.registry_url)
    assert "quality" not in document
    assert "constraint" not in str(document["tables"])
    assert "TMPDIR" not in exporter.environment(settings)


def test_each_part_is_logged_in_to_by_its_own_files(settings: Settings, read: Description) -> None:
    assert (read.connect().url, read.connect().user) == ("http://connect.data-ingestion.svc.cluster.local:8083", "connect-user")
    assert read.registry() == ("registry-user", "a-word")
    assert read.source().parameters["user"] == "database-user"
    assert read.authority() == ("PEM" if settings.source.is_managed else None)
    kafka = settings.streaming.kafka.external
    assert ("sasl.username" in read.kafka()) == (kafka is not None and kafka.logs_in)


def test_secrets_of_existing_systems_are_those_that_the_stack_names(settings: Settings) -> None:
    found = exporter.secrets(settings, None)
    made = {"database": settings.source.is_managed, "registry": settings.streaming.registry.is_managed, "connect": True}
    assert set(found) == {folder for folder, is_made in made.items() if is_made}
    named = settings.monitoring.secrets.model_copy(update={"database": "a", "registry": "b", "kafka": "c", "store": "d"})
    monitoring = settings.monitoring.model_copy(update={"secrets": named})
    found = exporter.secrets(settings.model_copy(update={"monitoring": monitoring}), None)
    assert found["database"] == (exporter.DATABASE_LOGIN if settings.source.is_managed else "a")
    kafka = settings.streaming.kafka.external
    expected = {*MANAGED, *({"kafka"} if kafka and kafka.logs_in else ()), *({"archive"} if settings.archive.format == "iceberg" else ())}
    assert set(found) == expected
