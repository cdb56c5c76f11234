"""Credentials in every place of a resource are refused, everyday settings accepted, and an exception spares one variable only."""

# ruff: noqa: E501
# A resource on one line is easier to compare.

from __future__ import annotations

import base64
import json
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

_DOCUMENT = [{"name": "worker", "environment": [{"name": "DB_PASSWORD", "value": "letmein"}]}]


def aws(kind: str, **inputs: Any) -> Declared:
    """Return a resource of AWS."""
    return Declared(urn="urn::aws", type=f"aws:{kind}", name="worker", inputs=inputs)


REFUSED |= {
    "a parameter": aws("ssm/parameter:Parameter", type="String", name="/shop/db/password", value="letmein"),
    "a list of parameters": aws("ssm/parameter:Parameter", type="StringList", name="/shop/a", value="https://u:letmein@h,x"),
    "a function": aws("lambda/function:Function", environment={"variables": {"DB_PASSWORD": "letmein"}}),
    "a task": aws("ecs/taskDefinition:TaskDefinition", containerDefinitions=json.dumps(_DOCUMENT)),
    "a build": aws("codebuild/project:Project", environment={"environmentVariables": [{"name": "NPM_TOKEN", "value": "letmein1"}]}),
    "a script of a machine": aws("ec2/instance:Instance", userData="#!/bin/sh\nPGPASSWORD=letmein psql -h db shop\n"),
    "a script in base64": aws("ec2/launchTemplate:LaunchTemplate", userData=base64.b64encode(b"export DB_PASSWORD=letmein\n").decode()),
    "a command of a job": aws("batch/jobDefinition:JobDefinition", containerProperties=json.dumps({"command": ["mysql", "-pletmein"]})),
}
ACCEPTED: dict[str, Declared] = {
    "a SecureString": aws("ssm/parameter:Parameter", type="SecureString", name="/shop/db/password", value="letmein"),
    "an everyday parameter": aws("ssm/parameter:Parameter", type="String", name="/shop/db/host", value="db.example.com"),
    "a parameter with a name": aws("ssm/parameter:Parameter", type="String", name="/shop/token-url", value="https://id.example.com/token"),
    # AWS keeps these secret, and a policy cannot tell a secret of Pulumi from plain text
    "a version of a secret": aws("secretsmanager/secretVersion:SecretVersion", secretString="letmein"),
    "a user of the brokers": Declared(urn="urn::u", type="kafka:index/userScramCredential:UserScramCredential", name="u", inputs={"password": "letmein"}),
    "a function with names": aws("lambda/function:Function", environment={"variables": {"DB_SECRET_ARN": "arn:aws:secretsmanager:a:1:secret:b", "LOG_LEVEL": "info"}}),
    "a task with references": aws("ecs/taskDefinition:TaskDefinition", containerDefinitions=json.dumps([{"secrets": [{"name": "DB_PASSWORD", "valueFrom": "arn:aws:ssm:a:1:parameter/b"}]}])),
    "a build with references": aws("codebuild/project:Project", environment={"environmentVariables": [{"name": "NPM_TOKEN", "value": "shop/npm", "type": "SECRETS_MANAGER"}]}),
    "a script that reads": aws("ec2/instance:Instance", userData="#!/bin/sh\nexport DB_PASSWORD=$(aws ssm get-parameter --name /shop/db)\n"),
}  # fmt: skip


@pytest.mark.parametrize("case", ACCEPTED)
@pytest.mark.adversary("harmless")
def test_an_everyday_value_of_aws_is_accepted(case: str) -> None:
    assert judged(ACCEPTED[case]) == ([], [])


@pytest.mark.parametrize("place", REFUSED)
@pytest.mark.adversary("secrets")
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
