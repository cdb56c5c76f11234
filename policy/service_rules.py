"""Rule for Services: a load balancer admits private networks only, since the services behind it use plain text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from policy.rule import Rule
from problem import Problem
from settings.cluster import is_private
from unknown import Unknown, unknown_paths

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.declared import Declared, Record

_CURE = "set spec.loadBalancerSourceRanges to the private ranges of its clients (host.sources)"


def _within_the_network(resource: Declared, _record: Record) -> Iterator[Problem]:
    if not (resource.is_kubernetes and resource.kind == "Service"):
        return
    spec = resource.inputs.get("spec") or {}
    if not isinstance(spec, Mapping) or isinstance(spec.get("type"), Unknown):
        yield Problem(rule="the type is not known at preview, so its clients are unknown", cure="set a plain value")
    elif spec.get("type") == "LoadBalancer":
        yield from _let_in(spec.get("loadBalancerSourceRanges"))


def _let_in(ranges: object) -> Iterator[Problem]:
    if not ranges:
        yield Problem(rule="is a load balancer that admits all addresses", cure=f"{_CURE}")
    elif isinstance(ranges, Unknown) or list(unknown_paths(ranges)):
        yield Problem(rule="loadBalancerSourceRanges is not known at preview", cure=f"{_CURE}")
    elif isinstance(ranges, (list, tuple)):
        public = [str(one) for one in ranges if not is_private(str(one).strip())]
        if public:
            yield Problem(rule=f"admits {', '.join(public)}, which may be outside your network", cure=f"{_CURE}")
    else:
        yield Problem(rule="loadBalancerSourceRanges is not a list", cure=f"{_CURE}")


RULES = (
    Rule(
        name="service-private",
        says="Every load balancer admits named private networks only.",
        check=_within_the_network,
        severity="critical",
    ),
)
