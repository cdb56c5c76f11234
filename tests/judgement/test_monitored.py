"""Choices about the monitoring that contradict each other are refused, each with its key, the rule and a cure."""

from __future__ import annotations

from typing import Any

import pytest

from stack.judgement.stack import SettingsError, parse

ARCHIVE = {"archive": {"bucket": "archive"}}
EXISTING = {"namespace": "observability"}


def problems(**monitoring: Any) -> dict[str, tuple[str, str]]:
    """Return rule and cure of each problem of a stack, by its path below the section."""
    with pytest.raises(SettingsError) as caught:
        parse({**ARCHIVE, "monitoring": monitoring})
    return {one.path.removeprefix("monitoring").lstrip("."): (one.rule, one.cure) for one in caught.value.problems}


@pytest.mark.parametrize("kind", ["operator", "files"])
def test_an_existing_prometheus_needs_no_more_than_its_namespace(kind: str) -> None:
    settings = parse({**ARCHIVE, "monitoring": {"enabled": True, "kind": kind, "external": EXISTING}})
    assert settings.monitoring.external is not None
    assert settings.monitoring.external.pod_labels == {"app.kubernetes.io/name": "prometheus"}
    assert not settings.monitoring.asks_kubelets


def test_kind_and_description_go_together() -> None:
    missing, unused = problems(enabled=True, kind="operator"), problems(enabled=True, external=EXISTING)
    assert missing == {"": ("external is missing: kind is operator", "set external.namespace to that of the Prometheus")}
    assert unused == {"": ("external is set and kind is managed", "set kind to operator or files, or remove external")}


def test_an_unknown_kind_is_refused_with_those_that_there_are() -> None:
    assert problems(enabled=True, kind="existing").keys() == {"kind"}
    assert "managed, operator, files" in str(problems(enabled=True, kind="existing"))


def test_without_monitoring_no_prometheus_is_described() -> None:
    found = problems(kind="files", external=EXISTING)
    assert found.keys() == {"kind", "external"}
    assert {rule for rule, _ in found.values()} == {"has no effect: monitoring.enabled is false"}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("prometheusMib", 300),
        ("alertmanagerMib", 96),
        ("retentionMib", 512),
        ("kubelets", ["10.0.0.0/8"]),
        ("receivers", {"webhook": True, "secret": "alerts", "addresses": ["10.0.0.0/8"]}),
    ],
)
def test_what_only_a_prometheus_of_the_stack_has_is_refused(key: str, value: Any) -> None:
    found = problems(enabled=True, kind="operator", external=EXISTING, **{key: value})
    assert found.keys() == {key}
    assert "the program does not change an existing Prometheus" in found[key][0]


def test_memory_for_scores_is_refused_where_nothing_is_scored() -> None:
    assert problems(enabled=True, scoresMib=96) == {
        "scoresMib": ("has no effect: quality.enabled is false, and nothing checks the archive", "remove it")
    }
    assert problems(scoresMib=96).keys() == {"scoresMib"}


def test_labels_of_objects_are_refused_where_there_are_no_objects() -> None:
    found = problems(enabled=True, kind="files", external={**EXISTING, "labels": {"release": "kps"}})
    assert found.keys() == {"external.labels"}


@pytest.mark.parametrize("labels", [{}, {"a b": "c"}, {"a": "b c"}, {"A.example/b": "c"}, {"a": "-c"}])
def test_labels_that_no_pod_can_have_are_refused(labels: dict[str, str]) -> None:
    (path,) = problems(enabled=True, kind="files", external={**EXISTING, "podLabels": labels})
    assert path.startswith("external.podLabels")


@pytest.mark.parametrize("namespace", ["data-ingestion", "data-ingestion-monitoring"])
def test_a_prometheus_is_in_no_namespace_of_the_stack(namespace: str) -> None:
    found = problems(enabled=True, kind="operator", external={"namespace": namespace})
    assert found.keys() == {"external.namespace"}
    assert "leave no room for another pod" in found["external.namespace"][0]
