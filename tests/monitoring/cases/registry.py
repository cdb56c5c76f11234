"""Cases of the alerts about the schema registry."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from tests.monitoring.cases.case import fires, silent

_UP: Final = 'up{job="registry",instance="r"}'
_PART: Final = 'pipeline_up{part="registry"}'
_PATH: Final = "/apis/ccompat/v7/subjects/{subject}/versions"
_ERRORS: Final = f'rest_requests_seconds_count{{method="GET",path="{_PATH}",status_code_group="5xx"}}'
_REFUSED: Final = f'rest_requests_seconds_count{{method="POST",path="{_PATH}",status_code_group="4xx"}}'

CASES: Final = (
    fires(
        "RegistryDown",
        "its pod is gone",
        "5m",
        {_UP: "1 0x9", _PART: "1x9"},
        "The schema registry has not answered for 3 minutes: the source stops at the next new schema",
    ),
    fires(
        "RegistryDown",
        "its target has vanished",
        "5m",
        {_PART: "1x9"},
        "The schema registry has not answered for 3 minutes: the source stops at the next new schema",
    ),
    fires(
        "RegistryDown",
        "it answers Prometheus and nobody else",
        "5m",
        {_UP: "1x9", _PART: "1 0x9"},
        "The schema registry has not answered for 3 minutes: the source stops at the next new schema",
    ),
    replace(
        fires(
            "RegistryDown",
            "of an existing one",
            "5m",
            {_PART: "1 0x9"},
            "The schema registry has not answered for 3 minutes: the source stops at the next new schema",
        ),
        stack="guest",
    ),
    replace(silent("RegistryDown", "an existing one is no target", "5m", {_PART: "1x9"}), stack="guest"),
    silent("RegistryDown", "it restarts", "9m", {_UP: "1 0 0 1x9", _PART: "1 0 0 1x9"}),
    fires(
        "RegistryErrors",
        "its storage fails",
        "8m",
        {_ERRORS: "0+1x20"},
        "The schema registry has answered GET /apis/ccompat/v7/subjects/{subject}/versions with errors for 5 minutes",
        method="GET",
        path=_PATH,
    ),
    silent("RegistryErrors", "it failed long ago", "20m", {_ERRORS: "3x60"}),
    fires(
        "SchemaRefused",
        "the first one ever",
        "15m",
        {_UP: "1x60", _REFUSED: "_x12 1x20"},
        "The schema registry refused 1 schema(s) within 10 minutes",
    ),
    fires(
        "SchemaRefused",
        "one more",
        "15m",
        {_UP: "1x60", _REFUSED: "4x12 5x20"},
        "The schema registry refused 1 schema(s) within 10 minutes",
    ),
    silent("SchemaRefused", "the last one was yesterday", "30m", {_UP: "1x60", _REFUSED: "4x60"}),
    silent("SchemaRefused", "a new Prometheus finds old ones", "5m", {_UP: "1x60", _REFUSED: "4x60"}),
    silent("SchemaRefused", "the registry counts anew", "15m", {_UP: "1x60", _REFUSED: "4x12 1x20"}),
    silent("RegistryErrors", "one failure", "20m", {_ERRORS: "0 1x30"}),
)
