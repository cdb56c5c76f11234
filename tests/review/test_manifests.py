"""No byte of a Secret shows where its manifest stands in another value: an annotation, a copy of the inputs, or a text."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
import yaml

from pipeline.checks.terminal import plain as shown
from pipeline.review.digest import PREVIEW, digest
from pipeline.review.findings import Findings
from pipeline.review.markdown import markdown
from pipeline.review.plain import plain
from pipeline.review.reading import read
from stack.configs.credentials.detector import hidden, hidden_in_message

VALUES = ("north-wind-17", "Zq7 plain words", "x")
CONFIG_MAP, SECRET = "kubernetes:core/v1:ConfigMap", "kubernetes:core/v1:Secret"
LAST = "kubectl.kubernetes.io/last-applied-configuration"


def manifest(value: str, **fields: Any) -> dict[str, Any]:
    """Return the manifest of a Secret with a value in both of its fields."""
    encoded = base64.b64encode(value.encode()).decode()
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "data": {"note": encoded}, "stringData": {"n": value}} | fields


def annotated(key: str, value: Any) -> dict[str, Any]:
    """Return the properties of an object with one annotation."""
    return {"kind": "Secret", "metadata": {"name": "s", "annotations": {key: value}}}


PLACES = {
    "the annotation of kubectl": lambda one: (SECRET, annotated(LAST, json.dumps(one))),
    "that of another object": lambda one: (CONFIG_MAP, annotated(LAST, json.dumps(one)) | {"kind": "ConfigMap"}),
    "the annotation of kapp": lambda one: (SECRET, annotated("kapp.k14s.io/original", json.dumps(one))),
    "the provider's copy": lambda one: (SECRET, {"kind": "Secret", "__inputs": one}),
    "a copy as text": lambda one: (SECRET, {"kind": "Secret", "__inputs": json.dumps(one)}),
    "a copy within": lambda one: (CONFIG_MAP, {"parent": {"__inputs": one}}),
    "YAML": lambda one: ("kubernetes:yaml:ConfigFile", {"yaml": yaml.safe_dump(one)}),
    "YAML in another order": lambda one: (
        "kubernetes:yaml:ConfigFile",
        {"yaml": yaml.safe_dump(dict(reversed(one.items())), sort_keys=False)},
    ),
    "several documents": lambda one: (
        "kubernetes:yaml/v2:ConfigGroup",
        {"yaml": f"kind: ConfigMap\ndata: {{}}\n---\n{yaml.safe_dump(one)}"},
    ),
    "JSON in a file": lambda one: (CONFIG_MAP, {"data": {"m.json": json.dumps(one, indent=2)}}),
    "JSON in JSON": lambda one: (CONFIG_MAP, {"data": {"m.json": json.dumps({"x": json.dumps(one)})}}),
    "base64": lambda one: (CONFIG_MAP, {"binaryData": {"m": base64.b64encode(json.dumps(one).encode()).decode()}}),
    "a command": lambda one: (
        "kubernetes:core/v1:Pod",
        {"spec": {"command": ["sh", "-c", f"kubectl apply -f - <<E\n{yaml.safe_dump(one)}E"]}},
    ),
    "an object": lambda one: ("kubernetes:yaml/v2:ConfigGroup", {"objs": [one]}),
    "a list": lambda one: ("kubernetes:core/v1:List", {"items": [one]}),
    "a template": lambda one: ("kubernetes:bitnami.com/v1alpha1:SealedSecret", {"spec": {"template": one}}),
    "a tag in YAML": lambda one: (CONFIG_MAP, {"data": {"a": yaml.safe_dump(one).replace("kind: Secret", "kind: !!str\n  Secret")}}),
}


def comment(kind: str, operation: str, old: dict[str, Any] | None, new: dict[str, Any] | None) -> str:
    """Return the comment on one change, in both of its forms."""
    states = {side: {"inputs": inputs, "custom": True} for side, inputs in (("old", old), ("new", new)) if inputs is not None}
    step = {"op": operation, "urn": f"urn:pulumi:s::p::{kind}::one", **states}
    events = [{"resourcePreEvent": {"metadata": step}}, {"summaryEvent": {"result": "succeeded"}}]
    document = digest(Findings.of(read("\n".join(map(json.dumps, events)))), "p/s", PREVIEW)
    return markdown(document) + shown(plain(document))


@pytest.mark.parametrize("operation", ["create", "update", "replace", "delete"])
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.adversary("secrets")
def test_a_manifest_of_a_secret_shows_no_value(place: str, operation: str) -> None:
    before, after = (PLACES[place](manifest(value)) for value in VALUES[:2])
    written = comment(before[0], operation, None if operation == "create" else before[1], None if operation == "delete" else after[1])
    for value in VALUES[:2]:
        assert value not in written
        assert base64.b64encode(value.encode()).decode() not in written


def test_a_message_keeps_what_stands_before_the_manifest() -> None:
    written = hidden_in_message(f"Secret s was not created: {json.dumps(manifest(VALUES[0]))}")
    assert written == "Secret s was not created: [secret]"


@pytest.mark.parametrize(
    "text",
    [
        "valuesFrom:\n- kind: Secret\n  name: login\n",
        "kind: ConfigMap\ndata:\n  note: a Secret is elsewhere\n",
        "metadata: {}\ntarget:\n  kind: Secret\n",
        "kind: SecretStore\ndata: {}\n",
    ],
)
@pytest.mark.adversary("harmless")
def test_a_text_that_only_refers_to_a_secret_stays(text: str) -> None:
    assert hidden(text) == text


def test_a_change_of_a_hidden_text_is_told() -> None:
    before, after = ({"data": {"m.yaml": yaml.safe_dump(manifest(value))}} for value in VALUES[:2])
    assert "(changed)" in comment(CONFIG_MAP, "update", before, after)
