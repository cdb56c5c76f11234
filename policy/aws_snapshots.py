"""Snapshots of disks and databases that are shared with other accounts, and exports of what a pipeline captures."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from policy.aws_accounts import own_accounts
from policy.fit_rules import sources
from policy.lists import listed
from stack.problem import Problem
from stack.unknown import Unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.declared import Declared, Record

_OF_DISK: Final = {"aws:ec2/snapshotCreateVolumePermission:SnapshotCreateVolumePermission"}
# Snapshots of databases, with their properties for the database and for their own name
_OF_DATABASE: Final = {
    "aws:rds/snapshot:Snapshot": ("dbInstanceIdentifier", "dbSnapshotIdentifier"),
    "aws:rds/clusterSnapshot:ClusterSnapshot": ("dbClusterIdentifier", "dbClusterSnapshotIdentifier"),
}
_COPIES: Final = {
    "aws:rds/snapshotCopy:SnapshotCopy": "sourceDbSnapshotIdentifier",
    "aws:rds/clusterSnapshotCopy:ClusterSnapshotCopy": "sourceDbClusterSnapshotIdentifier",
}
# A snapshot that RDS makes by itself: the database and the time
_AUTOMATIC: Final = re.compile(r"rds:(.+)-\d{4}(?:-\d\d){4}")
_WHO: Final = "name accounts of your own only, or add an exception that names this resource"


def problems(resource: Declared, record: Record) -> Iterator[Problem]:
    """Yield the accounts that get a snapshot which has, or may have, data of the pipeline."""
    inputs = resource.inputs
    if resource.type in _OF_DISK:
        if _has_disks(record):
            yield from _given("accountId", listed(inputs.get("accountId")), "a snapshot of a disk, perhaps of the pipeline", record)
    elif resource.type in _OF_DATABASE:
        if is_captured(inputs.get(_OF_DATABASE[resource.type][0]), record):
            yield from _given("sharedAccounts", listed(inputs.get("sharedAccounts")), "a snapshot of the captured database", record)
    elif resource.type in _COPIES and is_of_captured(inputs.get(_COPIES[resource.type]), record):
        yield from _given("sharedAccounts", listed(inputs.get("sharedAccounts")), "a snapshot of the captured database", record)


def _given(key: str, accounts: list[Any], what: str, record: Record) -> Iterator[Problem]:
    """Judge a list of accounts; one that is for everybody, or a list that is not known, is refused by aws-closed where RDS has it."""
    for account in accounts:
        if isinstance(account, Unknown) and key == "sharedAccounts":
            continue
        if str(account).lower() != "all" and account not in own_accounts(record):
            shown = "(known after up)" if isinstance(account, Unknown) else str(account)
            yield Problem(key=key, value=shown, rule=f"gives another account {what}", cure=_WHO)


def _has_disks(record: Record) -> bool:
    """Return whether the program makes a database or brokers, whose volumes are disks."""
    stack = record.limits.specification
    return stack is None or any(one.spec.get("volumeClaimTemplates") for one in stack.workloads)


def is_captured(identifier: object, record: Record) -> bool:
    """Return whether a database of RDS is, or may be, the one that a source connector captures.

    Args:
        identifier: Its identifier, which is the first part of its host name; an unknown one may be any.
        record: All declared resources.
    """
    hosts = {str(config.get("database.hostname") or "").lower() for config in sources(record)}
    outside = [host for host in hosts if "." in host and ".svc" not in host]
    # another name than that of RDS may lead to any database
    return any(
        isinstance(identifier, Unknown)
        or identifier is None
        or ".rds.amazonaws.com" not in host
        or host.partition(".")[0] == str(identifier).lower()
        for host in outside
    )


def is_of_captured(source: object, record: Record) -> bool:
    """Return whether an ARN or name of a database or of its snapshot is, or may be, of the captured one."""
    if not isinstance(source, str):
        return is_captured(None, record)
    kind, name = _kind_and_name(source)
    if kind in {"db", "cluster"}:
        return is_captured(name, record)
    automatic = _AUTOMATIC.fullmatch(name)
    if automatic:
        return is_captured(automatic[1], record)
    made = [
        one.inputs.get(database)
        for token, (database, own) in _OF_DATABASE.items()
        for one in record.of_type(token)
        if one.inputs.get(own) == name
    ]
    return any(is_captured(one, record) for one in made or [None])


def _kind_and_name(source: str) -> tuple[str, str]:
    """Return what an ARN of RDS names, such as ``cluster`` and ``shop``; the name of a snapshot stands without an ARN too."""
    if not source.startswith("arn:"):
        return "snapshot", source
    kind, _, name = source.split(":", 5)[-1].partition(":")
    return kind, name
