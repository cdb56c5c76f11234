"""The exposition is what Prometheus reads: every metric is parsed, what is not known is absent, and old figures are given no longer."""

from __future__ import annotations

import socket
import threading
import urllib.request
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from pipeline.documents import commands, metrics_list
from pipeline.epoch.diagnosis import State as History
from pipeline.epoch.diagnosis import Verdict
from pipeline.epoch.facts import Unanswered
from pipeline.recording.recorder import ROOT
from pipeline.status.exporter import Exporter, Figures
from pipeline.status.facts import Lag, Waiting
from pipeline.status.metrics import METRICS
from tests.status.snapshots import HEALTHY, LIMITS, MIB, NOW, ORDERS, PLACES, SLOT, USERS, seen, snapshot, with_connector, with_slot

if TYPE_CHECKING:
    from pipeline.status.facts import Snapshot
    from pipeline.status.view import View

SILENT = Unanswered("it does not answer")


def exposed(view: View, now: float = NOW + 1) -> dict[tuple[str, str], float]:
    """Return every sample by name and labels, as Prometheus's own parser reads the text."""
    figures, registry = Figures(60, clock=lambda: now), CollectorRegistry()
    registry.register(figures)
    figures.show(view)
    return parsed(generate_latest(registry).decode())


def parsed(text: str) -> dict[tuple[str, str], float]:
    families = list(text_string_to_metric_families(text))
    assert {family.type for family in families} <= {"gauge"}
    return {
        (one.name, ",".join(f"{key}={value}" for key, value in sorted(one.labels.items()))): one.value
        for family in families
        for one in family.samples
    }


def test_a_healthy_stack_gives_the_figures_of_the_look() -> None:
    found = exposed(seen(HEALTHY))
    assert found["pipeline_status", ""] == 0
    assert found["pipeline_up", "part=database"] == 1
    assert found["pipeline_slot_safe_bytes", ""] == 1534 * MIB
    assert found["pipeline_slot_wal_status", "status=reserved"] == 1
    assert found["pipeline_source_read_age_seconds", ""] == pytest.approx(4)
    assert found["pipeline_connector_state", "connector=s3-sink-connector,state=RUNNING"] == 1
    assert found["pipeline_connector_tasks", "connector=s3-sink-connector,state=RUNNING"] == 3
    assert found["pipeline_connector_tasks", "connector=s3-sink-connector,state=FAILED"] == 0
    assert found["kafka_consumer_lag", "partition=0,topic=postgres.public.users"] == 0
    assert found["kafka_consumer_lag_seconds", "topic=postgres.public.users"] == 0
    assert found["pipeline_archive_oldest_waiting_seconds", "table=public.users"] == 0, "an idle table is not late"
    assert found["pipeline_archive_last_commit_timestamp_seconds", "table=public.users"] == NOW - 3600
    assert found["pipeline_dead_letters", "state=open"] == 0
    assert ("pipeline_dead_letters_oldest_timestamp_seconds", "") not in found, "no letter is open"
    assert found["schema_registry_subject_versions", "subject=postgres.public.users-value"] == 2
    assert found["pipeline_history_broken", ""] == 0


def test_a_backlog_is_given_in_records_and_in_seconds() -> None:
    late = {**dict.fromkeys(PLACES, Lag(records=0)), PLACES[0]: Lag(records=40, since=NOW - 300), PLACES[1]: Lag(records=2, since=NOW - 20)}
    found = exposed(seen(snapshot(lags=late, waiting={USERS: Waiting(since=NOW - 305), ORDERS: Waiting(since=None)})))
    assert found["kafka_consumer_lag", "partition=0,topic=postgres.public.users"] == 40
    assert found["kafka_consumer_lag_seconds", "topic=postgres.public.users"] == 300
    assert found["kafka_consumer_lag_seconds", "topic=postgres.public.orders"] == 0
    assert found["pipeline_archive_oldest_waiting_seconds", "table=public.users"] == 305


ABSENT = {
    "database": (snapshot(database=SILENT), ("pipeline_slot", "pipeline_database"), "database"),
    "worker": (snapshot(worker=SILENT), ("pipeline_connector", "pipeline_source"), "connect"),
    "brokers": (snapshot(brokers=SILENT, lags=SILENT), ("pipeline_kafka", "kafka_consumer_lag"), "kafka"),
    "a table": (snapshot(archive={USERS: SILENT}, waiting={USERS: SILENT}), ("pipeline_archive",), "archive"),
    "dead letters": (snapshot(dead_letters=SILENT), ("pipeline_dead_letters",), "dead_letters"),
    "registry": (snapshot(subjects=SILENT), ("schema_registry",), "registry"),
    "certificates": (snapshot(certificates=SILENT), ("pipeline_certificate",), "certificates"),
    "backfill": (snapshot(backfill=SILENT), ("pipeline_backfill",), "backfill"),
}


@pytest.mark.parametrize("name", ABSENT)
def test_a_silent_part_is_down_and_its_figures_are_absent(name: str) -> None:
    facts, prefixes, part = ABSENT[name]
    found = exposed(seen(facts))
    assert [one for one, _ in found if one.startswith(prefixes)] == []
    assert found["pipeline_up", f"part={part}"] == 0
    assert found["pipeline_status", ""] == 1


def test_a_slot_that_is_gone_or_lost_is_seen_without_false_figures() -> None:
    absent = exposed(seen(with_slot(None)))
    assert absent["pipeline_slot_exists", ""] == 0
    assert not [one for one, _ in absent if one.startswith("pipeline_slot") and one != "pipeline_slot_exists"]
    lost = exposed(seen(with_slot(replace(SLOT, active=False, wal_status="lost", restart=None, retained=None, safe=None))))
    assert (lost["pipeline_slot_lost", ""], lost["pipeline_slot_active", ""]) == (1, 0)
    assert ("pipeline_slot_safe_bytes", "") not in lost
    undecided = exposed(seen(snapshot(history=Verdict(History.UNDECIDED, "x"))))
    assert ("pipeline_history_broken", "") not in undecided


def test_a_failed_task_and_a_missing_connector_are_figures() -> None:
    failed = exposed(seen(with_connector(0, tasks=("FAILED",))))
    assert failed["pipeline_connector_tasks", "connector=postgres-cdc-connector,state=FAILED"] == 1
    assert failed["pipeline_status", ""] == 2
    missing = exposed(seen(with_connector(0, state=None, tasks=())))
    assert missing["pipeline_connector_state", "connector=postgres-cdc-connector,state=ABSENT"] == 1


def test_old_figures_are_given_no_longer() -> None:
    assert exposed(seen(HEALTHY), now=NOW + 59)
    assert exposed(seen(HEALTHY), now=NOW + 61) == {}


def test_names_are_unique_and_have_the_units_of_prometheus() -> None:
    names = [metric.name for metric in METRICS]
    assert len(set(names)) == len(names)
    assert {metric.name.partition("_")[0] for metric in METRICS} == {"pipeline", "kafka", "schema"}
    assert all(metric.meaning and not metric.meaning.endswith(".") for metric in METRICS)
    assert not [name for name in names if name.endswith(("_total", "_ms", "_mib"))], "all are gauges, in bytes and seconds"


def test_a_scrape_gets_the_last_look_without_waiting_for_the_next() -> None:
    looking, ended, fresh = threading.Event(), threading.Event(), replace(HEALTHY, taken=NOW)
    looks: list[Any] = [fresh]

    def look() -> Snapshot:
        if not looks:
            looking.set()
            ended.wait(30)
        return looks.pop() if looks else fresh

    exporter = Exporter(look, LIMITS, every_s=0.01)
    exporter.figures._clock = lambda: NOW
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    running = threading.Thread(target=exporter.run, args=(port, "127.0.0.1", ended))
    running.start()
    try:
        assert looking.wait(30)
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
            found = parsed(answer.read().decode())
    finally:
        ended.set()
        running.join(30)
    assert found["pipeline_status", ""] == 0
    assert not running.is_alive()


def test_the_document_holds_every_metric() -> None:
    """After a change of a metric: ``python -m pipeline documents metrics``."""
    text = metrics_list.DOCUMENT.read_text(encoding="utf-8")
    assert metrics_list.updated(text) == text
    assert commands.documents(["metrics"], check=True) == 0
    assert all(f"`{metric.name}`" in text for metric in METRICS)
    assert (ROOT / "docs" / "metrics.md") == metrics_list.DOCUMENT
