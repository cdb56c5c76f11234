"""Access rules and quotas of Kafka for everybody; and everyday ones beside them."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

from policy.declared import Declared
from stack.configs.tokens import ACL, QUOTA
from stack.unknown import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.policy.workbench import Made, Workbench

EVERYBODY = ("User:*", "User:ANONYMOUS", "*", "Group:*", UNKNOWN)
SUBJECTS = ("User:connect", "User:CN=connect,O=shop", "User:alice")
THINGS = (("Topic", "*"), ("Topic", "postgres.public.users"), ("Group", "*"), ("Cluster", "kafka-cluster"), ("TransactionalID", "x"))
OPERATIONS = ("All", "Read", "Write", "Describe", "Create", "Alter")


def acl(principal: Any, thing: tuple[str, Any], operation: Any, host: Any = "*", **more: Any) -> Declared:
    """Return an access rule."""
    kind, name = thing
    inputs = {"aclPrincipal": principal, "aclResourceType": kind, "aclResourceName": name, "aclOperation": operation, "aclHost": host}
    return Declared(urn="urn::acl", type=ACL, name="acl", inputs={**inputs, "aclPermissionType": "Allow", **more})


def quota(config: Any, **more: Any) -> Declared:
    """Return a quota."""
    return Declared(urn="urn::quota", type=QUOTA, name="quota", inputs={"entityType": "client-id", "config": config, **more})


def open_rules() -> Iterator[Declared]:
    """Yield access rules for everybody."""
    for principal, thing, operation in itertools.product(EVERYBODY, THINGS, OPERATIONS):
        for host, pattern in itertools.product(("*", UNKNOWN), ("Literal", "Prefixed")):
            yield acl(principal, thing, operation, host, resourcePatternTypeFilter=pattern)
    for host in ("10.20.0.7", "*"):
        yield acl("User:*", ("Topic", "*"), "Read", host)
        yield acl("User:*", ("Topic", "orders"), "All", host)
    for operation in ("All", "Read", "Write", "Describe", "CLUSTER_ACTION", "IdempotentWrite"):
        yield acl("User:*", ("Topic", "*"), operation, aclPermissionType="Deny")
        yield acl("User:*", ("Cluster", "kafka-cluster"), operation, aclPermissionType="Deny")
        for name in ("connect-cluster", "connect-s3-sink-connector"):
            yield acl("User:*", ("Group", name), operation, aclPermissionType="Deny")

    yield from _denials_of_own_names()
    yield from _from_one_host()


def _denials_of_own_names() -> Iterator[Declared]:
    for principal, operation in itertools.product(("User:*", "User:ANONYMOUS"), ("All", "Read", "Write", "Describe")):
        for thing in (
            *(("Topic", one) for one in ("_schemas", "__consumer_offsets", "__transaction_state", "connect-cluster-offsets")),
            *(("Group", one) for one in ("schema-registry", "cg-control-abc", "cg-control-1-coord")),
        ):
            yield acl(principal, thing, operation, aclPermissionType="Deny", resourcePatternTypeFilter="Literal")
        for thing in (("Topic", "_"), ("Topic", "__c"), ("Topic", "connect-"), ("Group", "cg-"), ("Group", "schema"), ("Group", "c")):
            yield acl(principal, thing, operation, aclPermissionType="Deny", resourcePatternTypeFilter="Prefixed")
    for thing in (("Cluster", "kafka-cluster"), ("Topic", "*")):
        yield acl("User:*", thing, "Create", aclPermissionType="Deny")


def _from_one_host() -> Iterator[Declared]:
    for principal in ("User:*", "User:ANONYMOUS", "Group:*"):
        for operation in ("Alter", "AlterConfigs", "ClusterAction", "Create"):
            yield acl(principal, ("Cluster", "kafka-cluster"), operation, "10.20.0.7")
        for name, operation in itertools.product(("p", "po", "_", "__", "-"), ("Read", "Write")):
            yield acl(principal, ("Topic", name), operation, "10.20.0.7", resourcePatternTypeFilter="Prefixed")


def named_rules() -> Iterator[Declared]:
    """Yield everyday access rules."""
    for principal, thing, operation in itertools.product(SUBJECTS, THINGS, OPERATIONS):
        for pattern, permission in itertools.product(("Literal", "Prefixed"), ("Allow", "Deny")):
            yield acl(principal, thing, operation, resourcePatternTypeFilter=pattern, aclPermissionType=permission)
    for operation in ("Delete", "Alter", "AlterConfigs"):
        yield acl("User:*", ("Topic", "*"), operation, aclPermissionType="Deny")
    yield acl("User:*", ("Topic", "*"), "All", "203.0.113.9", aclPermissionType="Deny")
    yield acl("User:*", ("Topic", "legacy"), "Write", aclPermissionType="Deny")
    yield acl("User:*", ("Topic", "legacy-"), "Write", aclPermissionType="Deny", resourcePatternTypeFilter="Prefixed")
    yield acl("User:*", ("Topic", "clicks"), "Read", "10.20.0.7")
    yield acl("User:*", ("Topic", "clicks-"), "Write", "10.20.0.7", resourcePatternTypeFilter="Prefixed")
    yield acl("User:*", ("Topic", "legacy"), "Create", aclPermissionType="Deny")
    yield acl("User:*", ("Group", "reporting"), "Read", aclPermissionType="Deny")
    for operation in ("Describe", "IdempotentWrite"):
        yield acl("User:*", ("Cluster", "kafka-cluster"), operation, "10.20.0.7")


def starving() -> Iterator[Declared]:
    """Yield quotas that starve everybody, or Connect."""
    amounts = {
        "producer_byte_rate": (0, 1, 10, 1024, "1024", 10_000, UNKNOWN),
        "consumer_byte_rate": (1, 2048, 4096.5),
        "request_percentage": (0.1, 1, "2"),
        "controller_mutation_rate": (0, 0.1),
    }
    for key, values in amounts.items():
        for value in values:
            yield quota({key: value})
            for name in ("", "<default>"):
                yield quota({key: value}, entityName=name, entityType="user")
            yield quota({key: value}, entityName="connector-producer-postgres-cdc-connector-0")
    yield quota({"producer_byte_rate": 1}, entityName="ANONYMOUS", entityType="user")
    for name in ("configs", "offsets", "statuses", "shared-admin"):
        yield quota({"producer_byte_rate": 1}, entityName=f"connect-cluster-{name}")
    for name in ("schema-registry", "schema-registry-1", "producer-1", "consumer-2", "adminclient-3", "consumer-schema-registry-1"):
        yield quota({"producer_byte_rate": 1}, entityName=name)
        yield quota({"consumer_byte_rate": UNKNOWN}, entityName=name)
    yield quota({"connection_creation_rate": 0}, entityType="ip")
    yield quota(UNKNOWN)


def feeding() -> Iterator[Declared]:
    """Yield everyday quotas."""
    for value in (102_400, 2**20, 10_000_000, "10485760", 1e8):
        yield quota({"producer_byte_rate": value, "consumer_byte_rate": value})
        yield quota({"consumer_byte_rate": value}, entityType="user", entityName="<default>")
    yield quota({"request_percentage": 200, "controller_mutation_rate": 10})
    yield quota({"connection_creation_rate": 20}, entityType="ip")
    for name in ("reporting", "alice", "producer-reporting", "consumer-clicks-1", "connect-reporting"):
        yield quota({"producer_byte_rate": 1024, "consumer_byte_rate": 2048, "request_percentage": 1}, entityName=name, entityType="user")
        yield quota({"consumer_byte_rate": 1024}, entityName=name)
    yield quota({})


def access(bench: Workbench) -> Iterator[Made]:
    """Yield some of them beside a stack."""
    for at, one in enumerate([*open_rules()][::40]):
        yield f"Kafka: an open rule {at}", "acl-exact", bench.with_more(one)
    topic = bench.inputs(bench.of_kind("Topic")[0])["name"]
    for name, pattern in ((topic, "Literal"), (topic[:5], "Prefixed")):
        denied = acl("User:*", ("Topic", name), "Write", aclPermissionType="Deny", resourcePatternTypeFilter=pattern)
        yield f"Kafka: a denied topic {name}", "acl-exact", bench.with_more(denied)
    for at, one in enumerate([*starving()][::8]):
        yield f"Kafka: a starving quota {at}", "quota-sufficient", bench.with_more(one)
    for at, one in enumerate([*[*named_rules()][::20], *feeding()]):
        yield f"Kafka: everyday access {at}", None, bench.with_more(one)
