"""Alerts about the monitoring itself: what it does not see, and what it cannot tell anybody. Pure."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from stack.specification.monitoring.jobs import CONNECT, KAFKA, PROMETHEUS, REGISTRY, jobs
from stack.specification.monitoring.rules.rule import Rule, command
from stack.specification.monitoring.rules.thresholds import MINUTE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stack.settings.model import Settings
    from stack.specification.monitoring.rules.thresholds import Thresholds

_Rule = partial(Rule, area="monitoring")
# Parts without which no alert about a loss can fire; the others are about what can wait
_VITAL: Final = "database|connect|kafka|sink|archive"
_JMX: Final = {KAFKA, CONNECT}


def rules(limits: Thresholds) -> Iterator[Rule]:
    """Yield the rules of a stack."""
    yield _Rule(
        alert="Watchdog",
        severity="info",
        expression="vector(1)",
        meaning="Alerts are evaluated and sent; this one always fires, and its absence is the fault",
        summary="Prometheus evaluates its rules, and Alertmanager sends what they find",
        next="none while it arrives; without it, look at the pods of the monitoring",
    )
    yield from _targets(limits.settings)
    yield from _silence()
    if PROMETHEUS in jobs(limits.settings):
        yield from _sending()


def _targets(settings: Settings) -> Iterator[Rule]:
    # the registry has an alert of its own
    present = [job for job in jobs(settings) if job != REGISTRY]
    yield _Rule(
        alert="TargetDown",
        severity="warning",
        expression=f'up{{job!="{REGISTRY}"}} == 0',
        wait_s=3 * MINUTE,
        meaning="One target of a scrape job does not answer",
        summary="{{ $labels.job }} at {{ $labels.instance }} has not answered Prometheus for 3 minutes",
        next=command("status"),
    )
    yield _Rule(
        alert="JobDown",
        severity="critical",
        # the label of an absent comparison has to be put on by hand
        expression=" or ".join(f'label_replace(absent(up{{job="{job}"}} == 1), "job", "{job}", "", "")' for job in present),
        wait_s=3 * MINUTE,
        meaning="No target of a scrape job answers, so that the alerts about this part cannot fire",
        summary="No target of the job {{ $labels.job }} has answered Prometheus for 3 minutes",
        next=command("status"),
    )
    broken = [
        *(["jmx_scrape_error > 0"] if _JMX & set(present) else []),
        *(["pg_exporter_last_scrape_error > 0", "pg_scrape_collector_success == 0"] if settings.watches_database else []),
    ]
    yield _Rule(
        alert="ExporterBroken",
        severity="warning",
        expression=" or ".join(broken),
        wait_s=10 * MINUTE,
        meaning="An exporter answers, but gives only a part of its figures",
        summary="The exporter of {{ $labels.job }} at {{ $labels.instance }}{{ with $labels.collector }}, collector {{ . }},{{ end }}"
        " has given only a part of its figures for 10 minutes",
        next=command("doctor"),
    )


def _silence() -> Iterator[Rule]:
    yield _Rule(
        alert="PipelineUnseen",
        severity="critical",
        expression="absent(pipeline_up)",
        wait_s=3 * MINUTE,
        meaning="The exporter of the pipeline gives no figures, or its last look is too old",
        summary="The pipeline has not been looked at for minutes: no alert about slot, lag, archive or dead letters can fire",
        next=command("status"),
    )
    yield _Rule(
        alert="PartSilent",
        severity="critical",
        expression=f'pipeline_up{{part=~"{_VITAL}"}} == 0',
        wait_s=5 * MINUTE,
        meaning="A part of the pipeline does not answer, so that the alerts about it cannot fire",
        summary="The part {{ $labels.part }} has not answered the exporter for 5 minutes",
        next=command("status"),
    )
    yield _Rule(
        alert="DetailSilent",
        severity="warning",
        expression=f'pipeline_up{{part!~"{_VITAL}|registry"}} == 0',
        wait_s=10 * MINUTE,
        meaning="Dead letters, certificates or backfills cannot be looked at",
        summary="The exporter has got no answer about {{ $labels.part }} for 10 minutes",
        next=command("status"),
    )


def _sending() -> Iterator[Rule]:
    yield _Rule(
        alert="NotificationsFail",
        severity="critical",
        expression="sum by (integration) (increase(alertmanager_notifications_failed_total[15m])) > 0",
        meaning="Alertmanager cannot reach a receiver",
        summary='{{ $value | printf "%.0f" }} notifications by {{ $labels.integration }} failed within 15 minutes',
        next="log of the pod alertmanager",
    )
    yield _Rule(
        alert="AlertsDropped",
        severity="critical",
        expression="increase(prometheus_notifications_dropped_total[5m]) > 0",
        # Alertmanager is away for a moment at each of its updates
        wait_s=10 * MINUTE,
        meaning="Prometheus has alerts that Alertmanager did not take",
        summary='{{ $value | printf "%.0f" }} alerts did not get from Prometheus to Alertmanager within 5 minutes, and it goes on',
        next="log of the pods prometheus and alertmanager",
    )
    yield _Rule(
        alert="RuleEvaluationFails",
        severity="warning",
        expression="increase(prometheus_rule_evaluation_failures_total[15m]) > 0",
        meaning="Prometheus cannot evaluate a rule",
        summary='{{ $value | printf "%.0f" }} evaluations of the rules {{ $labels.rule_group }} failed within 15 minutes',
        next="page Rules of Prometheus, which shows the error of each rule",
    )
    yield _Rule(
        alert="ConfigurationRefused",
        severity="warning",
        expression="prometheus_config_last_reload_successful == 0 or alertmanager_config_last_reload_successful == 0",
        wait_s=5 * MINUTE,
        meaning="Prometheus or Alertmanager goes on with an older configuration, since it refused the present one",
        summary="{{ $labels.job }} has refused its configuration and goes on with the one before",
        next="log of the pod that the summary names",
    )
