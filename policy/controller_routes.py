"""Routes and clients outside of a specification: annotations of Ingresses and Services, and the ports that ingress-nginx publishes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from policy.addresses import is_inside

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.declared import Declared

# A Service behind a published port: namespace/name:port, and a host to which a piece of configuration sends
_BEHIND_A_PORT = re.compile(r"([a-z0-9-]{1,63})/([a-z0-9-]{1,63}):\w{1,63}(?::\w*){0,2}")
_HOST = re.compile(
    r"(?:proxy_pass|grpc_pass|server|upstream)\s{1,20}(?:\w{2,5}://)?([a-z0-9-]{1,63})(?:\.([a-z0-9-]{1,63}))?(?=[.:/;\s]|$)"
)
_NAMED = ("/default-backend", "/service-upstream-name")
_PIECES = ("-snippet", "-snippets", "/upstream-vhost")
# Annotations whose value is an address to which requests are copied
_COPIED = ("/mirror-target",)
_ADDRESS = re.compile(r"\w{2,5}://([a-z0-9-]{1,63})(?:\.([a-z0-9-]{1,63}))?(?=[.:/]|$)")
# What AWS' controller forwards to, as JSON, and mappings of Ambassador on any Service, as YAML
_ACTION = "alb.ingress.kubernetes.io/actions."
_FORWARDED = re.compile(r"\"[sS]erviceName\"\s{0,20}:\s{0,20}\"([a-z0-9-]{1,63})\"")
_MAPPING = "getambassador.io/config"
_MAPPED = re.compile(r"(?m)^[\s-]{0,40}[\"']?service[\"']?\s{0,20}:\s{0,20}[\"']?(?:\w{2,5}://)?([a-z0-9-]{1,63})(?:\.([a-z0-9-]{1,63}))?")
# Annotations of a load balancer that choose its clients beside spec.loadBalancerSourceRanges: security groups and tags of others, ...
_GROUPS = re.compile(
    r"service\.beta\.kubernetes\.io/(aws-load-balancer-(extra-)?security-groups|aws-load-balancer-security-group-prefix-lists|"
    r"azure-allowed-service-tags|alibaba-cloud-loadbalancer-acl-id)"
)
# ... ranges, ...
_RANGES = re.compile(
    r"service\.beta\.kubernetes\.io/(load-balancer-source-ranges|azure-allowed-ip-ranges|do-loadbalancer-allow-rules|"
    r"linode-loadbalancer-firewall-acl)"
)
_RANGE = re.compile(r"(?<![\w.])(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9a-fA-F]{0,4}(?::[0-9a-fA-F]{0,4}){2,7})(?:/\d{1,3})?")
# ... and who manages the lists behind the ranges
_MANAGED = re.compile(r".{1,100}/(oci-load-balancer-security-list-management-mode|security-rule-management-mode)")


# Annotations by which a controller publishes a Service itself, to a network of its own or to other clusters
_EXPOSING = ("tailscale.com/expose", "tailscale.com/funnel", "skupper.io/proxy", "consul.hashicorp.com/service-sync")
_NOT_EXPOSING = {"", "false", "no"}


def exposing(metadata: object) -> Iterator[str]:
    """Yield the annotations by which a controller publishes a Service."""
    return (key for key, value in _annotations(metadata) if key in _EXPOSING and value.lower() not in _NOT_EXPOSING)


def published_ports(config_map: Declared) -> list[tuple[str, str]]:
    """Return name and namespace of each Service that a ConfigMap of published ports names."""
    data = config_map.inputs.get("data") if config_map.is_kubernetes and config_map.kind == "ConfigMap" else None
    values = [value for key, value in data.items() if str(key).isdecimal()] if isinstance(data, Mapping) else []
    found = (_BEHIND_A_PORT.fullmatch(value.strip()) for value in values if isinstance(value, str))
    return [(one[2], one[1]) for one in found if one]


def annotated(metadata: object) -> Iterator[tuple[str, str | None]]:
    """Yield each Service that annotations of an Ingress or a Service name, with its namespace where one stands beside it."""
    for key, value in _annotations(metadata):
        if key.endswith(_NAMED):
            namespace, _, name = value.rpartition("/")
            yield name, namespace or None
        elif key.endswith(_PIECES):
            yield from ((host[1], host[2]) for host in _HOST.finditer(value))
        elif key.endswith(_COPIED):
            yield from ((host[1], host[2]) for host in _ADDRESS.finditer(value))
        elif key.startswith(_ACTION):
            yield from ((name, None) for name in _FORWARDED.findall(value))
        elif key == _MAPPING:
            yield from ((host[1], host[2]) for host in _MAPPED.finditer(value))


def widening(metadata: object) -> Iterator[str]:
    """Yield the annotations by which a load balancer has other clients than its specification says."""
    for key, value in _annotations(metadata):
        ranges = [is_inside(one) for one in _RANGE.findall(value)]
        by_ranges = _RANGES.fullmatch(key) and not (ranges and all(ranges))
        by_hand = _MANAGED.fullmatch(key) and value.strip().lower() in {"none", "frontend"}
        if (_GROUPS.fullmatch(key) and value.strip()) or by_ranges or by_hand:
            yield key


def _annotations(metadata: object) -> Iterator[tuple[str, str]]:
    """Yield the annotations whose value is known."""
    annotations = metadata.get("annotations") if isinstance(metadata, Mapping) else None
    for key, value in annotations.items() if isinstance(annotations, Mapping) else ():
        if isinstance(value, str):
            yield str(key), value
