"""Schemas of the Prometheus Operator's objects, from a package on PyPI that is made of the operator's own definitions.

Its version is older than today's operators, so that a field which only these know is found.
"""

from __future__ import annotations

import functools
from typing import Any

import jsonschema
from cloudcoil.models.prometheus_operator import v1


@functools.cache
def _schema(kind: str) -> dict[str, Any]:
    """Return the schema of a kind, closed: the API server would drop an unknown field without a word."""
    schema: dict[str, Any] = getattr(v1, kind).model_json_schema(by_alias=True)
    for one in (schema, *schema["$defs"].values()):
        if "properties" in one:
            one.setdefault("additionalProperties", False)
    return schema


def faults(kind: str, written: dict[str, Any]) -> list[str]:
    """Return every way in which an object is none of its kind."""
    found = jsonschema.Draft202012Validator(_schema(kind)).iter_errors(written)
    return [f"{'/'.join(map(str, error.absolute_path))}: {error.message}" for error in found]
