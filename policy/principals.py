"""Principals of resource policies and trust policies by meaning: does a statement allow everybody, or callers that it names?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from policy.addresses import number_of
from policy.iam_documents import is_document, is_wild, listed, restrictions, sid, statements
from stack.problem import Problem
from stack.unknown import Unknown

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

# Condition keys that name callers (S3 user guide, "The meaning of public").
_NAMES = {
    "aws:principalaccount",
    "aws:principalorgid",
    "aws:sourceaccount",
    "aws:sourceorgid",
    "aws:sourceowner",
    "aws:sourcevpc",
    "aws:sourcevpce",
    "kms:calleraccount",
    "elasticfilesystem:accessedviamounttarget",
    "lambda:functionurlauthtype",
    "s3:dataaccesspointaccount",
}
# Keys whose value begins with a name, each with the character after it.
_BEGINNINGS = {"aws:principalorgpaths": "/", "aws:sourceorgpaths": "/", "aws:userid": ":"}
_ARNS = {"aws:principalarn", "aws:sourcearn", "s3:dataaccesspointarn"}
# Not aws:VpcSourceIp: every account has networks with the same private addresses.
_ADDRESSES = {"aws:sourceip"}
# Number of addresses in the widest ranges that still name callers: two IPv4 /8, such as all private ones, or an IPv6 /32.
_WIDEST = {4: 2**25, 6: 2**96}
_ACCOUNT = 4
# Identity providers whose audience names one application; all others are told apart by the subject.
_BY_AUDIENCE = {
    "accounts.google.com": ("aud", "oaud", "sub"),
    "cognito-identity.amazonaws.com": ("aud", "sub"),
    "graph.facebook.com": ("app_id",),
    "www.amazon.com": ("app_id",),
}
NO_DOCUMENT = Problem(
    rule="the policy is no JSON document with statements, so nothing judges it", cure="write the policy as JSON, by json.dumps"
)


# Services that read what a policy allows them for whoever configures them, in any account.
_FOR_EVERYBODY = {"cloudfront.amazonaws.com", "serverlessrepo.amazonaws.com"}


def _acts_for_everybody(statement: Mapping[str, Any]) -> bool:
    principal = statement.get("Principal")
    services = listed(principal.get("Service")) if isinstance(principal, Mapping) else []
    return any(service in _FOR_EVERYBODY for service in services)


def names_everybody(statement: Mapping[str, Any]) -> bool:
    """Return whether the principal of a statement is everybody, before its conditions."""
    if "NotPrincipal" in statement:
        return True
    principal = statement.get("Principal")
    values = [one for said in principal.values() for one in listed(said)] if isinstance(principal, Mapping) else listed(principal)
    return any(is_wild(value) for value in values)


def allows_everybody(statement: Mapping[str, Any]) -> bool:
    """Return whether a statement of a resource policy allows everybody, since no condition restricts it to named callers."""
    wide = names_everybody(statement) or _acts_for_everybody(statement)
    return statement.get("Effect") == "Allow" and wide and not _named(statement)


def admissions(document: object) -> Iterator[Problem]:
    """Yield each statement of a resource policy that allows everybody; nothing for a document that is unknown or absent."""
    if document is None or isinstance(document, Unknown):
        return
    if not is_document(document):
        yield NO_DOCUMENT
        return
    for statement in statements(document):
        if allows_everybody(statement):
            who = "all principals" if names_everybody(statement) else "a service that acts for every account"
            yield Problem(rule=f"statement {sid(statement)} allows {who}", cure="list the accounts or roles, or set aws:SourceArn")


def _named(statement: Mapping[str, Any]) -> bool:
    return any(_names_callers(operator, key, values) for operator, key, values in restrictions(statement))


def _names_callers(operator: str, key: str, values: Sequence[str]) -> bool:
    if not values:
        return False
    if key in _ADDRESSES:
        return operator == "ipaddress" and _narrow(values)
    if key in _BEGINNINGS:
        return not any(is_wild(value.partition(_BEGINNINGS[key])[0]) for value in values)
    if key in _ARNS:
        return all(_named_arn(value) for value in values)
    return key in _NAMES and not any(is_wild(value) for value in values)


def _named_arn(value: str) -> bool:
    """Return whether a pattern of ARNs names an account, or a bucket, whose name is unique in all accounts."""
    parts = value.split(":", _ACCOUNT + 1)
    if len(parts) <= _ACCOUNT + 1 or is_wild("".join(parts[:3])):
        return False
    if parts[_ACCOUNT] and parts[2] != "s3":
        return not is_wild(parts[_ACCOUNT])
    return not is_wild(parts[_ACCOUNT + 1].partition("/")[0])


def _narrow(values: Sequence[str]) -> bool:
    """Return whether address ranges together are narrow enough to name a caller's network."""
    try:
        four, six = number_of(values)
    except ValueError:
        return False
    return four <= _WIDEST[4] and six <= _WIDEST[6]


def trust_problem(statement: Mapping[str, Any]) -> tuple[str, str] | None:
    """Return what is wrong with a statement of a trust policy, and the cure; None where it names its callers."""
    if statement.get("Effect") != "Allow":
        return None
    principal = statement.get("Principal")
    if names_everybody(statement):
        return None if _named(statement) else ("trusts every principal", "name the account, role or service in Principal")
    for provider in listed(principal.get("Federated")) if isinstance(principal, Mapping) else []:
        problem = _federated_problem(provider, statement)
        if problem:
            return problem
    return None


def _federated_problem(provider: str, statement: Mapping[str, Any]) -> tuple[str, str] | None:
    if ":saml-provider/" in provider:
        return None
    issuer = provider.partition(":oidc-provider/")[2] or provider
    keys = _BY_AUDIENCE.get(issuer.lower(), ("sub",))
    wanted = {f"{issuer}:{key}".lower() for key in keys}
    said = [values for _operator, key, values in restrictions(statement) if key in wanted and values]
    if any(all(_names_subject(value) for value in values) for values in said):
        return None
    key = f"{issuer}:{keys[0]}"
    return (
        f"trusts every identity of {issuer}, since no condition names a subject",
        f"add the condition StringEquals on {key} with the repository, service account or application",
    )


def _names_subject(value: str) -> bool:
    """Return whether a subject names its owner: a repository, a namespace of service accounts, or a literal beginning."""
    if not is_wild(value):
        return bool(value)
    parts = value.split(":")
    if parts[0] == "repo":
        owner, _, repository = (parts[1] if len(parts) > 1 else "").partition("/")
        return bool(owner and repository) and not is_wild(owner + repository)
    if parts[:2] == ["system", "serviceaccount"]:
        return len(parts) > 3 and bool(parts[2]) and not is_wild(parts[2])  # noqa: PLR2004 - system, serviceaccount, namespace, name
    if is_wild(parts[0]):
        return False
    return len(parts) == 1 or (bool(parts[1]) and not is_wild(parts[1].split("/")[0]))
