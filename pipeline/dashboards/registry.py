"""Panels of the schema registry."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grafana_foundation_sdk.models import units

from pipeline.dashboards.panels import Panel, Query, above

if TYPE_CHECKING:
    from pipeline.dashboards.stack import Stack


def panels(stack: Stack) -> tuple[Panel, ...]:
    """Return the panels of a stack; requests are counted by Apicurio only, and by no existing registry."""
    return (_versions(stack), *(_requests(stack) if stack.registry == "apicurio" else ()))


def _versions(stack: Stack) -> Panel:
    return Panel(
        title="Versions of the schemas",
        shows="Versions of each subject in the registry.",
        bad="An unexpected step: a table was altered. None for a table: nothing of it has been written yet.",
        command=stack.command("status"),
        unit=units.Short,
        queries=(Query("max by (subject) (schema_registry_subject_versions)", "{{subject}}"),),
    )


def _requests(stack: Stack) -> tuple[Panel, ...]:
    of = 'rest_requests_seconds_count{path!="(unspecified)"}'
    refused = 'rest_requests_seconds_count{status_code_group="4xx", method="POST"}'
    return (
        Panel(
            title="Requests per second",
            shows="Requests to the registry by method and group of answers; the converters remember schemas, so a healthy one asks rarely.",
            bad="Answers 5xx: the registry fails, and the source stops at the next new schema.",
            command=stack.logs("schema-registry"),
            unit=units.RequestsPerSecond,
            queries=(Query(f"sum by (method, status_code_group) (rate({of}[$__rate_interval]))", "{{method}} {{status_code_group}}"),),
        ),
        Panel(
            title="Refused schemas within an hour",
            shows="New schemas that the registry has refused.",
            bad="An incompatible change of a table: the source stops until the table is changed back or a new epoch begins.",
            command=stack.logs("schema-registry"),
            unit=units.Short,
            queries=(Query(f"sum by (path) (increase({refused}[1h]))", "{{path}}"),),
            steps=above(1),
            width=24,
        ),
    )
