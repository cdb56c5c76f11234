"""Answers to provider functions that are known offline: what follows from the arguments, and samples of an account.

A function of another name is answered as unknown. In its plain form, whose result cannot be unknown, it has no values.
"""

from __future__ import annotations

import contextlib
import contextvars
import json
from typing import TYPE_CHECKING, Any, Final

import pulumi.runtime
import yaml

from pipeline.recording.samples import ACCOUNT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

_REGION: Final = "us-east-1"
_PLAIN: Final = contextvars.ContextVar("plain form of a provider function", default=False)
_FIELDS: Final = {"actions": "Action", "notActions": "NotAction", "resources": "Resource", "notResources": "NotResource"}


def result(token: str, arguments: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the result of a function, or None for one that only the engine knows."""
    known = _KNOWN.get(token.rpartition(":")[2]) if token.startswith(("aws:", "kubernetes:yaml:")) else None
    return known(arguments) if known else None


def is_sample(token: str) -> bool:
    """Tell whether the result is one of a sample account, and not derived from the arguments."""
    return _KNOWN.get(token.rpartition(":")[2]) not in (_document, _decoded)


def is_plain() -> bool:
    """Tell whether the current call is of the plain form, which needs values at once."""
    return _PLAIN.get()


@contextlib.contextmanager
def plain_calls_marked() -> Iterator[None]:
    """Mark calls of the plain form, which a monitor cannot tell from those with an output."""
    original = pulumi.runtime.invoke

    def marked(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - passed on
        token = _PLAIN.set(True)
        try:
            return original(*args, **kwargs)
        finally:
            _PLAIN.reset(token)

    setattr(pulumi.runtime, "invoke", marked)  # noqa: B010 - the generated SDKs look the function up at each call
    try:
        yield
    finally:
        setattr(pulumi.runtime, "invoke", original)  # noqa: B010 - as above


def _caller(_arguments: Mapping[str, Any]) -> dict[str, Any]:
    return {"accountId": ACCOUNT, "arn": f"arn:aws:iam::{ACCOUNT}:user/sample", "id": ACCOUNT, "userId": "AIDASAMPLE"}


def _region(arguments: Mapping[str, Any]) -> dict[str, Any]:
    name = arguments.get("region") or arguments.get("name") or _REGION
    return {"name": name, "region": name, "id": name, "description": "sample", "endpoint": f"ec2.{name}.amazonaws.com"}


def _partition(_arguments: Mapping[str, Any]) -> dict[str, Any]:
    return {"partition": "aws", "dnsSuffix": "amazonaws.com", "id": "aws", "reverseDnsPrefix": "com.amazonaws"}


def _zones(_arguments: Mapping[str, Any]) -> dict[str, Any]:
    return {"names": [f"{_REGION}{letter}" for letter in "abc"], "zoneIds": [f"use1-az{at}" for at in (1, 2, 3)], "id": _REGION}


def _document(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Render an IAM policy document as the provider does."""
    sources = [*(arguments.get("sourcePolicyDocuments") or []), *(arguments.get("overridePolicyDocuments") or [])]
    statements: list[Any] = []
    for source in sources:
        given = json.loads(source).get("Statement") or []
        statements += given if isinstance(given, list) else [given]
    statements += [_statement(one) for one in arguments.get("statements") or []]
    whole = {"Version": arguments.get("version") or "2012-10-17", "Statement": statements}
    if arguments.get("policyId"):
        whole["Id"] = arguments["policyId"]
    return {"json": json.dumps(whole, indent=2), "minifiedJson": json.dumps(whole, separators=(",", ":")), "id": "0"}


def _statement(given: Mapping[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = {"Sid": given["sid"]} if given.get("sid") else {}
    made["Effect"] = given.get("effect") or "Allow"
    made |= {field: _one(given[key]) for key, field in _FIELDS.items() if given.get(key)}
    for key, field in (("principals", "Principal"), ("notPrincipals", "NotPrincipal")):
        named: dict[str, list[str]] = {}
        for principal in given.get(key) or []:
            named.setdefault(principal["type"], []).extend(principal["identifiers"])
        if named:
            made[field] = "*" if named == {"*": ["*"]} else {kind: _one(names) for kind, names in named.items()}
    conditions: dict[str, dict[str, Any]] = {}
    for condition in given.get("conditions") or []:
        conditions.setdefault(condition["test"], {})[condition["variable"]] = _one(condition["values"])
    return {**made, "Condition": conditions} if conditions else made


def _one(values: list[Any]) -> Any:  # noqa: ANN401 - a text or a list of them
    return values[0] if len(values) == 1 else values


def _decoded(arguments: Mapping[str, Any]) -> dict[str, Any]:
    return {"result": manifests(str(arguments.get("text") or ""))}


def manifests(text: str) -> list[dict[str, Any]]:
    """Return the objects of a text of YAML; those of a list one by one.

    Raises:
        ValueError: If it is no YAML, or holds something else than objects.
    """
    try:
        documents = [document for document in yaml.safe_load_all(text) if document is not None]
    except yaml.YAMLError:
        message = "a manifest is not valid YAML"
        raise ValueError(message) from None
    if not all(isinstance(document, dict) for document in documents):
        message = "a manifest is no object"
        raise ValueError(message)
    return [
        item
        for document in documents
        for item in (
            document["items"] if str(document.get("kind")).endswith("List") and isinstance(document.get("items"), list) else [document]
        )
    ]


_KNOWN: Final[dict[str, Callable[[Mapping[str, Any]], dict[str, Any]]]] = {
    "getCallerIdentity": _caller,
    "getRegion": _region,
    "getPartition": _partition,
    "getAvailabilityZones": _zones,
    "getPolicyDocument": _document,
    "decode": _decoded,
}
