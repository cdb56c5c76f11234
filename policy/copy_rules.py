"""Rule for copies of buckets and databases: none goes to another account, or to a bucket that is not declared here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from policy.aws_accounts import account_of, is_foreign, own_accounts
from policy.aws_snapshots import is_of_captured
from policy.buckets import NATIVE_BUCKET, buckets, is_s3, named, written_buckets
from policy.lists import items_of
from policy.rule import Rule, nothing
from stack.problem import Problem
from stack.unknown import Unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.declared import Declared, Record

_EXPORT: Final = "aws:rds/exportTask:ExportTask"
_NOTIFICATION: Final = "aws:s3/bucketNotification:BucketNotification"
# Services that copy what they are given to another one by themselves, with the properties that name it
_FLOWS: Final = {"aws:rds/integration:Integration": "targetArn", "aws:msk/replicator:Replicator": "kafkaClusters"}
_PLAN, _VAULT, _TASK = "aws:backup/plan:Plan", "aws:backup/vault:Vault", "aws:datasync/locationS3:LocationS3"
# Lists of an archive's objects that S3 writes to a bucket by itself, and reports of whole accounts
_LISTS: Final = {
    "aws:s3/inventory:Inventory",
    "aws:s3/analyticsConfiguration:AnalyticsConfiguration",
    "aws:s3control/storageLensConfiguration:StorageLensConfiguration",
    "aws-native:s3:StorageLens",
}
_TARGETS: Final = ("bucketArn", "arn")
_NATIVE_LISTS: Final = ("inventoryConfigurations", "analyticsConfigurations")
_CURE: Final = "declare the bucket in this program, or add an exception that names this resource"


def _at_end(record: Record) -> Iterator[tuple[Declared | None, Problem]]:
    for resource in record.resources.values():
        if is_s3(resource, "Bucket", "BucketReplicationConfig", "BucketReplicationConfiguration") or resource.type == NATIVE_BUCKET:
            yield from ((resource, problem) for problem in _copied(resource, record))
        if resource.type in _LISTS or resource.type == NATIVE_BUCKET:
            yield from ((resource, problem) for problem in _listed(resource, record))
        if resource.type == _PLAN:
            yield from ((resource, problem) for problem in _backed_up(resource, record))
        elif resource.type == _TASK:
            yield from ((resource, problem) for problem in _moved(resource, record))
        elif resource.type == _EXPORT:
            yield from ((resource, problem) for problem in _exported(resource, record))
        elif resource.type in _FLOWS:
            told = _arns(resource.inputs.get(_FLOWS[resource.type]))
            yield from ((resource, problem) for problem in _sent(told, "what it reads is copied", record))
        if resource.type in {_NOTIFICATION, NATIVE_BUCKET}:
            yield from ((resource, problem) for problem in _notified(resource, record))


def _listed(resource: Declared, record: Record) -> Iterator[Problem]:
    """Judge the lists of the objects of an archive: S3 writes them to a bucket of this program."""
    inside = resource.type == NATIVE_BUCKET
    bucket, archives = named(resource), written_buckets(record)
    named_as = archives | {one.name for one in buckets(record) if named(one) in archives}
    if not archives or (bucket is not None and bucket not in named_as):
        return
    inputs = {key: resource.inputs.get(key) for key in _NATIVE_LISTS} if inside else resource.inputs
    for target in _targets(inputs, 10):
        name = target.rpartition(":::")[2]
        if name not in _own(record):
            yield Problem(rule=f"a list of the archive's objects is written to {name}, which may be another account's", cure=_CURE)


def _targets(value: object, depth: int) -> Iterator[str]:
    """Yield the ARNs of buckets to which a configuration writes, at any depth."""
    if isinstance(value, Mapping) and depth:
        for key, item in value.items():
            if key in _TARGETS and isinstance(item, str) and ":s3:::" in item:
                yield item
            elif "Encryption" not in str(key) and key != "awsOrg":
                yield from _targets(item, depth - 1)
    elif isinstance(value, (list, tuple)) and depth:
        for item in value:
            yield from _targets(item, depth - 1)


def _backed_up(plan: Declared, record: Record) -> Iterator[Problem]:
    """Judge the copies of AWS Backup: each goes to a vault that this program declares, or whose ARN a preview does not know."""
    vaults = {name for one in record.of_type(_VAULT) for name in (one.inputs.get("name"), one.name)}
    for rule in items_of(plan.inputs.get("rules")):
        for action in items_of(rule.get("copyActions")) if isinstance(rule, Mapping) else ():
            vault = action.get("destinationVaultArn") if isinstance(action, Mapping) else action
            if isinstance(vault, str) and vault.rpartition(":")[2] not in vaults:
                yield Problem(
                    rule=f"backups are copied to the vault {vault.rpartition(':')[2]}, which may be another account's",
                    cure="declare the vault in this program, or add an exception that names this resource",
                )


def _moved(location: Declared, record: Record) -> Iterator[Problem]:
    """Judge a place of DataSync: a bucket of this program."""
    bucket = location.inputs.get("s3BucketArn")
    if isinstance(bucket, str) and bucket.rpartition(":::")[2] not in _own(record):
        yield Problem(rule=f"files are copied from or to {bucket.rpartition(':::')[2]}, which may be another account's", cure=_CURE)


def _exported(task: Declared, record: Record) -> Iterator[Problem]:
    """Judge an export of the captured database: it goes to a bucket of this program."""
    bucket = task.inputs.get("s3BucketName")
    is_own = bool(buckets(record)) if isinstance(bucket, Unknown) else bucket in _own(record)
    if not is_own and is_of_captured(task.inputs.get("sourceArn"), record):
        shown = "a bucket of others" if isinstance(bucket, Unknown) else f"{bucket}, which may be another account's"
        yield Problem(rule=f"the captured database is exported to {shown}", cure=_CURE)


def _notified(resource: Declared, record: Record) -> Iterator[Problem]:
    """Judge who gets the names of an archive's new objects: topics, queues and functions of the same account may."""
    inputs = resource.inputs if resource.type == _NOTIFICATION else resource.inputs.get("notificationConfiguration")
    bucket, archives = named(resource), written_buckets(record)
    named_as = archives | {one.name for one in buckets(record) if named(one) in archives}
    if archives and (bucket is None or bucket in named_as):
        yield from _sent(_arns(inputs), "the name of every new object is sent", record)


def _sent(told: Iterator[str], what: str, record: Record) -> Iterator[Problem]:
    for arn in told:
        account = account_of(arn)
        if is_foreign(account, record):
            yield Problem(
                rule=f"{what} to account {account}, and that of this stack is {', '.join(sorted(own_accounts(record)))}",
                cure="name a target of this account, or add an exception that names this resource",
            )


def _arns(value: object, depth: int = 6) -> Iterator[str]:
    """Yield the ARNs in a configuration, at any depth."""
    if isinstance(value, str) and value.startswith("arn:"):
        yield value
    elif isinstance(value, (Mapping, list, tuple)) and depth:
        for item in value.values() if isinstance(value, Mapping) else value:
            yield from _arns(item, depth - 1)


def _copied(resource: Declared, record: Record) -> Iterator[Problem]:
    inside = resource.inputs.get("replicationConfiguration")
    rules = (
        resource.inputs.get("rules") if "Replication" in resource.kind else inside.get("rules") if isinstance(inside, Mapping) else inside
    )
    if isinstance(rules, Unknown):
        yield Problem(rule="its replication is not known at preview, so where its objects go is unknown", cure="set plain values")
        return
    for rule in items_of(rules):
        destination = rule.get("destination") if isinstance(rule, Mapping) else rule
        if isinstance(destination, Unknown) or not isinstance(destination, (Mapping, type(None))):
            yield Problem(rule="a destination of its replication is not known at preview", cure="set plain values")
        elif destination is not None and str(rule.get("status", "Enabled")).lower() != "disabled":
            yield from _to(destination, record)


def _own(record: Record) -> set[object]:
    """Return the names of the buckets that this program declares, also as the program calls them."""
    return {name for one in buckets(record) for name in (named(one), one.name)}


def _to(destination: Mapping[str, Any], record: Record) -> Iterator[Problem]:
    bucket = destination.get("bucket")
    shown = "(known after up)" if isinstance(bucket, Unknown) else str(bucket).rpartition(":::")[2]
    owner = destination.get("accessControlTranslation")
    given = owner.get("owner") if isinstance(owner, Mapping) else owner
    if given is not None or any(destination.get(key) is not None for key in ("account", "accountId")):
        yield Problem(
            rule=f"every new object is copied to {shown} and becomes the property of another account",
            cure="remove account and accessControlTranslation, and copy to a bucket of the same account",
        )
    elif isinstance(bucket, Unknown):
        if len(buckets(record)) < 2:  # noqa: PLR2004 - the copied bucket, and where its copies go
            yield Problem(rule="every new object is copied to a bucket that this program does not declare", cure=_CURE)
    elif shown not in _own(record):
        yield Problem(rule=f"every new object is copied to {shown}, which may be another account's", cure=_CURE)


RULES = (
    Rule(
        name="bucket-copied",
        says="No replication, report or export copies to another account, or to a bucket that this program does not declare.",
        check=nothing,
        at_end=_at_end,
        severity="critical",
    ),
)
