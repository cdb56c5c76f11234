"""IAM policy documents by meaning: statements, actions, and whether a resource is one named thing or more than that."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from stack.unknown import Unknown

_PARTS = 6
_TABLE = Path(__file__).parent / "tables" / "actions_without_resource.txt"
# Services whose resources begin with the name itself, without a type before it.
_WITHOUT_TYPE = {"sqs", "sns", "execute-api", "codecommit", "codestar-connections"}
# Services in whose names a slash separates nothing, so that the name reaches to the end or to the next colon.
_FLAT_NAMES = {"iam", "logs", "secretsmanager", "sts"}
# Services whose names form folders.
_IN_FOLDERS = {"logs", "secretsmanager"}
# Types in front of a second type or an identifier that AWS chooses, each with its shape.
_LONGER_TYPES = (
    re.compile(r"(?:loadbalancer|listener|listener-rule)/(?:app|net|gwy)/(?P<name>.*)"),
    re.compile(r"(?:autoScalingGroup|launchConfiguration|scalingPolicy):[^:]*:(?:autoScalingGroup|launchConfiguration)Name/(?P<name>.*)"),
)
# Variables that the caller's identity fixes; a request decides all others.
_OF_THE_CALLER = re.compile(
    r"\$\{(aws:(username|userid|Principal(Account|Arn|OrgID|Tag/[^}*?]+))|[a-z0-9.-]+:(sub|aud)|[*?$])\}", re.IGNORECASE
)
_ANY_VARIABLE = re.compile(r"\$\{[^}]*\}")
# Suffix of every secret's ARN, which AWS chooses.
_RANDOM_SUFFIX = "-??????"
_BY_TAG = re.compile(r"([a-z0-9-]+:resourcetag/.+|ssm:resourcetag/.+|kms:resourcealiases|kms:requestalias)", re.IGNORECASE)


def statements(document: object) -> list[Mapping[str, Any]]:
    """Return the statements of a policy document, from text or from an object.

    Raises:
        TypeError: If the document is neither.
    """
    parsed = json.loads(document) if isinstance(document, str) else document
    if not isinstance(parsed, Mapping):
        message = "not a policy document"
        raise TypeError(message)
    found: Any = parsed.get("Statement") or []
    return [found] if isinstance(found, Mapping) else list(found)


def is_document(document: object) -> bool:
    """Return whether a value is a policy document: JSON, or an object, whose statements are objects."""
    try:
        return all(isinstance(one, Mapping) for one in statements(document))
    except (TypeError, ValueError, RecursionError):
        return False


def listed(value: object) -> list[str]:
    """Return a value that may be one text or a list of texts as a list."""
    return [_text(item) for item in value] if isinstance(value, (list, tuple)) else [] if value is None else [_text(value)]


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def sid(statement: Mapping[str, Any]) -> str:
    """Return the name of a statement for messages."""
    return str(statement.get("Sid", "?"))


def matches(pattern: str, text: str) -> bool:
    """Return whether text fits a pattern of IAM, in which ``*`` stands for any characters and ``?`` for one."""
    return (
        re.fullmatch("".join(".*" if one == "*" else "." if one == "?" else re.escape(one) for one in pattern), text, re.DOTALL) is not None
    )


@functools.cache
def actions_without_resource() -> frozenset[str]:
    """Return the actions of AWS that know no resource, in lower case, which IAM does not tell apart."""
    lines = (line.partition(": ") for line in _TABLE.read_text(encoding="utf-8").splitlines() if not line.startswith("#"))
    return frozenset(f"{service}:{name}".lower() for service, _, names in lines for name in names.split())


def is_wild(text: str) -> bool:
    """Return whether text contains a wildcard, or a variable that a request decides."""
    fixed = _fixed(text)
    return "*" in fixed or "?" in fixed


def _fixed(text: str) -> str:
    """Return text with every variable as what it stands for: something, if the caller's identity fixes it, or anything."""
    return _ANY_VARIABLE.sub("*", _OF_THE_CALLER.sub("variable", text))


def wider_than_a_name(resource: object) -> str | None:
    """Return the cure for a resource that is wider than one named thing and what is below it; None for a named thing.

    Args:
        resource: An element of ``Resource`` in an Allow statement.
    """
    if isinstance(resource, Unknown):
        return "build the ARN from names"
    parts = _fixed(str(resource)).split(":", _PARTS - 1)
    if len(parts) != _PARTS or parts[0] != "arn":
        return "write the ARN of a bucket, prefix, table or other named thing: arn:aws:<service>:<region>:<account>:<resource>"
    _arn, partition, service, region, account, rest = parts
    for part, value in (("partition", partition), ("service", service), ("region", region)):
        if is_wild(value):
            return f"write the {part} without a wildcard"
    if account != "*" and is_wild(account):
        return "write the account in full"
    if service == "s3" and not region and not account:
        return "name the bucket; only the key may contain wildcards" if not rest or is_wild(rest.partition("/")[0]) else None
    return _unnamed(service, rest)


def _unnamed(service: str, rest: str) -> str | None:
    """Return the cure for the last part of an ARN that names nothing; None when it names something."""
    kind, name = _kind_and_name(service, rest)
    if not rest or is_wild(kind):
        return "name the resource"
    if name is None:
        return None
    if service == "secretsmanager":
        name = name.removesuffix(_RANDOM_SUFFIX)
    if service in _IN_FOLDERS and _in_a_folder(name):
        return None
    if not name or is_wild(name):
        return f"name the {kind}" if kind else "name the resource"
    return None


def _in_a_folder(name: str) -> bool:
    """Return whether a name begins with a folder of one's own, as ``shop/*`` and ``/shop/*`` do; ``/aws/lambda/`` is one of AWS."""
    *folders, last = name.removeprefix("/").split("/")
    own = folders[2:] or ([] if last.startswith("*") else [last.rstrip("*")]) if folders[:1] == ["aws"] else folders
    return bool(folders) and bool(own) and all(own) and not any(map(is_wild, (*folders, *own)))


def _kind_and_name(service: str, rest: str) -> tuple[str, str | None]:
    """Split the last part of an ARN into its type and its name; the name is None for a thing of which an account has only one."""
    for longer in _LONGER_TYPES:
        found = longer.fullmatch(rest)
        if found:
            return rest.partition("/")[0].partition(":")[0], found["name"].partition("/")[0]
    if service in _WITHOUT_TYPE:
        return "", re.split("[/:]", rest, maxsplit=1)[0]
    separator = re.search("[/:]", rest)
    if separator is None:
        return rest, None
    kind, after = rest[: separator.start()], rest[separator.end() :]
    if service in _FLAT_NAMES:
        return kind, after if service == "iam" else after.partition(":")[0]
    return kind, re.split("[/:]", after.removeprefix("/"), maxsplit=1)[0]


def named_by_condition(statement: Mapping[str, Any]) -> bool:
    """Return whether a condition restricts a statement to resources with a literal tag or alias."""
    condition = statement.get("Condition")
    present = condition.get("Null") if isinstance(condition, Mapping) else None
    if isinstance(present, Mapping) and any(_BY_TAG.fullmatch(str(key)) and listed(said) == ["false"] for key, said in present.items()):
        return True
    actions = listed(statement.get("Action"))
    by = [_BY_TAG, *([_BY_REQUEST] if actions and all(map(_CREATES.fullmatch, actions)) else [])]
    return any(
        any(one.fullmatch(key) for one in by) and values and not any(is_wild(value) for value in values)
        for _operator, key, values in restrictions(statement)
    )


# What a new thing is called is in the request: its tags, or the action that makes it.
_BY_REQUEST = re.compile(r"aws:requesttag/.+|ec2:createaction", re.IGNORECASE)
_CREATES = re.compile(r"[a-z0-9-]+:(Create|Run|Allocate|Copy|Import|Register)[A-Za-z]+", re.IGNORECASE)


def only_describes(action: str) -> bool:
    """Return whether an action reads what things are called and how they are set up, and not what they contain."""
    return re.fullmatch(r"[a-z0-9-]+:Describe[A-Za-z]*\*?", action, re.IGNORECASE) is not None


# Identifiers that AWS chooses and nobody can know before: those of a change to a zone
_CHOSEN_BY_AWS = {"route53:getchange": re.compile(r"arn:aws[a-z-]*:route53:::change/\*")}


def chosen_by_aws(resource: object, actions: list[str]) -> bool:
    """Return whether a resource is named by AWS alone, so that an action can only be given for all of its kind."""
    return bool(actions) and all(
        action.lower() in _CHOSEN_BY_AWS and _CHOSEN_BY_AWS[action.lower()].fullmatch(str(resource)) for action in actions
    )


# Operators that require a value; their negations, ``IfExists``, ``Null`` and ``ForAllValues`` also hold for a request without the key.
_REQUIRING = {"stringequals", "stringequalsignorecase", "stringlike", "arnequals", "arnlike", "ipaddress", "bool"}


def restrictions(statement: Mapping[str, Any]) -> list[tuple[str, str, list[str]]]:
    """Return the conditions that a request must meet: operator and key in lower case, and the allowed values."""
    found = []
    condition = statement.get("Condition")
    for operator, keys in condition.items() if isinstance(condition, Mapping) else ():
        plain = str(operator).lower().removeprefix("foranyvalue:")
        if plain in _REQUIRING and isinstance(keys, Mapping):
            found += [(plain, str(key).lower(), listed(values)) for key, values in keys.items()]
    return found
