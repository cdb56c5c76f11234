"""Each alert fires when it should and stays silent otherwise, by Prometheus' own test runner, over metrics that exist."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
import yaml

from pipeline.status.metrics import METRICS
from stack.specification.monitoring.jobs import jobs
from stack.specification.monitoring.prometheus import config_file
from stack.specification.monitoring.rules.files import alert_rules, rule_files
from stack.specification.monitoring.rules.recording import recordings
from stack.specification.monitoring.rules.thresholds import Thresholds
from stack.specification.stack import Specification
from tests.debian_programs import program
from tests.declared import STACKS, settings_of
from tests.monitoring.expressions import asked_labels, metrics, scraped
from tests.monitoring.suite import CASES, cases_run, files_of, monitored, rules_of, run, written

if TYPE_CHECKING:
    from pathlib import Path

OF_PROMETHEUS = {"up"}
ALL = sorted(STACKS)


def expressions(stack: str) -> list[str]:
    """Return the expressions of all rules of a stack."""
    return [rule["expr"] for text in files_of(stack).values() for group in yaml.safe_load(text)["groups"] for rule in group["rules"]]


def recorded(stack: str) -> set[str]:
    """Return the metrics that a stack records."""
    settings = monitored(stack)
    return {one.record for one in recordings(Thresholds(settings), Specification.of(settings).workloads)}


def exported() -> dict[str, set[str]]:
    """Return every metric that an exporter gives, with its labels."""
    return {**{one.name: set(one.labels) for one in METRICS}, **scraped()}


def test_prometheus_finds_no_fault_in_any_rule_file(tmp_path: Path) -> None:
    files = [str(path) for stack in ALL for path in written(stack, tmp_path / stack)]
    done = run([program("promtool"), "check", "rules", "--lint=all", "--lint-fatal", *files])
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.full
@pytest.mark.parametrize("stack", sorted({case.stack for case in CASES}))
def test_alerts_fire_when_they_should_and_only_then(stack: str, tmp_path: Path) -> None:
    done = cases_run(stack, tmp_path)
    assert done.returncode == 0, "\n".join(line for line in (done.stdout + done.stderr).splitlines() if line.strip())


@pytest.mark.parametrize("stack", ALL)
def test_every_alert_has_a_case_in_which_it_fires_and_one_in_which_it_does_not(stack: str) -> None:
    firing = {case.alert for case in CASES if case.labels is not None}
    silent = {case.alert for case in CASES if case.labels is None} | {"Watchdog"}
    assert set(rules_of(stack)) - firing == set()
    assert set(rules_of(stack)) - silent == set()


@pytest.mark.parametrize("stack", ALL)
def test_every_metric_and_label_that_a_rule_asks_for_was_seen_in_a_scrape(stack: str) -> None:
    known, own = exported(), recorded(stack)
    used = {metric for expression in expressions(stack) for metric in metrics(expression)}
    assert used - set(known) - own - OF_PROMETHEUS == set()
    asked = {pair for expression in expressions(stack) for pair in asked_labels(expression)}
    assert {pair for pair in asked if pair[0] in known and pair[1] not in known[pair[0]]} == set()


@pytest.mark.parametrize("stack", ALL)
def test_every_recorded_metric_is_honest_about_its_name_and_used_or_asked_for(stack: str) -> None:
    required = {"cdc_events_per_second", "s3_upload_success_rate", "schema_registry_requests", "data_quality_score"}
    shown = {"pipeline:throughput_of_target:ratio"}
    used = {metric for expression in expressions(stack) for metric in metrics(expression)}
    assert recorded(stack) - used - required - shown == set()


@pytest.mark.parametrize("stack", ALL)
def test_no_rule_is_about_a_part_that_the_stack_lacks(stack: str) -> None:
    """A metric of it would never come, and a rule about it would look as if all were well."""
    prefixes = {"kafka": ("kafka_server_", "kafka_controller_", "kafka_log_", "kafka_broker_"), "postgres": ("pg_",)}
    used = {metric for expression in expressions(stack) for metric in metrics(expression)}
    present = jobs(monitored(stack))
    for job, names in prefixes.items():
        assert any(metric.startswith(names) for metric in used) == (job in present), job
    assert ("rest_requests_seconds_count" in used) == (settings_of(stack).streaming.registry.kind == "apicurio")
    assert any(metric.startswith("iceberg_") for metric in used) == (settings_of(stack).archive.format == "iceberg")


def test_the_jobs_that_the_rules_know_are_those_that_prometheus_asks() -> None:
    """A rule about another name would fire for ever, or never."""
    for stack in ALL:
        settings = monitored(stack)
        content = yaml.safe_load(config_file(settings, {}))
        asked = set()
        for one in content["scrape_configs"]:
            relabelled = [rule["replacement"] for rule in one.get("relabel_configs", []) if rule.get("target_label") == "job"]
            asked.add(relabelled[0] if relabelled else one["job_name"])
        assert asked == set(jobs(settings)), stack


def test_an_existing_database_with_a_login_has_alerts_about_its_sessions_and_none_about_its_size() -> None:
    settings = monitored("guest")
    secrets = settings.monitoring.secrets.model_copy(update={"database": "reader"})
    watched = settings.model_copy(update={"monitoring": settings.monitoring.model_copy(update={"secrets": secrets})})
    found = {rule.alert for rule in alert_rules(watched)} - set(rules_of("guest"))
    assert found == {"PostgresDown", "LongTransaction"}


def test_a_stack_whose_kubelets_are_not_asked_has_no_rule_about_containers() -> None:
    settings = monitored("dev")
    blind = settings.model_copy(update={"monitoring": settings.monitoring.model_copy(update={"kubelets": ()})})
    files = rule_files(blind, Specification.of(blind).workloads)
    assert not re.search("container_|prober_|kubelet", "".join(files.values()))


@pytest.mark.parametrize("stack", ALL)
def test_an_alert_says_what_is_wrong_and_what_comes_next(stack: str) -> None:
    rules = rules_of(stack)
    assert len(rules) >= 45
    for rule in rules.values():
        assert rule.summary, rule.alert
        assert rule.next, rule.alert
        assert not rule.meaning.endswith("."), rule.alert
        assert (rule.wait_s == 0) <= (rule.severity != "info" or rule.alert == "Watchdog"), rule.alert


def test_rules_of_several_containers_are_told_apart_by_their_limit() -> None:
    """The limits are those of the declared containers, in bytes."""
    text = files_of("dev")["recording.yml"]
    assert f'container="restarter"}} / {16 * 1024**2}' in text
    assert f'container="kafka"}} / {settings_of("dev").streaming.kafka.memory_mib * 1024**2}' in text


def test_runbooks_are_files_or_pages_below_a_url() -> None:
    settings = monitored("dev")
    published = settings.monitoring.model_copy(update={"runbooks": "https://wiki.example.com/cdc"})
    assert "runbook: docs/runbooks/SlotLost.md" in files_of("dev")["database.yml"]
    workloads = Specification.of(settings).workloads
    text = rule_files(settings.model_copy(update={"monitoring": published}), workloads)["database.yml"]
    assert "runbook: https://wiki.example.com/cdc/SlotLost.md" in text


@pytest.mark.parametrize(("interval", "commit", "late", "very_late"), [(10, 10_000, 90, 300), (15, 300_000, 960, 1920)])
def test_limits_of_lateness_follow_the_interval_between_commits(interval: int, commit: int, late: int, very_late: int) -> None:
    settings = settings_of("dev")
    changed = settings.model_copy(
        update={
            "archive": settings.archive.model_copy(update={"commit_interval_ms": commit}),
            "monitoring": settings.monitoring.model_copy(update={"interval_s": interval}),
        }
    )
    limits = Thresholds(changed)
    assert (limits.late_s, limits.very_late_s) == (late, very_late)
    assert limits.short_s >= 4 * interval


@pytest.mark.parametrize("minutes", [5, 15, 30, 1440])
def test_a_lost_row_is_told_before_it_leaves_the_window_of_the_check(minutes: int) -> None:
    """With a window of a quarter of an hour, an alert that waited for a quarter of an hour could not fire."""
    settings = monitored("dev")
    judged = settings.model_copy(update={"quality": settings.quality.model_copy(update={"window_minutes": minutes})})
    waits = {rule.alert: rule.wait_s for rule in alert_rules(judged) if rule.alert in {"RowsMissing", "RowsTwice"}}
    assert len(waits) == 2
    assert all(60 <= wait <= minutes * 30 for wait in waits.values())


@pytest.mark.parametrize("stack", ALL)
def test_a_rule_means_the_same_in_prometheus_2_and_3(stack: str) -> None:
    """Version 3 leaves the first moment of a span out, so a span has several samples whatever one is lost; and some words are gone."""
    settings = monitored(stack)
    slowest = settings.model_copy(update={"monitoring": settings.monitoring.model_copy(update={"interval_s": 60})})
    texts = rule_files(slowest, Specification.of(slowest).workloads).values()
    for rule in (rule for text in texts for group in yaml.safe_load(text)["groups"] for rule in group["rules"]):
        spans = [int(number) * {"s": 1, "m": 60, "h": 3600}[unit] for number, unit in re.findall(r"\[(\d+)([smh])\]", rule["expr"])]
        assert all(span >= 4 * 60 for span in spans), rule["expr"]
        assert len(spans) == rule["expr"].replace("[.]", "").count("["), rule["expr"]
        assert not re.search(r"holt_winters|\bcount_over_time\b|\bquantile=|\ble=", rule["expr"]), rule["expr"]
