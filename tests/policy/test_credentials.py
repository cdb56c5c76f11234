"""Credentials in every place of a resource are refused, everyday settings accepted, and an exception spares one variable only."""

from __future__ import annotations

from typing import Any

import pytest

from policy.catalogue import RULES
from policy.declared import Declared, Limits, Record
from policy.rule import Violation, judge, judge_end
from tests.policy.workbench import container, extra, pod

(RULE,) = (rule for rule in RULES if rule.name == "no-literal-credential")
(PROPER,) = (rule for rule in RULES if rule.name == "exceptions-proper")
REASON = "the value is public test data of the vendor"


def judged(resource: Declared, *patterns: str) -> tuple[list[Violation], list[Violation]]:
    """Return the violations of a resource, and of the exceptions."""
    record = Record(Limits(exceptions=tuple((RULE.name, pattern, REASON) for pattern in patterns)))
    record.add(resource)
    return judge(RULE, resource, record), judge_end(PROPER, record)


def _files(**files: str) -> Declared:
    made = extra("ConfigMap", "files", {})
    return Declared(urn=made.urn, type=made.type, name="files", inputs={"metadata": {"name": "files"}, **files})


REFUSED: dict[str, Declared] = {
    "a header of a probe": extra(
        "Pod", "worker", pod(container(livenessProbe={"httpGet": {"httpHeaders": [{"name": "Authorization", "value": "Bearer letmein"}]}}))
    ),
    "a hook": extra("Pod", "worker", pod(container(lifecycle={"preStop": {"exec": {"command": ["curl", "-u", "me:letmein", "x"]}}}))),
    "an annotation": Declared(
        urn="urn::a",
        type="kubernetes:core/v1:Service",
        name="worker",
        inputs={"metadata": {"annotations": {"example.com/api-token": "letmein1"}}},
    ),
    "a binary file": _files(binaryData={"a.conf": "cGFzc3dvcmQ9bGV0bWVpbg=="}),  # type: ignore[arg-type]
    "a file of YAML": _files(data={"application.yaml": "spring:\n  datasource:\n    password: letmein\n"}),  # type: ignore[arg-type]
    "a variable in JSON": extra(
        "Pod", "worker", pod(container(env=[{"name": "SPRING_APPLICATION_JSON", "value": '{"db": {"password": "letmein"}}'}]))
    ),
}


@pytest.mark.parametrize("place", REFUSED)
def test_a_credential_in_any_place_is_refused_and_not_shown(place: str) -> None:
    found, _ = judged(REFUSED[place])
    assert found
    assert "letmein" not in str([violation.message for violation in found])


def _two() -> Declared:
    variables: list[dict[str, Any]] = [{"name": "DB_PASSWORD", "value": "letmein"}, {"name": "API_TOKEN", "value": "letmein1"}]
    return extra("Pod", "worker", pod(container(env=variables)))


def test_an_exception_spares_the_variable_that_it_names_and_no_other() -> None:
    found, improper = judged(_two(), "worker/API_TOKEN")
    assert [violation.problem.path for violation in found] == ["DB_PASSWORD"]
    assert improper == []


@pytest.mark.parametrize(("pattern", "says"), [("worker", "behind a slash"), ("worker/OTHER", "matches no resource")])
def test_an_exception_of_a_whole_workload_or_of_nothing_is_refused(pattern: str, says: str) -> None:
    found, (improper,) = judged(_two(), pattern)
    assert len(found) == 2
    assert says in improper.message


ANNOTATIONS = {
    "checksum/secret": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "nginx.ingress.kubernetes.io/auth-secret": "shop/basic-auth",
    "haproxy.org/auth-secret": "auth",
    "secret.reloader.stakater.com/reload": "database-auth",
}


def _annotated(annotations: dict[str, str]) -> Declared:
    return Declared(urn="urn::a", type="kubernetes:core/v1:Service", name="worker", inputs={"metadata": {"annotations": annotations}})


def test_digests_and_names_of_secrets_in_annotations_are_accepted() -> None:
    assert judged(_annotated(ANNOTATIONS))[0] == []


def test_a_credential_in_such_an_annotation_is_refused() -> None:
    assert judged(_annotated({"checksum/secret": "password=letmein9"}))[0]
    assert judged(_annotated({"haproxy.org/auth-secret": "aB3/dE6+gH9jK2mN5pQ8"}))[0]
