"""Data loss in S3 buckets: deletion, lifecycle rules, and the end of versioning."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from pipeline.review.inputs import at, closed, mapping, mappings, text, truth, whole
from pipeline.review.loss import UNSEEN, Loss

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pipeline.review.loss import Verdict
    from pipeline.review.step import Step
    from pipeline.review.surroundings import Surroundings

_OBJECTS: Final = "objects"
_VERSIONS: Final = "noncurrent versions of objects"


def of_bucket(step: Step, _around: Surroundings) -> Iterator[Loss]:
    """Yield the fate of a deleted or replaced bucket's objects."""
    emptied = truth(at(step.old.inputs if step.old else {}, "forceDestroy"))
    if emptied:
        yield Loss("lost", "every object, all versions", "forceDestroy empties the bucket first")
    elif emptied is None:
        yield Loss("check", "every object", f"forceDestroy is {UNSEEN}; if it is true, the bucket is emptied first")
    else:
        yield Loss("check", "every object", "S3 refuses to delete a bucket with objects (forceDestroy is false): the update fails halfway")


def of_versions(step: Step, _around: Surroundings) -> Iterator[Loss]:
    """Yield the end of a bucket's versioning with its resource."""
    if step.fate != "replace":
        yield _unversioned()


def _unversioned(told: str = "") -> Loss:
    return Loss("check", "no data", f"{told}afterwards nothing protects objects from being overwritten or deleted")


def of_versioning_change(step: Step, _around: Surroundings) -> Iterator[Loss]:
    """Yield the end of a bucket's versioning, in a resource of its own or in the bucket."""
    if step.old is None or step.new is None:
        return
    old, new = _versioned(step.old.inputs), _versioned(step.new.inputs)
    if old == new or old is False:
        return
    if new is None:
        yield Loss("check", "no data", f"the new status of versioning is {UNSEEN}")
    elif new is False:
        yield _unversioned("versioning is suspended: ")


def _versioned(inputs: Mapping[str, Any]) -> bool | None:
    """Tell whether a bucket is versioned; None if the preview does not show it."""
    status = at(inputs, "versioningConfiguration", "status")
    enabled = at(_one(inputs, "versioning"), "enabled")
    if closed(status) or closed(at(inputs, "versioningConfiguration")) or closed(enabled) or closed(at(inputs, "versioning")):
        return None
    return status == "Enabled" or bool(truth(enabled))


def _one(holder: Mapping[str, Any], key: str) -> object:
    """Return a part that the older types hold in a list: ``expiration: {…}`` or ``expirations: [{…}]``."""
    part = at(holder, key)
    listed = part if isinstance(part, list) else at(holder, f"{key}s") if part is None else None
    return listed[0] if isinstance(listed, list) and listed else part


@dataclass(frozen=True, slots=True)
class _Expiry:
    """One deletion by a lifecycle rule.

    Attributes:
        what: Kind of objects.
        prefix: Beginning of their keys.
        tags: Tags that they must have, each as JSON.
        other: Further conditions, as JSON.
        days: Age at which they are deleted.
        newer: Number of newer versions that are kept whatever their age.
    """

    what: str
    prefix: str
    tags: frozenset[str]
    other: str
    days: int
    newer: int

    def covers(self, new: _Expiry) -> bool:
        """Tell whether everything that another deletion deletes is deleted by this one already."""
        wider = new.prefix.startswith(self.prefix) and self.tags <= new.tags and self.other in ("", new.other)
        return wider and self.what == new.what and self.days <= new.days and self.newer <= new.newer

    @property
    def scope(self) -> tuple[str, str, frozenset[str], str]:
        """What it applies to."""
        return (self.what, self.prefix, self.tags, self.other)

    def told(self) -> str:
        """Return age and exceptions of the deleted objects."""
        kept = f", beyond {self.newer} newer ones" if self.newer else ""
        return f"after {self.days} day{'s'[self.days == 1 :]}{kept}"


def of_lifecycle_change(step: Step, around: Surroundings) -> Iterator[Loss]:
    """Yield what a bucket's new lifecycle rules delete beyond the old ones; also of rules that are new for an existing bucket."""
    if step.new is None:
        return
    new = step.new.inputs
    elsewhere = step.old is None or (step.fate == "replace" and at(step.old.inputs, "bucket") != at(new, "bucket"))
    is_bucket = ":Bucket" in step.type and "Lifecycle" not in step.type
    sure: Verdict | None = "lost" if not elsewhere else None if is_bucket else _certainty(text(new, "bucket"), around)
    if sure is None:
        return
    before = () if elsewhere or step.old is None else tuple(_expiries(step.old.inputs))
    if _hidden(new) and (elsewhere or step.old is None or _rules(step.old.inputs) != _rules(new)):
        yield Loss("check", "objects", f"a lifecycle rule is {UNSEEN}: it may delete objects")
    for expiry in _expiries(new):
        if not any(one.covers(expiry) for one in before):
            earlier = [one.told() for one in before if one.scope == expiry.scope]
            below = f" below {expiry.prefix}" if expiry.prefix else ""
            told = f"{earlier[0]} → {expiry.told()}" if earlier else expiry.told()
            yield Loss(sure, f"{expiry.what}{below}", f"a lifecycle rule deletes them {told}: older ones go within days of the update")


def _certainty(bucket: str | None, around: Surroundings) -> Verdict | None:
    """Return the verdict on rules that are new for a bucket: certain if it exists, none if it is new, to be checked otherwise."""
    if bucket in around.buckets:
        return "lost" if bucket is not None or not around.fresh_buckets else "check"
    if bucket is None:  # an output of one of the stack's buckets
        return "check" if around.buckets and around.fresh_buckets else "lost" if around.buckets else None
    return None if bucket in around.fresh_buckets else "check"


def _rules(inputs: Mapping[str, Any]) -> object:
    return at(inputs, "rules") if at(inputs, "rules") is not None else at(inputs, "lifecycleRules")


def _hidden(inputs: Mapping[str, Any]) -> bool:
    return closed(_rules(inputs))


def _expiries(inputs: Mapping[str, Any]) -> Iterator[_Expiry]:
    for rule in mappings({"rules": _rules(inputs)}, "rules"):
        enabled = at(rule, "status") == "Enabled" if "status" in rule else truth(at(rule, "enabled"))
        if enabled is False or at(rule, "status") == "Disabled":
            continue
        scope = _scope(rule)
        current, old = _one(rule, "expiration"), _one(rule, "noncurrentVersionExpiration")
        date = text(current, "date")
        days = 0 if date else whole(at(current, "days"))
        if days or date:
            other = "; ".join(part for part in (scope[2], date) if part)
            yield _Expiry(_OBJECTS, scope[0], scope[1], other, days or 0, 0)
        age, newer = (whole(at(old, *keys)) for keys in (("noncurrentDays",), ("newerNoncurrentVersions",)))
        age = whole(at(old, "days")) if age is None else age
        if age is not None or newer is not None:
            yield _Expiry(_VERSIONS, *scope, age or 0, newer or 0)


def _scope(rule: Mapping[str, Any]) -> tuple[str, frozenset[str], str]:
    """Return the objects that a rule applies to: prefix, tags, and further conditions."""
    chosen = mapping({"filter": _one(rule, "filter")}, "filter")
    both = mapping({"and": _one(chosen, "and")}, "and")
    prefix = next((one for holder in (both, chosen, rule) if (one := text(holder, "prefix"))), "")
    named = [*mappings(chosen, "tag"), *([chosen["tag"]] if isinstance(chosen.get("tag"), dict) else [])]
    tags = {json.dumps([tag.get("key"), tag.get("value")], default=repr) for tag in named}
    tags |= {json.dumps([key, value], default=repr) for holder in (both, rule) for key, value in mapping(holder, "tags").items()}
    bounds = {key: at(holder, key) for holder in (both, chosen) for key in ("objectSizeGreaterThan", "objectSizeLessThan")}
    given = {key: value for key, value in bounds.items() if value is not None}
    return prefix, frozenset(tags), json.dumps(given, default=repr, sort_keys=True) if given else ""
