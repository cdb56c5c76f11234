"""Alerts about the schema registry; no version of it tells the subject or the version of a request. Pure."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from stack.specification.monitoring.jobs import REGISTRY
from stack.specification.monitoring.rules.rule import Rule, command
from stack.specification.monitoring.rules.thresholds import MINUTE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stack.specification.monitoring.rules.thresholds import Thresholds

_Rule = partial(Rule, area="registry")
_REFUSED: Final = 'rest_requests_seconds_count{status_code_group="4xx",method="POST",path=~".+/versions"}'


def rules(limits: Thresholds) -> Iterator[Rule]:
    """Yield the rules of a stack."""
    section = limits.settings.streaming.registry
    own = f' or max(up{{job="{REGISTRY}"}}) == 0 or max(absent(up{{job="{REGISTRY}"}})) - 1' if section.is_managed else ""
    yield _Rule(
        alert="RegistryDown",
        severity="warning",
        expression=f'max(pipeline_up{{part="registry"}}) == 0{own}',
        wait_s=3 * MINUTE,
        meaning="The schema registry does not answer; the source stops at the next new schema, the sink at its next start",
        summary="The schema registry has not answered for 3 minutes: the source stops at the next new schema",
        next=command("status"),
    )
    if section.kind == "apicurio":
        yield _Rule(
            alert="RegistryErrors",
            severity="warning",
            expression='sum by (method, path) (rate(rest_requests_seconds_count{status_code_group="5xx"}[5m])) > 0',
            wait_s=5 * MINUTE,
            meaning="The schema registry answers requests with errors of its own",
            summary="The schema registry has answered {{ $labels.method }} {{ $labels.path }} with errors for 5 minutes",
            next=command("doctor"),
        )
        yield _Rule(
            alert="SchemaRefused",
            severity="warning",
            # the series of an answer begins with the first one, whose increase no rate sees
            expression=f'sum({_REFUSED}) - (sum({_REFUSED} offset 10m) or vector(0)) > 0 and on () up{{job="{REGISTRY}"}} offset 10m == 1',
            meaning="The schema registry has refused a schema, for example of an incompatible change of a table",
            summary='The schema registry refused {{ $value | printf "%.0f" }} schema(s) within 10 minutes',
            next=command("status"),
        )
