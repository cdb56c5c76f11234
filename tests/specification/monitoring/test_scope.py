"""Every selector of a rule or panel asks for the stack's own series, and nothing else of an expression is changed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import promql_parser
import pytest

from pipeline.dashboards.files import PROVISIONING
from pipeline.dashboards.files import files as dashboard_files
from pipeline.dashboards.stack import Stack
from stack.specification.monitoring.rules.files import rule_groups
from stack.specification.monitoring.scope import scoped, series_labels
from stack.specification.stack import Specification
from tests.declared import STACKS
from tests.monitoring.existing import settings_with
from tests.monitoring.expressions import selectors
from tests.monitoring.suite import monitored

if TYPE_CHECKING:
    from stack.settings.model import Settings

OF_PODS = ("container_", "prober_")
SCOPED = settings_with("dev", "operator")
OWN, PODS = 'stack="data-ingestion"', 'namespace=~"data-ingestion|data-ingestion-monitoring"'


def of_rules(settings: Settings) -> list[str]:
    """Return the expressions of all rules of a stack."""
    groups = rule_groups(settings, Specification.of(settings).workloads)
    return [rule["expr"] for group in groups.values() for rule in group["rules"]]


def of_panels(settings: Settings) -> list[str]:
    """Return the queries of all panels of a stack, as Grafana sends them."""
    texts = dashboard_files(Stack("one", Specification.of(settings)))
    boards = [json.loads(text) for name, text in texts.items() if name != PROVISIONING]
    targets = [target for board in boards for panel in board["panels"] for target in panel.get("targets", [])]
    return [target["expr"].replace("$__rate_interval", "1m") for target in targets]


def asked(expression: str) -> list[tuple[str, dict[str, str]]]:
    """Return metric and matchers of each selector."""
    return [(str(one.name), {matcher.name: matcher.value for matcher in one.matchers.matchers}) for one in selectors(expression)]


def without_scope(node: Any) -> str:
    """Return the text of an expression without what the scope adds."""
    text = str(promql_parser.parse(node))
    for added in (OWN, PODS):
        text = text.replace(f",{added}", "").replace(f"{added},", "").replace(f"{{{added}}}", "")
    return text.replace("{}", "")


@pytest.mark.parametrize("stack", sorted(STACKS))
def test_every_selector_of_every_rule_and_panel_asks_for_the_stacks_own_series(stack: str) -> None:
    settings = settings_with(stack, "operator")
    namespace = settings.names.namespace
    found = [one for expression in (*of_rules(settings), *of_panels(settings)) for one in asked(expression)]
    assert len(found) > 100
    for metric, matchers in found:
        if metric.startswith(OF_PODS):
            assert namespace in matchers["namespace"].split("|") or matchers["namespace"] in settings.further_mib, (metric, matchers)
        elif matchers.get("job") != "kubelet":
            assert matchers["stack"] == namespace, (metric, matchers)


@pytest.mark.parametrize("expressions", [of_rules, of_panels])
def test_nothing_else_of_an_expression_is_changed(expressions: Any) -> None:
    own = [one for one in expressions(monitored("dev")) if "alertmanager" not in one and "prometheus" not in one]
    assert len(own) > 60
    changed = [scoped(one, SCOPED) for one in own]
    assert [without_scope(one) for one in changed] == [without_scope(one) for one in own]


def test_a_prometheus_of_the_stacks_own_has_no_figures_of_others() -> None:
    own = monitored("dev")
    assert series_labels(own) == {}
    assert scoped("sum by (a) (b{c='d'})", own) == "sum by (a) (b{c='d'})"
    assert not any("stack=" in one for one in (*of_rules(own), *of_panels(own)))


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("up", f"up{{{OWN}}}"),
        ('up{job="kafka"} == bool 0', f'up{{job="kafka",{OWN}}} == bool 0'),
        ("a{} or on () b", f"a{{{OWN}}} or on () b{{{OWN}}}"),
        ("sum by (table) (rate(a_total[5m])) / 2.5e3", f"sum by (table) (rate(a_total{{{OWN}}}[5m])) / 2.5e3"),
        ("sum(a) by (by)", f"sum(a{{{OWN}}}) by (by)"),
        ("sum without(pod)(a offset 10m)", f"sum without(pod)(a{{{OWN}}} offset 10m)"),
        ('label_replace(a:b:c, "d", "$1", "e", "f(.+)")', f'label_replace(a:b:c{{{OWN}}}, "d", "$1", "e", "f(.+)")'),
        (r'a{b=~"c\"}d",e!="{f}"}', rf'a{{b=~"c\"}}d",e!="{{f}}",{OWN}}}'),
        ("a * on (pod) group_left (node) b unless c", f"a{{{OWN}}} * on (pod) group_left (node) b{{{OWN}}} unless c{{{OWN}}}"),
        ("time() - orders", f"time() - orders{{{OWN}}}"),
        ('up{job="kubelet"} == 1', 'up{job="kubelet"} == 1'),
        ("container_oom_events_total", f"container_oom_events_total{{{PODS}}}"),
        ('container_memory{namespace="a"}', 'container_memory{namespace="a"}'),
        ('container_memory{kind="namespaced"}', f'container_memory{{kind="namespaced",{PODS}}}'),
        ("max_over_time(a[1h:5m])", f"max_over_time(a{{{OWN}}}[1h:5m])"),
    ],
)
def test_selectors_are_told_from_the_other_words_of_the_language(expression: str, expected: str) -> None:
    assert scoped(expression, SCOPED) == expected
    promql_parser.parse(expected)
