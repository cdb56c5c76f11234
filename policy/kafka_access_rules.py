"""Rules for access to Kafka: access rules name their principals, and no quota for everybody starves the pipeline."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from policy.rule import Rule
from stack.configs.tokens import ACL, QUOTA, TOPIC
from stack.problem import Problem
from stack.unknown import Unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.declared import Declared, Record

_ANYTHING = {"*", ""}
# Principal of every client of a listener without a login, as the pipeline's own are.
_WITHOUT_LOGIN = "ANONYMOUS"
_EVERY_OPERATION = {"all", "any"}
# Operations without which connectors, workers and brokers stop.
_NEEDED = {*_EVERY_OPERATION, "read", "write", "describe", "clusteraction", "create", "idempotentwrite"}
# First parts of the groups and transactions of Connect, of the Iceberg sinks' commits, and of the registry.
_OWN_GROUPS = ("connect", "cg-control-", "schema-registry")
# Topics of the brokers, of the registry and of the worker, which no program declares.
_OWN_TOPICS = ("__consumer_offsets", "__transaction_state", "_schemas", "connect-cluster-")
# Harmless operations on the cluster: every client with a transaction or an idempotent producer needs them.
_HARMLESS = {"describe", "idempotentwrite"}
# Least length of a prefix that still names something.
_LEAST_PREFIX = 3
# Client ids of connectors, the worker and the registry, and the defaults of Kafka's clients.
_CLIENTS = re.compile(
    r"connector-(producer|consumer|dlq-producer|adminclient)-.*|connect-cluster.*|connect-\d+.*|connect-(configs|offsets|status(es)?)"
    r"|schema-registry.*|sr-\d+.*|(producer|consumer|adminclient|admin)-\d+|(producer|consumer)-(connect|cg-control-|schema-registry).*"
)
# Least value of each quota. Bytes per second: below 34 KiB/s a request of a MiB, the largest, is held back for longer than the 30 s of
# request.timeout.ms; the rest are per cent of a thread, and partitions or connections per second.
_LEAST = {
    "producer_byte_rate": 64 * 1024,
    "consumer_byte_rate": 64 * 1024,
    "request_percentage": 10,
    "controller_mutation_rate": 1,
    "connection_creation_rate": 1,
}


def _lower(value: object) -> str:
    return str(value).lower().replace("_", "").replace("-", "")


def _text(value: object) -> str | Unknown:
    return value if isinstance(value, Unknown) else str(value or "")


def _is_everybody(principal: str) -> bool:
    return principal.rpartition(":")[2] in _ANYTHING | {_WITHOUT_LOGIN}


def _is_any_host(resource: Declared) -> bool:
    host = _text(resource.inputs.get("aclHost"))
    return isinstance(host, Unknown) or host.strip() in _ANYTHING


def _named(resource: Declared, _record: Record) -> Iterator[Problem]:
    if resource.type != ACL:
        return
    principal, name = _text(resource.inputs.get("aclPrincipal")), _text(resource.inputs.get("aclResourceName"))
    if isinstance(principal, Unknown):
        yield Problem(rule="the principal is not known at preview", cure="set a plain name")
        return
    if not _is_everybody(principal.strip()):
        return
    operation = _lower(resource.inputs.get("aclOperation"))
    every = isinstance(name, Unknown) or name in _ANYTHING
    kind = _text(resource.inputs.get("aclResourceType"))
    shown = f"{kind} {'*' if every else name}"
    if _lower(resource.inputs.get("aclPermissionType")) == "deny":
        if _is_any_host(resource) and operation in _NEEDED and (every or _lower(kind) == "cluster"):
            yield Problem(rule=f"denies {operation} on {shown} to everybody, and so to the pipeline", cure=_DENY)
    elif _is_any_host(resource) or every or operation in _EVERY_OPERATION or _is_wide(resource, _lower(kind), operation, str(name)):
        yield Problem(rule=f"allows {operation} on {shown} to everybody ({principal})", cure="name the user: User:<name>")


def _is_wide(resource: Declared, kind: str, operation: str, name: str) -> bool:
    """Return whether a rule allows more than one thing, though it names one: what rules the cluster, or a prefix of nearly all names."""
    pattern = _text(resource.inputs.get("resourcePatternTypeFilter"))
    is_prefix = isinstance(pattern, Unknown) or _lower(pattern) == "prefixed"
    return (kind == "cluster" and operation not in _HARMLESS) or (is_prefix and len(name.strip("._-")) < _LEAST_PREFIX)


_DENY = "name the user, or the host from which it connects"


def _denied_to_the_pipeline(record: Record) -> Iterator[tuple[Declared | None, Problem]]:
    """Yield what denies everybody a topic of the pipeline, or a group of Connect or the registry, by name or prefix."""
    topics = {str(topic.inputs.get("name")) for topic in record.of_type(TOPIC)}
    for resource in record.of_type(ACL):
        said = resource.inputs
        principal, name = said.get("aclPrincipal"), said.get("aclResourceName")
        if not isinstance(principal, str) or not isinstance(name, str) or name in _ANYTHING or not _is_everybody(principal.strip()):
            continue
        if _lower(said.get("aclPermissionType")) != "deny" or not _is_any_host(resource) or _lower(said.get("aclOperation")) not in _NEEDED:
            continue
        is_prefix = _lower(said.get("resourcePatternTypeFilter")) == "prefixed"
        if _lower(said.get("aclResourceType")) == "topic":
            own = name in _OWN_TOPICS or name.startswith(_OWN_TOPICS[-1])
            hit = own or any(one == name or (is_prefix and one.startswith(name)) for one in (*topics, *_OWN_TOPICS))
        else:
            hit = name.startswith(_OWN_GROUPS) or (is_prefix and any(one.startswith(name) for one in _OWN_GROUPS))
        if hit:
            yield resource, Problem(rule=f"denies {name} to everybody, and so to the pipeline", cure=_DENY)


def _sufficient(resource: Declared, _record: Record) -> Iterator[Problem]:
    if resource.type != QUOTA:
        return
    name = _text(resource.inputs.get("entityName"))
    if not (isinstance(name, Unknown) or name in {"", "*", "<default>", _WITHOUT_LOGIN} or _CLIENTS.fullmatch(name)):
        return
    config = resource.inputs.get("config")
    whom = "everybody" if isinstance(name, Unknown) or not _CLIENTS.fullmatch(name) else name
    if isinstance(config, Unknown):
        yield Problem(rule=f"limits {whom} to what is not known at preview", cure="set plain values")
    for key, least in _LEAST.items():
        value = config.get(key) if isinstance(config, Mapping) else None
        if value is not None and not _reaches(value, least):
            shown = "an amount that is not known at preview" if isinstance(value, Unknown) else value
            yield Problem(
                rule=f"limits {whom} to {key} {shown}, and the pipeline needs at least {least}",
                cure=f"set {key} to {least} or more, or name a user or client that is not the pipeline's",
            )


def _reaches(value: object, least: float) -> bool:
    try:
        return float(str(value)) >= least
    except ValueError:
        return False


RULES = (
    Rule(
        name="acl-exact",
        says="Access rules of Kafka name their principals, and deny the pipeline nothing.",
        check=_named,
        at_end=_denied_to_the_pipeline,
        severity="critical",
    ),
    Rule(name="quota-sufficient", says="No quota of Kafka for everybody, or for Connect, starves the pipeline.", check=_sufficient),
)
