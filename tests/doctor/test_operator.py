"""The Prometheus Operator: a cluster that does not serve the stack's kinds, and a Prometheus that does not choose its objects, are told."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from kubernetes import client

from pipeline.checks.check import Level
from pipeline.doctor import cluster, operator
from pipeline.doctor.facts import Choice, Operator, Prometheus
from pipeline.doctor.stack import checks
from pipeline.doctor.stack_settings import Stack
from pipeline.recording.recorder import ROOT
from stack.specification.stack import Specification
from tests.answers import answering
from tests.declared import STACKS, settings_of
from tests.doctor.test_cluster import KIND
from tests.monitoring.existing import LABELS, NAMESPACE, declared_with, settings_with

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pipeline.checks.check import Finding

STACK = Stack("prod", Specification.of(settings_with("prod", "operator")), ROOT)
PLACE = STACK.place
assert PLACE.operator is not None
WANTED = PLACE.operator
OWN = {"matchLabels": LABELS}
EVERYWHERE: dict[str, Any] = {}
KINDS = ("PodMonitor", "PrometheusRule")
NAMED = {"matchLabels": {"kubernetes.io/metadata.name": WANTED.namespace}}


def cluster_with(
    objects: Mapping[str, Any] | None = OWN,
    namespaces: Mapping[str, Any] | None = EVERYWHERE,
    served: tuple[str, ...] = (*KINDS, "Prometheus"),
    **labels: str,
) -> Any:
    """Return a cluster whose Prometheus has two selectors for each kind, and labels of the stack's namespace."""
    choice = Choice(objects=objects, namespaces=namespaces)
    prometheus = Prometheus(name="k8s", choices=dict.fromkeys(KINDS, choice))
    return replace(KIND, operator=Operator(served=frozenset(served), prometheuses=(prometheus,), namespace_labels=labels))


def chosen(seen: Any, kind: str = "PodMonitor") -> Finding:
    """Return the finding about the objects of a kind."""
    return operator.chosen(seen, kind, PLACE, WANTED)


def test_kinds_that_the_cluster_does_not_serve_stop_up_and_nothing_is_said_about_their_choice() -> None:
    found = operator.kinds(cluster_with(served=("PodMonitor",)), PLACE, WANTED)
    assert found.level is Level.FAILURE
    assert found.found == "the cluster serves no PrometheusRule of monitoring.coreos.com/v1"
    assert "set monitoring.kind to files in Pulumi.prod.yaml" in found.cure
    assert operator.kinds(cluster_with(), PLACE, WANTED).level is Level.FINE
    assert chosen(cluster_with(served=("PodMonitor",)), "PrometheusRule").level is Level.UNSEEN


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("objects", "namespaces", "level"),
    [
        (OWN, EVERYWHERE, Level.FINE),
        ({}, EVERYWHERE, Level.FINE),
        (OWN, NAMED, Level.FINE),
        (OWN, {"matchLabels": {"pod-security.kubernetes.io/enforce": "restricted"}}, Level.FINE),
        ({"matchExpressions": [{"key": "release", "operator": "Exists"}]}, EVERYWHERE, Level.FINE),
        ({"matchExpressions": [{"key": "app.kubernetes.io/part-of", "operator": "In", "values": ["data-ingestion"]}]}, {}, Level.FINE),
        (None, EVERYWHERE, Level.WARNING),
        ({"matchLabels": {"release": "other"}}, EVERYWHERE, Level.WARNING),
        ({"matchExpressions": [{"key": "release", "operator": "DoesNotExist"}]}, EVERYWHERE, Level.WARNING),
        (OWN, None, Level.WARNING),
        (OWN, {"matchLabels": {"team": "data"}}, Level.WARNING),
    ],
)
def test_objects_are_chosen_by_their_labels_and_by_those_of_their_namespace(
    kind: str, objects: Mapping[str, Any] | None, namespaces: Mapping[str, Any] | None, level: Level
) -> None:
    found = chosen(cluster_with(objects, namespaces), kind)
    assert found.level is level
    assert bool(found.cure) == (level is not Level.FINE)


def test_the_cure_names_the_labels_that_the_prometheus_asks_for() -> None:
    found = chosen(cluster_with({"matchLabels": {"team": "data"}}))
    assert "observability/k8s chooses a PodMonitor by team=data (podMonitorSelector), and the stack's have" in found.found
    assert found.cure.endswith("in Pulumi.prod.yaml to {release: kube-prometheus-stack, team: data}")
    unsure = chosen(cluster_with({"matchExpressions": [{"key": "tier", "operator": "In", "values": ["a", "b"]}]}))
    assert "tier in (a, b)" in unsure.found
    assert unsure.cure.endswith("to labels that podMonitorSelector asks for")


def test_a_selector_that_is_missing_is_given_by_a_command() -> None:
    found = chosen(cluster_with(OWN, None), "PrometheusRule")
    assert f"of its own namespace only (no ruleNamespaceSelector), and the stack's are in {WANTED.namespace}" in found.found
    assert f"--namespace {NAMESPACE} patch prometheus k8s --type merge" in found.cure
    patch = json.loads(found.cure.split("'")[1])
    assert patch == {"spec": {"ruleNamespaceSelector": NAMED}}
    assert chosen(cluster_with(OWN, patch["spec"]["ruleNamespaceSelector"]), "PrometheusRule").level is Level.FINE
    none = chosen(cluster_with(None))
    assert json.loads(none.cure.split("'")[1]) == {"spec": {"podMonitorSelector": OWN}}


def test_a_namespace_that_people_have_labelled_is_chosen() -> None:
    asked = {"matchLabels": {"team": "data"}}
    refused = chosen(cluster_with(OWN, asked))
    assert f"namespaces with team=data (podMonitorNamespaceSelector), and {WANTED.namespace} is none" in refused.found
    assert f"label namespace {WANTED.namespace} KEY=VALUE" in refused.cure
    assert chosen(cluster_with(OWN, asked, team="data")).level is Level.FINE


def test_one_of_several_is_enough_and_otherwise_each_says_why() -> None:
    seen = cluster_with()
    deaf = Prometheus(name="deaf", choices=dict.fromkeys(KINDS, Choice(objects=None, namespaces=None)))
    both = replace(seen, operator=replace(seen.operator, prometheuses=(deaf, *seen.operator.prometheuses)))
    assert chosen(both).found == "observability/k8s chooses them"
    neither = replace(seen, operator=replace(seen.operator, prometheuses=(deaf, replace(deaf, name="mute"))))
    assert [f"observability/{name} has no podMonitorSelector" in chosen(neither).found for name in ("deaf", "mute")] == [True, True]
    assert len(chosen(neither).cure.splitlines()) == 2


def test_a_prometheus_that_is_elsewhere_or_may_not_be_seen_is_a_warning_with_its_command() -> None:
    seen = cluster_with()
    nowhere, hidden = (chosen(replace(seen, operator=replace(seen.operator, prometheuses=listed))) for listed in ((), None))
    assert (nowhere.level, nowhere.found) == (Level.WARNING, "no Prometheus object is in observability")
    assert "get prometheuses --all-namespaces, then set monitoring.external.namespace" in nowhere.cure
    assert hidden.level is Level.WARNING
    assert "may not list" in hidden.found
    assert "podMonitorSelector and podMonitorNamespaceSelector: kubectl" in hidden.cure


def test_only_a_stack_whose_objects_the_operator_reads_asks_for_it() -> None:
    named = {"Prometheus Operator", "PodMonitor objects", "PrometheusRule objects"}
    assert named <= {check.name for check in checks(STACK)}
    others = [settings_of("dev"), settings_with("prod", "files")]
    for settings in others:
        stack = Stack("dev", Specification.of(settings), ROOT)
        assert stack.place.operator is None
        assert not named & {check.name for check in checks(stack)}


@pytest.mark.parametrize("stack", sorted(STACKS))
def test_the_labels_that_are_judged_are_those_that_the_program_declares(stack: str) -> None:
    declared = declared_with(stack, "operator")
    wanted = Stack("x", Specification.of(settings_with(stack, "operator")), ROOT).place.operator
    assert wanted is not None
    for kind in KINDS:
        made = {name: item["metadata"]["labels"] for name, item in declared.inside(kind, wanted.namespace).items()}
        assert {one.name: dict(one.labels) for one in wanted.objects if one.kind == kind} == made
    namespaces = [item.inputs["metadata"] for item in declared.recording.of_type("kubernetes:core/v1:Namespace")]
    assert {one["name"]: one["labels"] for one in namespaces}[wanted.namespace] == wanted.namespace_labels


class Reviews:
    """The part of a client that tells whether something may be created; PodMonitors may not."""

    def __init__(self) -> None:
        """Have been asked nothing."""
        self.asked: list[tuple[str, str, str | None]] = []

    def create_self_subject_access_review(self, review: client.V1SelfSubjectAccessReview, **_: object) -> Any:
        wish = review.spec.resource_attributes
        self.asked.append((wish.group, wish.resource, wish.namespace))
        return client.V1SelfSubjectAccessReview(
            spec=review.spec, status=client.V1SubjectAccessReviewStatus(allowed=wish.resource != "podmonitors")
        )


def test_the_right_to_create_the_objects_is_asked_for_in_their_namespace(monkeypatch: pytest.MonkeyPatch) -> None:
    reviews = Reviews()
    monkeypatch.setattr(client, "AuthorizationV1Api", lambda _: reviews)
    assert cluster._denied(client, None, PLACE) == ("podmonitors",)
    assert {("monitoring.coreos.com", operator.plural(kind), WANTED.namespace) for kind in KINDS} <= set(reviews.asked)
    assert {("", "namespaces", None), ("", "secrets", PLACE.namespace)} <= set(reviews.asked)
    reviews.asked.clear()
    assert cluster._denied(client, None, replace(PLACE, operator=None)) == ()
    assert not [group for group, _, _ in reviews.asked if group == "monitoring.coreos.com"]


@contextmanager
def played(answers: Mapping[str, tuple[int, Any]]) -> Iterator[client.ApiClient]:
    """Yield a client of an API that has an answer for some paths, and nothing for the others."""
    with answering(lambda path: answers.get(path.partition("?")[0], (404, {"message": "not found"}))) as url:
        yield client.ApiClient(client.Configuration(host=url))


SERVED = {
    "kind": "APIResourceList",
    "groupVersion": "monitoring.coreos.com/v1",
    "resources": [
        {"name": operator.plural(kind), "singularName": "", "kind": kind, "namespaced": True, "verbs": ["list"]} for kind in KINDS
    ],
}
LISTED = {
    "items": [
        {"metadata": {"name": "k8s"}, "spec": {"podMonitorSelector": OWN, "podMonitorNamespaceSelector": {}, "ruleSelector": {}}},
    ]
}
API, PROMETHEUSES = "/apis/monitoring.coreos.com/v1", f"/apis/monitoring.coreos.com/v1/namespaces/{NAMESPACE}/prometheuses"
SPACE = f"/api/v1/namespaces/{WANTED.namespace}"


def test_selectors_that_are_missing_are_told_from_empty_ones() -> None:
    answers = {API: (200, SERVED), PROMETHEUSES: (200, LISTED), SPACE: (200, {"metadata": {"name": "n", "labels": {"team": "data"}}})}
    with played(answers) as api:
        seen = operator.look(api, WANTED, 5)
    assert seen.served == set(KINDS)
    assert seen.namespace_labels == {"team": "data"}
    assert seen.prometheuses is not None
    (prometheus,) = seen.prometheuses
    assert prometheus.choices["PodMonitor"] == Choice(objects=OWN, namespaces={})
    assert prometheus.choices["PrometheusRule"] == Choice(objects={}, namespaces=None)


def test_a_cluster_without_the_operator_serves_nothing_and_a_forbidden_list_is_no_empty_one() -> None:
    with played({}) as api:
        assert operator.look(api, WANTED, 5) == Operator(served=frozenset(), prometheuses=(), namespace_labels={})
    with played({API: (200, SERVED), PROMETHEUSES: (403, {"message": "forbidden"})}) as api:
        assert operator.look(api, WANTED, 5).prometheuses is None
    with played({API: (500, {})}) as api, pytest.raises(client.ApiException):
        operator.look(api, WANTED, 5)
