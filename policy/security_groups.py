"""Ingress of AWS security groups in all its forms: inline, as a resource of its own, and of both providers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stack.configs.ports import HIGHEST_PORT
from stack.unknown import Unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.declared import Declared

# Ports of a machine, open to everybody where no range is named.
_LIGHTSAIL = "aws:lightsail/instancePublicPorts:InstancePublicPorts"
# Groups, each with the property that lists its ingress.
_INLINE = {
    "aws:ec2/securityGroup:SecurityGroup": "ingress",
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": "ingress",
    "aws-native:ec2:SecurityGroup": "securityGroupIngress",
    _LIGHTSAIL: "portInfos",
}
# One rule as a resource.
_SINGLE = {
    "aws:ec2/securityGroupRule:SecurityGroupRule",
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
    "aws-native:ec2:SecurityGroupIngress",
}
_RANGES = ("cidrBlocks", "ipv6CidrBlocks", "cidrIpv4", "cidrIpv6", "cidrIp", "cidrs", "ipv6Cidrs")
_OF_LIGHTSAIL = ("cidrs", "ipv6Cidrs", "cidrListAliases")
_LISTS = ("prefixListIds", "prefixListId", "sourcePrefixListId")
_TCP = {"tcp", "6"}
_EVERY_PROTOCOL = {"-1", "all"}


@dataclass(frozen=True, slots=True)
class Opening:
    """One ingress rule.

    Attributes:
        first: First open TCP port.
        last: Last open TCP port.
        ranges: Address ranges; a value may be unknown.
        by_list: Whether a prefix list names clients.
    """

    first: int
    last: int
    ranges: tuple[object, ...]
    by_list: bool


def openings(resource: Declared) -> Iterator[Opening | Unknown]:
    """Yield each ingress rule of a resource that opens TCP ports, unknown where the rule is unknown."""
    if resource.type in _INLINE:
        listed = resource.inputs.get(_INLINE[resource.type]) or []
        for rule in listed if isinstance(listed, (list, tuple)) else [listed]:
            everybody = resource.type == _LIGHTSAIL and isinstance(rule, Mapping) and not any(rule.get(key) for key in _OF_LIGHTSAIL)
            yield from _opening({**rule, "cidrs": ["0.0.0.0/0"]} if everybody else rule)
    elif resource.type in _SINGLE and resource.inputs.get("type") != "egress":
        yield from _opening(resource.inputs)


def group_of(resource: Declared) -> object:
    """Return the group that a rule of its own belongs to, unknown where it is not known; None for any other resource."""
    if resource.type not in _SINGLE:
        return None
    return resource.inputs.get("securityGroupId") or resource.inputs.get("groupId")


def has_group(resource: Declared) -> bool:
    """Return whether a resource is a group whose ingress may stand in it."""
    return resource.type in _INLINE and resource.type != _LIGHTSAIL


def _opening(rule: object) -> Iterator[Opening | Unknown]:
    if isinstance(rule, Unknown):
        yield rule
        return
    if not isinstance(rule, Mapping):
        return
    ports = _ports(rule)
    if ports:
        ranges = tuple(one for key in _RANGES for one in _listed(rule.get(key)))
        yield Opening(*ports, ranges, any(_listed(rule.get(key)) for key in _LISTS))


def _listed(value: object) -> list[object]:
    return list(value) if isinstance(value, (list, tuple)) else [] if value in (None, "") else [value]


def _ports(rule: Mapping[str, object]) -> tuple[int, int] | None:
    """Return the first and last TCP port of a rule, every port where they are unknown; None for other protocols."""
    protocol = rule.get("protocol", rule.get("ipProtocol"))
    named = "-1" if protocol is None or isinstance(protocol, Unknown) else str(protocol).lower()
    if named in _EVERY_PROTOCOL:
        return 0, HIGHEST_PORT
    if named not in _TCP:
        return None
    first, last = _port(rule.get("fromPort"), 0), _port(rule.get("toPort"), HIGHEST_PORT)
    return (0, HIGHEST_PORT) if first < 0 or last < 0 else (first, last)


def _port(value: object, otherwise: int) -> int:
    try:
        return int(str(value))
    except ValueError:
        return otherwise
