"""Rule for doors of AWS: no security group, database or cluster of brokers is open to everybody."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from policy.addresses import too_wide
from policy.rule import Rule
from policy.security_groups import Opening, group_of, has_group, openings
from stack.problem import Problem
from stack.settings.names import CONNECT_PORT, POSTGRES_PORT, REGISTRY_PORT
from stack.unknown import Unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.declared import Declared, Record

# Ports by what listens there; those of Kafka are the program's own, and Amazon MSK's inside a network and outside.
_GUARDED = {
    **dict.fromkeys((*range(9092, 9099), *range(9192, 9199)), "Kafka"),
    POSTGRES_PORT: "PostgreSQL",
    REGISTRY_PORT: "the schema registry",
    CONNECT_PORT: "Connect",
}
_EVERY_PORT = 60_000
_CURE = "name the clients: a security group, or private ranges"
# Lists of ranges, and the entries of such a list as resources.
_PREFIX_LISTS = {
    "aws:ec2/managedPrefixList:ManagedPrefixList",
    "aws:ec2/managedPrefixListEntry:ManagedPrefixListEntry",
    "aws-native:ec2:PrefixList",
}
_PROVIDERS = ("aws:", "aws-native:")
# Services behind a private endpoint, and who may connect to them.
_ENDPOINTS = {
    "aws-native:ec2:VpcEndpointServicePermissions",
    "aws:ec2/vpcEndpointService:VpcEndpointService",
    "aws:ec2/vpcEndpointServiceAllowedPrinciple:VpcEndpointServiceAllowedPrinciple",
}
# A public address of Amazon MSK that is none.
_NOT_PUBLIC = {None, "", "DISABLED"}


def _closed(resource: Declared, record: Record) -> Iterator[Problem]:
    if not resource.type.startswith(_PROVIDERS):
        return
    listed = list(openings(resource))
    found = False
    for opening in listed:
        if isinstance(opening, Unknown):
            found = True
            yield Problem(rule="has ingress that is not known at preview", cure="set plain ports and ranges")
            continue
        ports = _opened(opening, record)
        problem = _let_in(opening, ports) if ports else None
        if problem:
            found = True
            yield problem
    if not found:
        yield from _together([one for one in listed if isinstance(one, Opening)], record)
    yield from _public(resource)
    yield from _shared(resource)


def _guarded(record: Record) -> dict[int, str]:
    return {**_GUARDED, **dict.fromkeys(record.limits.node_ports, "a node port of the pipeline")}


def _opened(opening: Opening, record: Record) -> str:
    """Return the guarded ports of an ingress rule for messages; empty without one."""
    if opening.last - opening.first >= _EVERY_PORT:
        return "all ports"
    ports: dict[str, list[int]] = {}
    for port, name in _guarded(record).items():
        if opening.first <= port <= opening.last:
            ports.setdefault(name, []).append(port)
    return "; ".join(f"{name}: {', '.join(map(str, sorted(numbers)[:3]))}" for name, numbers in ports.items())


def _let_in(opening: Opening, ports: str) -> Problem | None:
    if any(isinstance(one, Unknown) for one in opening.ranges):
        return Problem(rule=f"opens {ports} to addresses that are not known at preview", cure=_CURE)
    wide = too_wide([str(one) for one in opening.ranges])
    return Problem(rule=f"opens {ports} to {', '.join(wide[:3])}, which names no network", cure=_CURE) if wide else None


def _together(listed: list[Opening], record: Record) -> Iterator[Problem]:
    """Yield the port that several rules, each of them narrow, open to more than a network."""
    for port, name in _guarded(record).items() if len(listed) > 1 else ():
        ranges = [str(one) for opening in listed if opening.first <= port <= opening.last for one in opening.ranges]
        wide = too_wide(list(dict.fromkeys(ranges)))
        if wide:
            yield Problem(
                rule=f"opens {name}: {port} by several rules to {', '.join(wide[:3])}, which together name no network", cure=_CURE
            )
            return


def _shared(resource: Declared) -> Iterator[Problem]:
    """Check a snapshot for everybody among its accounts, and brokers for clients without a login."""
    accounts = resource.inputs.get("sharedAccounts")
    listed = accounts if isinstance(accounts, (list, tuple)) else [accounts]
    if resource.type.startswith("aws:rds/") and any(isinstance(one, Unknown) or str(one).lower() == "all" for one in listed):
        yield Problem(rule="is, or may be, shared with every account", cure="list accounts of your own in sharedAccounts")
    yield from _endpoint(resource)
    login: object = resource.inputs.get("clientAuthentication")
    said = login.get("unauthenticated") if isinstance(login, Mapping) else login
    said = said.get("enabled") if isinstance(said, Mapping) else said
    if resource.type.partition(":")[2].startswith("msk") and (isinstance(said, Unknown) or str(said).lower() == "true"):
        yield Problem(rule="has brokers that admit, or perhaps admit, clients without a login", cure="set unauthenticated to false")


def _endpoint(resource: Declared) -> Iterator[Problem]:
    """Check that a private endpoint admits no callers of every account without acceptance of each."""
    if resource.type not in _ENDPOINTS or resource.inputs.get("acceptanceRequired") is True:
        return
    said = resource.inputs.get("principalArn", resource.inputs.get("allowedPrincipals"))
    listed = said if isinstance(said, (list, tuple)) else [said]
    if any(isinstance(one, Unknown) or one == "*" for one in listed):
        yield Problem(
            rule="lets, or may let, every account connect to what is behind it",
            cure="list accounts or roles, or set acceptanceRequired to true beside them",
        )


def _at_end(record: Record) -> Iterator[tuple[Declared | None, Problem]]:
    yield from _by_lists(record)
    yield from _by_rules_of_their_own(record)


def _by_rules_of_their_own(record: Record) -> Iterator[tuple[Declared | None, Problem]]:
    """Yield the groups whose rules, declared one by one, together open a port; groups that are unknown count as one.

    The rules in a group itself count with those that name it, or whose group is unknown. No input of a group tells its id: rules of one
    other id count with it where it is the only group with rules of its own.
    """
    groups: dict[str, list[tuple[Declared, Opening]]] = {}
    inline: dict[str, list[tuple[Declared, Opening]]] = {}
    for resource in record.resources.values():
        group = group_of(resource)
        for opening in _narrow(resource):
            if group is not None:
                groups.setdefault("" if isinstance(group, Unknown) else str(group), []).append((resource, opening))
            elif has_group(resource):
                inline.setdefault(resource.name, []).append((resource, opening))
    for name, found in groups.items():
        beside = [one for group, one in inline.items() if group == name or not name or (len(inline) == 1 and len(groups) == 1)]
        for own in beside or [[]]:
            yield from ((found[-1][0], problem) for problem in _together([opening for _resource, opening in (*own, *found)], record))


def _narrow(resource: Declared) -> list[Opening]:
    """Return the ingress rules of a resource that break no rule alone."""
    return [
        one
        for one in (openings(resource) if resource.type.startswith(_PROVIDERS) else ())
        if isinstance(one, Opening)
        and not any(isinstance(part, Unknown) for part in one.ranges)
        and not too_wide([str(part) for part in one.ranges])
    ]


def _public(resource: Declared) -> Iterator[Problem]:
    """Check a managed database or cluster of brokers for an address outside its network."""
    said = resource.inputs.get("publiclyAccessible")
    if isinstance(said, Unknown) or str(said).lower() == "true":
        yield Problem(rule="has, or may have, a public address", cure="set publiclyAccessible to false")
    access: object = resource.inputs
    for step in ("brokerNodeGroupInfo", "connectivityInfo", "publicAccess", "type"):
        access = access.get(step) if isinstance(access, Mapping) else access
    if resource.type.partition(":")[2].startswith("msk") and (isinstance(access, Unknown) or access not in _NOT_PUBLIC):
        yield Problem(rule="has brokers with, or perhaps with, a public address", cure="set publicAccess.type to DISABLED")


def _by_lists(record: Record) -> Iterator[tuple[Declared | None, Problem]]:
    """Yield the declared prefix lists that name no network, where an ingress rule to a guarded port names a list."""
    named = [
        (resource, ports)
        for resource in record.resources.values()
        if resource.type.startswith(_PROVIDERS)
        for opening in openings(resource)
        if isinstance(opening, Opening) and opening.by_list and (ports := _opened(opening, record))
    ]
    for one in record.resources.values() if named else ():
        wide = _wide_list(one) if one.type in _PREFIX_LISTS else ""
        if wide:
            group, ports = named[0]
            yield one, Problem(rule=f"contains {wide}, and {group.title} opens {ports} to a prefix list", cure="list private ranges only")


def _wide_list(resource: Declared) -> str:
    entries = resource.inputs.get("entries", [resource.inputs])
    if not isinstance(entries, (list, tuple)):
        return "entries that are not known at preview"
    ranges = [one.get("cidr") if isinstance(one, Mapping) else one for one in entries]
    if any(isinstance(one, Unknown) for one in ranges):
        return "addresses that are not known at preview"
    return ", ".join(too_wide([str(one) for one in ranges if one])[:3])


RULES = (
    Rule(
        name="aws-closed",
        says="No security group opens PostgreSQL, Kafka, registry or Connect to more than named networks, and none of them is public.",
        check=_closed,
        at_end=_at_end,
        severity="critical",
    ),
)
