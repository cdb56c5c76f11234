"""IAM users, roles, their inline policies and access keys."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from sandbox.engine.aws.clients import absent
from sandbox.engine.aws.shapes import same_document
from sandbox.engine.family import Change

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from plan.values import Json
    from sandbox.engine.aws.clients import Client


def found(call: Callable[..., Mapping[str, Any]], **arguments: str) -> Mapping[str, Any] | None:
    """Give the answer of a look-up, or None when there is no such thing."""
    try:
        return call(**arguments)
    except ClientError as error:
        if absent(error):
            return None
        raise


def ensure_user(iam: Client, name: str, inputs: Mapping[str, Any]) -> tuple[Change, dict[str, Any]]:
    """Make the user unless there is one."""
    answer, change = found(iam.get_user, UserName=name), Change.UNCHANGED
    if answer is None:
        answer, change = iam.create_user(UserName=name, Path=inputs.get("path") or "/"), Change.CREATED
    user = answer["User"]
    return change, {"name": name, "arn": user["Arn"], "uniqueId": user["UserId"]}


def delete_user(iam: Client, name: str) -> None:
    """Delete a user with all its access keys."""
    keys = found(iam.list_access_keys, UserName=name) or {}
    for key in keys.get("AccessKeyMetadata", []):
        iam.delete_access_key(UserName=name, AccessKeyId=key["AccessKeyId"])
    found(iam.delete_user, UserName=name)


def ensure_role(iam: Client, name: str, inputs: Mapping[str, Any]) -> tuple[Change, dict[str, Any]]:
    """Make the role, or correct who may assume it and for how long."""
    trust = _text(inputs["assumeRolePolicy"])
    session_s = inputs.get("maxSessionDuration") or 3600
    answer, change = found(iam.get_role, RoleName=name), Change.UNCHANGED
    if answer is None:
        answer = iam.create_role(
            RoleName=name,
            Path=inputs.get("path") or "/",
            AssumeRolePolicyDocument=trust,
            Description=inputs.get("description") or "",
            MaxSessionDuration=session_s,
        )
        change = Change.CREATED
    elif not same_document(answer["Role"]["AssumeRolePolicyDocument"], trust):
        iam.update_assume_role_policy(RoleName=name, PolicyDocument=trust)
        change = Change.UPDATED
    role = answer["Role"]
    if change is not Change.CREATED and role.get("MaxSessionDuration", 3600) != session_s:
        iam.update_role(RoleName=name, MaxSessionDuration=session_s)
        change = Change.UPDATED
    return change, {"name": name, "arn": role["Arn"], "uniqueId": role["RoleId"]}


def delete_role(iam: Client, name: str) -> None:
    """Delete a role."""
    found(iam.delete_role, RoleName=name)


def ensure_inline_policy(iam: Client, owner: str, owner_name: str, name: str, policy: Json) -> Change:
    """Write the inline policy of a `user` or `role` unless it says the same already."""
    who, document = {f"{owner.capitalize()}Name": owner_name, "PolicyName": name}, _text(policy)
    live = found(getattr(iam, f"get_{owner}_policy"), **who)
    if live is not None and same_document(live["PolicyDocument"], document):
        return Change.UNCHANGED
    getattr(iam, f"put_{owner}_policy")(**who, PolicyDocument=document)
    return Change.CREATED if live is None else Change.UPDATED


def delete_inline_policy(iam: Client, owner: str, owner_name: str, name: str) -> None:
    """Delete the inline policy of a `user` or `role`."""
    found(getattr(iam, f"delete_{owner}_policy"), **{f"{owner.capitalize()}Name": owner_name, "PolicyName": name})


def ensure_access_key(iam: Client, user: str, remembered: Mapping[str, Any] | None) -> tuple[Change, dict[str, Any]]:
    """Give the key of an earlier run while the emulator still has it, else a new one.

    `remembered` is None when there was no earlier run, and empty when one was cut off: its key, whose secret nobody
    saw, is deleted. So a user of the sandbox has one key.
    """
    live = iam.list_access_keys(UserName=user)["AccessKeyMetadata"]
    if remembered and any(key["AccessKeyId"] == remembered["id"] for key in live):
        return Change.UNCHANGED, dict(remembered)
    for key in live if remembered is not None else []:
        iam.delete_access_key(UserName=user, AccessKeyId=key["AccessKeyId"])
    made = iam.create_access_key(UserName=user)["AccessKey"]
    outputs = {"id": made["AccessKeyId"], "secret": made["SecretAccessKey"], "user": user, "status": made["Status"]}
    return Change.UPDATED if remembered else Change.CREATED, outputs


def delete_access_key(iam: Client, user: str, key_id: str) -> None:
    """Delete one key of a user."""
    found(iam.delete_access_key, UserName=user, AccessKeyId=key_id)


def _text(document: Json) -> str:
    return document if isinstance(document, str) else json.dumps(document)
