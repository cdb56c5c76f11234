"""Cases of the alerts about the monitoring itself."""

from __future__ import annotations

from typing import Final

from tests.monitoring.cases.case import fires, silent

_ALL: Final = {
    f'up{{job="{job}",instance="{job}:1"}}': "1x30"
    for job in ("kafka", "postgres", "pipeline", "kubelet", "prometheus", "alertmanager", "registry")
}
_CONNECT: Final = 'up{job="connect",instance="connect:9404"}'
_BROKER: Final = 'up{job="kafka",instance="kafka-1:9404",pod="kafka-1"}'
_FAILED: Final = 'alertmanager_notifications_failed_total{integration="email",reason="other"}'
_RULES: Final = 'prometheus_rule_evaluation_failures_total{rule_group="a;kafka"}'

CASES: Final = (
    fires("Watchdog", "nothing is wrong", "0m", {}, "Prometheus evaluates its rules, and Alertmanager sends what they find"),
    fires(
        "TargetDown",
        "a broker's agent is away",
        "6m",
        {_BROKER: "1 1 0x9"},
        "kafka at kafka-1:9404 has not answered Prometheus for 3 minutes",
        job="kafka",
        instance="kafka-1:9404",
        pod="kafka-1",
    ),
    silent("TargetDown", "a broker restarts within two minutes", "6m", {_BROKER: "1 1 0 0 1x9"}),
    silent("TargetDown", "the registry has an alert of its own", "9m", {'up{job="registry",instance="r"}': "0x9"}),
    fires(
        "JobDown",
        "the worker is down",
        "8m",
        {**_ALL, _CONNECT: "1 0x20"},
        "No target of the job connect has answered Prometheus for 3 minutes",
        job="connect",
    ),
    fires(
        "JobDown",
        "the worker's target has vanished",
        "8m",
        _ALL,
        "No target of the job connect has answered Prometheus for 3 minutes",
        job="connect",
    ),
    silent("JobDown", "one of two brokers answers", "8m", {**_ALL, _CONNECT: "1x20", _BROKER: "0x20"}),
    silent("JobDown", "the worker restarts", "8m", {**_ALL, _CONNECT: "1 1 1 0 0 1x20"}),
    fires(
        "ExporterBroken",
        "an agent cannot read a bean",
        "12m",
        {'jmx_scrape_error{job="kafka",instance="k"}': "1x20"},
        "The exporter of kafka at k has given only a part of its figures for 10 minutes",
        job="kafka",
        instance="k",
    ),
    fires(
        "ExporterBroken",
        "a collector fails",
        "12m",
        {'pg_scrape_collector_success{job="postgres",instance="p",collector="wal"}': "0x20"},
        "The exporter of postgres at p, collector wal, has given only a part of its figures for 10 minutes",
        job="postgres",
        instance="p",
        collector="wal",
    ),
    silent("ExporterBroken", "a scrape fails once", "12m", {'jmx_scrape_error{job="kafka",instance="k"}': "0 0 1 0x20"}),
    fires(
        "PipelineUnseen",
        "the exporter has never looked",
        "4m",
        {},
        "The pipeline has not been looked at for minutes: no alert about slot, lag, archive or dead letters can fire",
    ),
    fires(
        "PipelineUnseen",
        "the exporter hangs, and gives its old figures no longer",
        "9m",
        {'pipeline_up{part="kafka"}': "1x2 stale _x9"},
        "The pipeline has not been looked at for minutes: no alert about slot, lag, archive or dead letters can fire",
    ),
    silent("PipelineUnseen", "a look was late", "9m", {'pipeline_up{part="kafka"}': "1 1 stale _ 1x9"}),
    fires(
        "PartSilent",
        "Kafka does not answer",
        "7m",
        {'pipeline_up{part="kafka"}': "1 0x9"},
        "The part kafka has not answered the exporter for 5 minutes",
        part="kafka",
    ),
    silent("PartSilent", "Kafka does not answer twice", "7m", {'pipeline_up{part="kafka"}': "1 0 0 1x9"}),
    silent("PartSilent", "the registry has an alert of its own", "9m", {'pipeline_up{part="registry"}': "0x9"}),
    fires(
        "DetailSilent",
        "dead letters cannot be read",
        "12m",
        {'pipeline_up{part="dead_letters"}': "0x20"},
        "The exporter has got no answer about dead_letters for 10 minutes",
        part="dead_letters",
    ),
    silent("DetailSilent", "Kafka has an alert of its own", "20m", {'pipeline_up{part="kafka"}': "0x20"}),
    fires(
        "NotificationsFail",
        "the mail server refuses",
        "12m",
        {_FAILED: "0 1 2 3 4 5 6 7 8 9 10 10x9"},
        "10 notifications by email failed within 15 minutes",
        integration="email",
    ),
    silent("NotificationsFail", "the counter has stood for long", "20m", {_FAILED: "7x20"}),
    fires(
        "AlertsDropped",
        "Alertmanager is away",
        "12m",
        {"prometheus_notifications_dropped_total": "0+1x20"},
        "5 alerts did not get from Prometheus to Alertmanager within 5 minutes, and it goes on",
    ),
    silent("AlertsDropped", "nothing was dropped", "12m", {"prometheus_notifications_dropped_total": "0x20"}),
    fires(
        "RuleEvaluationFails",
        "a rule fails",
        "9m",
        {_RULES: "0+1x20"},
        "9 evaluations of the rules a;kafka failed within 15 minutes",
        rule_group="a;kafka",
    ),
    silent("RuleEvaluationFails", "none fails", "9m", {_RULES: "0x20"}),
    fires(
        "ConfigurationRefused",
        "a rule file is wrong",
        "7m",
        {'prometheus_config_last_reload_successful{job="prometheus"}': "0x9"},
        "prometheus has refused its configuration and goes on with the one before",
        job="prometheus",
    ),
    fires(
        "ConfigurationRefused",
        "a receiver is wrong",
        "7m",
        {'alertmanager_config_last_reload_successful{job="alertmanager"}': "0x9"},
        "alertmanager has refused its configuration and goes on with the one before",
        job="alertmanager",
    ),
    silent("ConfigurationRefused", "both have loaded theirs", "7m", {'prometheus_config_last_reload_successful{job="prometheus"}': "1x9"}),
    fires(
        "ExporterBroken",
        "a scrape of PostgreSQL fails",
        "12m",
        {'pg_exporter_last_scrape_error{job="postgres",instance="p"}': "1x20"},
        "The exporter of postgres at p has given only a part of its figures for 10 minutes",
        job="postgres",
        instance="p",
    ),
    silent("ExporterBroken", "all is well", "12m", {'pg_exporter_last_scrape_error{job="postgres",instance="p"}': "0x20"}),
    silent("NotificationsFail", "none failed since its start", "20m", {_FAILED: "0x3 stale"}),
    silent("AlertsDropped", "Alertmanager is updated", "12m", {"prometheus_notifications_dropped_total": "0 4 4x20"}),
    silent("ConfigurationRefused", "corrected at once", "9m", {'prometheus_config_last_reload_successful{job="prometheus"}': "1 0 0 1x9"}),
    silent("DetailSilent", "one question was not answered in time", "15m", {'pipeline_up{part="backfill"}': "1 0 1x20"}),
)
