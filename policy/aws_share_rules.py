"""Rule for shares of AWS: no grant, share, access grant or snapshot hands data of the pipeline to another account."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from policy import aws_snapshots
from policy.aws_accounts import account_of_key, archive_keys, own_accounts
from policy.aws_snapshots import is_captured
from policy.buckets import buckets, named, written_buckets
from policy.iam_documents import is_wild
from policy.lake_grants import held_databases
from policy.lists import listed
from policy.rule import Rule, nothing
from stack.problem import Problem
from stack.unknown import Unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.declared import Declared, Record

_GRANT: Final = {"aws:kms/grant:Grant"}
_ACCESS: Final = {"aws:s3control/accessGrant:AccessGrant", "aws-native:s3:AccessGrant"}
_LOCATION: Final = {"aws:s3control/accessGrantsLocation:AccessGrantsLocation", "aws-native:s3:AccessGrantsLocation"}
_SHARE: Final = {"aws:ram/resourceShare:ResourceShare", "aws-native:ram:ResourceShare"}
_PUT_IN: Final = {"aws:ram/resourceAssociation:ResourceAssociation"}
_OF_AWS: Final = ("aws:", "aws-native:")
_PRINCIPAL: Final = re.compile(r"arn:aws[\w-]*:(?:iam|sts)::(\d{12}):(.*)")
# Services of the stack's own resources, of which Resource Access Manager shares the catalog alone
_OF_STACK: Final = {"glue", "iam", "kms", "lakeformation", "ram", "s3", "s3control"}
_CURE: Final = "remove it, name a role of this account, or add an exception that names this resource"


def _at_end(record: Record) -> Iterator[tuple[Declared | None, Problem]]:
    for resource in record.resources.values():
        if resource.type.startswith(_OF_AWS):
            yield from ((resource, problem) for problem in _of(resource, record))


def _of(resource: Declared, record: Record) -> Iterator[Problem]:
    inputs = resource.inputs
    if resource.type in _GRANT:
        yield from _to(inputs.get("granteePrincipal"), "granteePrincipal", record, account_of_key(inputs.get("keyId")))
    elif resource.type in _ACCESS:
        yield from _access(inputs, record)
    elif resource.type in _LOCATION and _is_everything(inputs.get("locationScope")):
        yield Problem(
            key="locationScope",
            value=str(inputs.get("locationScope")),
            rule="opens every bucket of the account to access grants, the archive included",
            cure="name the bucket and the prefix: s3://bucket/prefix/*",
        )
    elif resource.type in _SHARE | _PUT_IN:
        yield from _shared(resource, record)
    else:
        yield from aws_snapshots.problems(resource, record)


def _shared(resource: Declared, record: Record) -> Iterator[Problem]:
    """Judge a share of Resource Access Manager by the resources in it."""
    inputs = resource.inputs
    for arn in (*listed(inputs.get("resourceArns")), *listed(inputs.get("resourceArn"))):
        what = _held(str(arn), record)
        if isinstance(arn, Unknown) and _only_catalog(record):
            yield Problem(
                rule="shares an ARN that is not known at preview, and of what this program declares only the archive's catalog can be it",
                cure="leave the catalog out of the share",
            )
        elif what:
            yield Problem(rule=f"shares {what} with other accounts: {arn}", cure="leave it out of the share")


def _held(arn: str, record: Record) -> str:
    """Return what of the archive an ARN is, for messages; empty for anything else."""
    parts = arn.split(":", 5)
    if len(parts) < 6 or not arn.startswith("arn:"):  # noqa: PLR2004 - the parts of an ARN
        return ""
    service, name = parts[2], parts[5]
    if service in {"glue", "lakeformation"}:
        held, database = held_databases(record), name.partition("/")[2].partition("/")[0].lower()
        return "the catalog of the archive" if held and (not database or is_wild(database) or database in held) else ""
    if service.startswith("s3"):
        bucket = name.rpartition("bucket/")[2].partition("/")[0] if "bucket/" in name else name.partition("/")[0]
        is_grants = name.startswith("access-grants/")
        return "access grants to buckets" if is_grants else "the bucket of the archive" if bucket in _archives(record) else ""
    if service == "kms":
        return "the key of the archive" if arn in archive_keys(record) else ""
    if service == "rds" and name.startswith("cluster:"):
        return "the captured database" if is_captured(name.partition(":")[2], record) else ""
    return ""


def _only_catalog(record: Record) -> bool:
    """Return whether what a share names later can only be the archive's catalog: no other service's resource is declared."""
    services = {
        one.type.split(":")[1].partition("/")[0]
        for one in record.resources.values()
        if one.type.startswith(_OF_AWS) and not one.type.endswith(":Provider")
    }
    return bool(held_databases(record)) and services <= _OF_STACK


def _archives(record: Record) -> set[str]:
    """Return the names of the archives' buckets, also as this program calls them."""
    written = written_buckets(record)
    return written | {one.name for one in buckets(record) if named(one) in written}


def _access(inputs: Mapping[str, Any], record: Record) -> Iterator[Problem]:
    grantee = inputs.get("grantee")
    if isinstance(grantee, Mapping):
        if grantee.get("granteeType") in (None, "IAM"):
            yield from _to(grantee.get("granteeIdentifier"), "grantee.granteeIdentifier", record, None)
    elif grantee is not None:
        yield Problem(rule="whom it gives access is not known at preview", cure="set plain values; only an identifier may be known later")


def _is_everything(scope: object) -> bool:
    return isinstance(scope, str) and scope.rstrip("*/") in {"s3:", "s3"}


def _to(principal: object, key: str, record: Record, owner: str | None) -> Iterator[Problem]:
    """Judge who receives a grant: a role or user of this account, or one that only a deployment knows."""
    if not isinstance(principal, str):
        return
    found = _PRINCIPAL.fullmatch(principal)
    account, who = (found[1], found[2]) if found else (principal if re.fullmatch(r"\d{12}", principal) else "", "")
    if account and (who in {"", "root"} or is_wild(who)):
        yield Problem(key=key, value=principal, rule="hands the rights on to every identity of an account", cure="name a role")
        return
    own = {owner} if owner else own_accounts(record)
    if account and own and account not in own:
        yield Problem(
            key=key,
            value=principal,
            rule=f"gives rights on the archive or its key to account {account}, and that of this stack is {', '.join(sorted(own))}",
            cure=_CURE,
        )


RULES = (
    Rule(
        name="aws-shared",
        says="No grant, share or snapshot hands the archive, its key or catalog, or disks and databases of the pipeline to others.",
        check=nothing,
        at_end=_at_end,
        severity="critical",
    ),
)
