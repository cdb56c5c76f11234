"""Statements of policies that deny: a guard that a change takes away or narrows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from pipeline.review.inputs import at, closed, text
from pipeline.review.loss import UNSEEN, Loss
from policy.iam_documents import is_document, listed, matches, statements

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline.review.step import Step
    from pipeline.review.surroundings import Surroundings

# Properties that hold a policy document, of any resource of AWS
_HOLDERS: Final = ("policy", "policyDocument", "resourcePolicy", "assumeRolePolicy", "accessPolicy")
_LISTS: Final = ("Action", "Resource")
_OPPOSITES: Final = {"NotAction", "NotResource", "NotPrincipal"}
# Statements whose end is told one by one
_MOST: Final = 5


def of_policies(step: Step, around: Surroundings) -> Iterator[Loss]:
    """Yield the statements of a policy that no longer deny what they denied; none of a bucket that goes too."""
    if step.old is None or not step.type.startswith(("aws:", "aws-native:")) or step.fate == "forget":
        return
    if step.fate in ("delete", "replace") and ":s3" in step.type and not around.buckets & {text(step.old.inputs, "bucket"), None}:
        return
    for key in _HOLDERS:
        before = _denials(at(step.old.inputs, key))
        if not before:
            continue
        document = at(step.new.inputs, key) if step.new else None
        if closed(document) and document is not None:
            yield Loss("check", "no data", f"{key} is {UNSEEN}, and {_named(before)} may no longer hold")
            continue
        after = _denials(document)
        gone = [one for one in before if not any(_covers(other, one) for other in after)]
        if gone:
            yield Loss("check", "no data", f"{key} no longer denies what {_named(gone)} denied: afterwards other statements decide")


def _denials(document: object) -> list[Mapping[str, Any]]:
    if not isinstance(document, (str, Mapping)) or closed(document) or not is_document(document):
        return []
    return [one for one in statements(document) if one.get("Effect") == "Deny"]


def _named(gone: list[Mapping[str, Any]]) -> str:
    names = ", ".join(str(one.get("Sid") or "without a Sid") for one in gone[:_MOST])
    return f"statement {names}" + (f" and {len(gone) - _MOST} more" if len(gone) > _MOST else "")


def _covers(new: Mapping[str, Any], old: Mapping[str, Any]) -> bool:
    """Return whether a statement denies at least what another one denied."""
    if any(_plain(new.get(key)) != _plain(old.get(key)) for key in _OPPOSITES):
        return False
    wide = all(_all_matched(listed(new.get(key)), listed(old.get(key)), lower=key == "Action") for key in _LISTS)
    same_condition = not new.get("Condition") or _plain(new.get("Condition")) == _plain(old.get("Condition"))
    everybody = "*" in _principals(new.get("Principal"))
    return wide and same_condition and (everybody or _principals(old.get("Principal")) <= _principals(new.get("Principal")))


def _all_matched(patterns: list[str], texts: list[str], *, lower: bool) -> bool:
    fold = str.lower if lower else str
    return all(any(matches(fold(pattern), fold(one)) for pattern in patterns) for one in texts)


def _principals(said: object) -> set[str]:
    if isinstance(said, Mapping):
        return {"*" if one == "*" and kind == "AWS" else f"{kind}:{one}" for kind, value in said.items() for one in listed(value)}
    return set(listed(said))


def _plain(value: object) -> object:
    """Return a value in one spelling: single texts as lists, lists in order, keys of conditions in lower case."""
    if isinstance(value, Mapping):
        return {str(key).lower(): _plain(item) for key, item in value.items()}
    if value is None:
        return None
    return sorted(str(one).lower() for one in listed(value))
