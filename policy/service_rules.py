"""Rule for Services and routes: what speaks plain text is published to private networks only, by no way around its Service."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from policy.answering import answering
from policy.controller_routes import annotated, exposing, published_ports, widening
from policy.dns_answers import renamed
from policy.guarded import COMPONENTS, guarded_pods, has_labels, is_guarded, may_be_same, pods_of
from policy.rule import Rule
from stack.problem import Problem
from stack.settings.cluster import is_private
from stack.unknown import Unknown, unknown_paths

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.declared import Declared, Record

_CURE = "set spec.loadBalancerSourceRanges to the private ranges of its clients (host.sources)"
_SERVICES = {"Service", "ServicePatch", "ServiceList"}
# Kinds that publish a Service outside the cluster, of Kubernetes and of common controllers.
_ROUTES = re.compile(
    r"(Ingress|HTTPRoute|GRPCRoute|TCPRoute|TLSRoute|UDPRoute|IngressRoute|IngressRouteTCP|IngressRouteUDP|TraefikService|VirtualService|"
    r"HTTPProxy|TCPIngress|UDPIngress|Mapping|TCPMapping|Route|VirtualServer|VirtualServerRoute|TransportServer|ApisixRoute|Middleware|"
    r"TargetGroupBinding|ServiceExport)(Patch|List)?"
)
# Keys of a route's specification that name a Service.
_NAMING = {"name", "serviceName", "host", "service", "backend"}
_PLAIN = "which speaks plain text"
# Name of the Service of one broker.
_BROKER = re.compile(r"kafka-\d")


def _within_the_network(resource: Declared, record: Record) -> Iterator[Problem]:
    if not resource.is_kubernetes:
        return
    if resource.kind in _SERVICES and resource.group in {"", "core"}:
        for spec in _specifications(resource):
            yield from _published(resource, spec, record)
    yield from _around(resource, record)


def _specifications(resource: Declared) -> Iterator[object]:
    """Yield the specification of an object, or of each object in a list."""
    items = resource.objects
    for item in items if isinstance(items, (list, tuple)) else [resource.inputs if items is None else items]:
        yield item.get("spec") or {} if isinstance(item, Mapping) else item


def _published(resource: Declared, spec: object, record: Record) -> Iterator[Problem]:
    if not isinstance(spec, Mapping):
        if _is_near(resource.namespace, record):
            yield Problem(rule="the specification is not known at preview, so its clients are unknown", cure="set plain values")
        return
    if not (_is_at_home(resource.namespace, record) or _is_guarded(resource, spec, record)):
        return
    if isinstance(spec.get("type"), Unknown):
        yield Problem(rule="the type is not known at preview, so its clients are unknown", cure="set a plain value")
        return
    ranges = spec.get("loadBalancerSourceRanges")
    patched = resource.kind == "ServicePatch"
    if spec.get("type") == "LoadBalancer" or (patched and ranges is not None):
        yield from _let_in(ranges)
    for key in widening(resource.inputs.get("metadata")) if spec.get("type") == "LoadBalancer" or patched else ():
        yield Problem(
            rule=f"{key} chooses other clients than loadBalancerSourceRanges, which no rule can judge", cure=f"remove it; {_CURE}"
        )
    for key in exposing(resource.inputs.get("metadata")):
        yield Problem(rule=f"{key} opens the Service outside the cluster, {_PLAIN}", cure="remove it, and publish by host.exposure")
    addresses = spec.get("externalIPs")
    if addresses and (resource.namespace in record.limits.further or _is_guarded(resource, spec, record)):
        yield _at_addresses(addresses)


def _is_at_home(namespace: str | Unknown, record: Record) -> bool:
    """Return whether a namespace is, or may be, one of the stack's, where a Service may send to pods by any way."""
    return record.limits.owns(namespace)


def _is_near(namespace: str | Unknown, record: Record) -> bool:
    return _is_at_home(namespace, record) or is_guarded(namespace, record)


def _let_in(ranges: object) -> Iterator[Problem]:
    if not ranges:
        yield Problem(rule="is a load balancer that admits all addresses", cure=_CURE)
    elif isinstance(ranges, Unknown) or list(unknown_paths(ranges)):
        yield Problem(rule="loadBalancerSourceRanges is not known at preview", cure=_CURE)
    elif isinstance(ranges, (list, tuple)):
        public = [str(one) for one in ranges if not is_private(str(one).strip())]
        if public:
            yield Problem(rule=f"admits {', '.join(public)}, which may be outside your network", cure=_CURE)
    else:
        yield Problem(rule="loadBalancerSourceRanges is not a list", cure=_CURE)


def _at_addresses(addresses: object) -> Problem:
    shown = ", ".join(map(str, addresses)) if isinstance(addresses, (list, tuple)) else str(addresses)
    return Problem(
        rule=f"publishes pods at externalIPs {shown} on every node, {_PLAIN}", cure="remove externalIPs, and publish by host.exposure"
    )


def _is_guarded(resource: Declared, spec: Mapping[str, Any], record: Record) -> bool:
    """Return whether a Service sends to guarded pods; a patch without a selector changes the Service of its name."""
    selector = spec.get("selector")
    if resource.kind == "ServicePatch" and not selector:
        return _targets(record, resource.namespace, resource.object_name)
    if isinstance(selector, Mapping) and selector:
        return any(may_be_same(resource.namespace, one.namespace) and has_labels(selector, one.labels) for one in guarded_pods(record))
    return isinstance(selector, Unknown) and any(may_be_same(resource.namespace, one.namespace) for one in guarded_pods(record))


def _targets(record: Record, namespace: str | Unknown, name: str) -> bool:
    """Return whether the Service of a name sends to guarded pods."""
    if namespace == record.limits.own and record.limits.own and (name.removesuffix("-headless") in COMPONENTS or _BROKER.fullmatch(name)):
        return True
    return (str(namespace), name) in record.once("guarded services", lambda: _guarded_services(record))


def _guarded_services(record: Record) -> set[tuple[str, str]]:
    """Return namespace and name of each declared Service that sends to guarded pods, also by another name."""
    services = [(one, one.inputs.get("spec")) for one in record.of_kind("Service")]
    found = {
        (str(one.namespace), one.object_name) for one, spec in services if isinstance(spec, Mapping) and _is_guarded(one, spec, record)
    }
    for one, spec in services:
        name, _, rest = str(spec.get("externalName") or "").partition(".") if isinstance(spec, Mapping) else ("", "", "")
        if (rest.partition(".")[0], name) in found or (rest and rest.partition(".")[0] == record.limits.own and name in COMPONENTS):
            found.add((str(one.namespace), one.object_name))
    return found


def _around(resource: Declared, record: Record) -> Iterator[Problem]:
    """Judge a route against the Services declared so far, or a Service or its pods against the routes declared so far."""
    if _is_route(resource):
        yield from _routed(resource, record)
        if resource.kind not in _SERVICES:
            return
    if resource.kind != "Service" and pods_of(resource) is None:
        return
    if resource.kind == "Service" and not _targets(record, resource.namespace, resource.object_name):
        return
    for route in record.once("routes", lambda: [one for one in record.resources.values() if _is_route(one)]):
        for problem in _routed(route, record):
            yield Problem(rule=f"{route.title} {problem.rule}", cure=problem.cure)
    for service in record.of_kind(*_SERVICES) if resource.kind != "Service" else []:
        for spec in _specifications(service):
            for problem in _published(service, spec, record):
                yield Problem(rule=f"{service.title} {problem.rule}", cure=problem.cure)


def _is_route(resource: Declared) -> bool:
    if not resource.is_kubernetes:
        return False
    mapped = resource.kind in _SERVICES and next(annotated(resource.inputs.get("metadata")), None) is not None
    return mapped or _ROUTES.fullmatch(resource.kind) is not None or bool(published_ports(resource))


def _routed(route: Declared, record: Record) -> Iterator[Problem]:
    for name, namespace in _published_by(route):
        if _targets(record, namespace or route.namespace, name):
            yield Problem(
                rule=f"publishes the Service {name}, {_PLAIN} and asks for no login at its door",
                cure="remove it, and publish by host.exposure with host.sources",
            )
            return


def _published_by(route: Declared) -> Iterator[tuple[str, str | None]]:
    """Yield every name in a route that may be a Service's, each with its namespace where one stands beside it."""
    yield from published_ports(route)
    if route.kind.removesuffix("Patch") == "ServiceExport":
        yield route.object_name, None
    if route.kind.startswith("Ingress") or route.kind in _SERVICES:
        yield from annotated(route.inputs.get("metadata"))
    for spec in _specifications(route) if route.kind not in {"ConfigMap", *_SERVICES} else ():
        if route.kind == "Middleware":
            # other middlewares only change a request on its way
            yield from _named_services(spec.get("errors") if isinstance(spec, Mapping) else spec)
        elif route.kind != "VirtualService" or _leaves_the_mesh(spec):
            yield from _named_services(spec)


def _leaves_the_mesh(spec: object) -> bool:
    """Return whether a route of Istio may be reached from outside: by its gateways, or, without hosts, by those of who delegates to it."""
    if not isinstance(spec, Mapping):
        return False
    gateways = spec.get("gateways")
    return not spec.get("hosts") or isinstance(gateways, Unknown) or any(one != "mesh" for one in gateways or [])


def _named_services(value: object, namespace: str | None = None) -> Iterator[tuple[str, str | None]]:
    """Yield every name in a route that may be a Service's, each with its namespace where one stands beside it."""
    if isinstance(value, Mapping):
        own = value.get("namespace")
        beside = own if isinstance(own, str) else namespace
        for key, item in value.items():
            if isinstance(item, str) and key in _NAMING:
                name, _, rest = item.partition(":")[0].partition(".")
                yield name, rest.partition(".")[0] or beside
            elif not isinstance(item, str) and key not in {"parentRefs", "port", "ports"}:
                yield from _named_services(item, beside)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _named_services(item, namespace)


def _answered(record: Record) -> Iterator[tuple[Declared | None, Problem]]:
    yield from answering(record, _targets)
    yield from renamed(record, _targets)


RULES = (
    Rule(
        name="service-private",
        says="No load balancer or route opens the pipeline to more than private networks, and nothing else answers under its names.",
        check=_within_the_network,
        at_end=_answered,
        severity="critical",
    ),
)
