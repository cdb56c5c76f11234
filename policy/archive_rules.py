"""Rule for the buckets of Iceberg archives and of the stack: their objects are neither expired, put out of reach nor deleted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from policy.buckets import NATIVE_BUCKET, buckets, is_for, is_s3, keys_of, named
from policy.rule import Rule, nothing
from stack.configs.classes import ICEBERG_SINKS
from stack.configs.tokens import CONNECTOR
from stack.problem import Problem
from stack.unknown import Unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.declared import Declared, Record

_WAREHOUSE = "iceberg.catalog.warehouse"
# Storage classes whose objects are restored for hours before anybody can read them.
_OUT_OF_REACH = {"GLACIER", "DEEP_ARCHIVE", "ARCHIVE_ACCESS", "DEEP_ARCHIVE_ACCESS"}
_LIFECYCLES = ("Bucket", "BucketLifecycleConfiguration", "BucketIntelligentTieringConfiguration")
_ENCRYPTION = "BucketServerSideEncryptionConfiguration"
# Switch of a key of each provider
_SWITCHES = {"aws:kms/key:Key": "isEnabled", "aws-native:kms:Key": "enabled"}
_ARCHIVE_LAYER = "cdc:archive:Archive$"
_READ = "Iceberg keeps reading its oldest files, and deletes the ones that it no longer needs by itself"


def _kept(record: Record) -> Iterator[tuple[Declared | None, Problem]]:
    for bucket, prefix in _warehouses(record).items():
        for resource in record.resources.values():
            if (is_s3(resource, *_LIFECYCLES) or resource.type == NATIVE_BUCKET) and _concerns(resource, bucket, record):
                yield from ((resource, problem) for problem in _ended(resource.inputs, prefix))
    yield from _own_kept(record)
    yield from _readable(record)


def _readable(record: Record) -> Iterator[tuple[Declared | None, Problem]]:
    """Judge a key of this program that is switched off: where a bucket's key is known after the deployment only, it may be that one."""
    encrypted = [one.inputs for one in record.resources.values() if is_s3(one, "Bucket", _ENCRYPTION) or one.type == NATIVE_BUCKET]
    # the key of this program has no ARN before the deployment
    if not any(isinstance(key, Unknown) for inputs in encrypted for key in keys_of(inputs)):
        return
    for key, switch in _SWITCHES.items():
        for resource in record.of_type(key):
            if resource.inputs.get(switch) in (False, "false"):
                yield (
                    resource,
                    Problem(
                        key=switch,
                        value="false",
                        rule="may be the key of a bucket of this program, of which nothing can be read or written then",
                        cure="set it to true",
                    ),
                )


def _warehouses(record: Record) -> dict[str, str]:
    """Return the prefix of the tables in each bucket that a declared Iceberg sink writes to."""
    found = {}
    for connector in record.of_type(CONNECTOR):
        config = connector.inputs.get("config")
        if isinstance(config, Mapping) and config.get("connector.class") in ICEBERG_SINKS:
            bucket, _, prefix = str(config.get(_WAREHOUSE, "")).partition("://")[2].partition("/")
            if bucket:
                found[bucket] = prefix
    return found


def _concerns(resource: Declared, bucket: str, record: Record) -> bool:
    """Return whether a resource is a bucket, or belongs to it; one of an unknown bucket belongs to the only one, or to its own layer's."""
    name = named(resource)
    if name is not None:
        return name == bucket or any(is_for(resource, one) and named(one) == bucket for one in buckets(record))
    return _ARCHIVE_LAYER in resource.urn or len(buckets(record)) == 1


def _ended(inputs: Mapping[str, Any], prefix: str) -> Iterator[Problem]:
    if "tierings" in inputs:
        if _is_on(inputs) and _reaches(inputs, prefix):
            yield from _moved(_mappings(inputs.get("tierings")), "accessTier")
        return
    within = inputs.get("lifecycleConfiguration")
    for rules in (inputs.get("rules"), inputs.get("lifecycleRules"), within.get("rules") if isinstance(within, Mapping) else within):
        if isinstance(rules, Unknown):
            yield Problem(rule="its lifecycle is not known at preview", cure="set plain values")
            continue
        for rule in _mappings(rules):
            if _is_on(rule) and _reaches(rule, prefix):
                yield from _of_rule(rule)


def _mappings(value: object) -> list[Mapping[str, Any]]:
    """Return the mappings of a list, or of one value."""
    return [one for one in (value if isinstance(value, (list, tuple)) else [value]) if isinstance(one, Mapping)]


def _of_rule(rule: Mapping[str, Any]) -> Iterator[Problem]:
    expiration = rule.get("expiration")
    ends = isinstance(expiration, Unknown) or any(
        expiration.get(key) not in (None, 0, "") for key in ("days", "date") if isinstance(expiration, Mapping)
    )
    if ends or any(rule.get(key) is not None for key in ("expirationInDays", "expirationDate")):
        yield Problem(
            rule=f"its lifecycle deletes current objects of the archive: {_READ}",
            cure="expire noncurrent versions only, or limit the rule to another prefix",
        )
    yield from _moved([*_mappings(rule.get("transitions")), *_mappings(rule.get("transition"))], "storageClass")


def _moved(moves: list[Mapping[str, Any]], key: str) -> Iterator[Problem]:
    away = [str(one.get(key)) for one in moves if isinstance(one.get(key), Unknown) or str(one.get(key)).upper() in _OUT_OF_REACH]
    if away:
        yield Problem(
            rule=f"its lifecycle moves current objects of the archive to {away[0]}, where a read fails: {_READ}",
            cure="use STANDARD_IA, INTELLIGENT_TIERING or GLACIER_IR, or limit the rule to another prefix",
        )


def _is_on(rule: Mapping[str, Any]) -> bool:
    said = rule.get("status", rule.get("enabled", "Enabled"))
    return said is not False and str(said).lower() not in {"disabled", "false"}


def _reaches(rule: Mapping[str, Any], prefix: str) -> bool:
    """Return whether a rule's filter may select files of the tables."""
    filtered = rule.get("filter")
    inner = filtered.get("and") if isinstance(filtered, Mapping) else None
    places = [one for one in (rule, filtered, inner) if isinstance(one, Mapping)]
    prefixes = [one["prefix"] for one in places if one.get("prefix")]
    root = f"{prefix}/" if prefix else ""
    return all(isinstance(one, Unknown) or str(one).startswith(root) or root.startswith(str(one)) for one in prefixes)


def _own_kept(record: Record) -> Iterator[tuple[Declared | None, Problem]]:
    """Check that the bucket that this stack creates has its versions, and keeps its objects where the settings say so."""
    created = record.limits.specification.archive.bucket if record.limits.specification else None
    if created is None:
        return
    own = [one for one in buckets(record) if named(one) == created.name]
    for bucket in own:
        if bucket.inputs.get("forceDestroy") not in (None, False, "false", created.force_destroy):
            yield (
                bucket,
                Problem(
                    key="forceDestroy",
                    rule="destroying the stack would delete the archive's objects, and archive.destroyWithStack is false",
                    cure="remove forceDestroy, or set archive.destroyWithStack to true",
                ),
            )
        companions = [
            one for one in record.resources.values() if is_s3(one, "BucketVersioning") and (not named(one) or is_for(one, bucket))
        ]
        if not any(_keeps_versions(one) for one in (bucket, *companions)):
            yield (
                bucket,
                Problem(
                    rule="keeps no versions of the archive's objects, so that an overwritten or deleted one is gone",
                    cure="declare a BucketVersioning whose status is Enabled",
                ),
            )


def _keeps_versions(resource: Declared) -> bool:
    """Return whether a resource turns versions on: a BucketVersioning, or the bucket itself."""
    said = resource.inputs.get("versioningConfiguration") or resource.inputs.get("versioning")
    return isinstance(said, Mapping) and (said.get("status") == "Enabled" or said.get("enabled") is True)


RULES = (
    Rule(
        name="archive-kept",
        says="No lifecycle, missing version or disabled key ends the archive's objects; a destroyed stack keeps what its settings keep.",
        check=nothing,
        at_end=_kept,
        severity="critical",
    ),
)
