"""IAM users, roles, their inline policies and access keys."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from providers.operations import Plain, ProviderError, State
from sandbox.standins.aws.clients import found, in_its_words
from sandbox.standins.aws.standin import TAGS_ALL, AwsStandIn, tag_list, tag_map
from sandbox.standins.shape import Shape, same_document

if TYPE_CHECKING:
    from collections.abc import Mapping


class User(AwsStandIn):
    """A user."""

    shape = Shape(
        token="aws:iam/user:User",  # noqa: S106  # a type token
        exclusive=True,
        optional={"name": None, "path": "/", "forceDestroy": False, "tags": None},
        learnt=("arn", "uniqueId", TAGS_ALL),
        # IAM renames in place, and so does the published plugin; the emulator then loses the keys of the renamed user.
        replaces=frozenset({"name"}),
        names=("name",),
        named="name",
    )
    steady = ("uniqueId",)

    def _ensure(self, inputs: Plain, old: Plain | None) -> State:  # noqa: ARG002  # the protocol's
        iam, name, tags = self.account.client("iam"), inputs["name"], self.all_tags(inputs)
        answer = found(iam.get_user, UserName=name)
        if answer is None:
            answer = iam.create_user(UserName=name, Path=inputs["path"], Tags=tag_list(tags))
        elif answer["User"]["Path"] != inputs["path"]:
            iam.update_user(UserName=name, NewPath=inputs["path"])
            answer = iam.get_user(UserName=name)
        live = tag_map(answer["User"].get("Tags") or [])
        if live != tags:
            if live.keys() - tags.keys():
                iam.untag_user(UserName=name, TagKeys=sorted(live.keys() - tags.keys()))
            iam.tag_user(UserName=name, Tags=tag_list(tags))
        return State(name, {**inputs, "arn": answer["User"]["Arn"], "uniqueId": answer["User"]["UserId"], TAGS_ALL: tags})

    def _live(self, resource_id: str, previous: Plain, outputs: Plain) -> State | None:  # noqa: ARG002  # the protocol's
        answer = found(self.account.client("iam").get_user, UserName=resource_id)
        if answer is None:
            return None
        user = answer["User"]
        declared = {"name": resource_id, "path": user["Path"], "forceDestroy": previous.get("forceDestroy", False)}
        tags = self.own_tags(tag_map(user.get("Tags") or []), previous)
        return State(resource_id, {**declared, "arn": user["Arn"], "uniqueId": user["UserId"], **tags})

    def _remove(self, resource_id: str, old: Plain) -> None:
        iam, name = self.account.client("iam"), resource_id
        keys = found(iam.list_access_keys, UserName=name) or {}
        left = [key["AccessKeyId"] for key in keys.get("AccessKeyMetadata", [])]
        if left and not old.get("forceDestroy"):
            message = f"user {name} still has {len(left)} access keys; set forceDestroy on it to delete them with it"
            raise ProviderError(message)
        for key in left:
            iam.delete_access_key(UserName=name, AccessKeyId=key)
        found(iam.delete_user, UserName=name)


class Role(AwsStandIn):
    """A role."""

    shape = Shape(
        token="aws:iam/role:Role",  # noqa: S106  # a type token
        exclusive=True,
        required=frozenset({"assumeRolePolicy"}),
        optional={"name": None, "path": "/", "description": None, "maxSessionDuration": 3600, "forceDetachPolicies": False, "tags": None},
        learnt=("arn", "uniqueId", "createDate", TAGS_ALL),
        replaces=frozenset({"name", "path"}),
        names=("name",),
        named="name",
        documents=frozenset({"assumeRolePolicy"}),
    )
    steady = ("arn", "uniqueId", "createDate")

    def _ensure(self, inputs: Plain, old: Plain | None) -> State:  # noqa: ARG002  # the protocol's
        iam, name, tags = self.account.client("iam"), inputs["name"], self.all_tags(inputs)
        trust, description = _text(inputs["assumeRolePolicy"]), inputs.get("description") or ""
        session_s = inputs["maxSessionDuration"]
        answer = found(iam.get_role, RoleName=name)
        if answer is None:
            answer = iam.create_role(
                RoleName=name,
                Path=inputs["path"],
                AssumeRolePolicyDocument=trust,
                Description=description,
                MaxSessionDuration=session_s,
                Tags=tag_list(tags),
            )
        role = answer["Role"]
        if not same_document(role["AssumeRolePolicyDocument"], trust):
            iam.update_assume_role_policy(RoleName=name, PolicyDocument=trust)
        if (role.get("MaxSessionDuration", 3600), role.get("Description") or "") != (session_s, description):
            iam.update_role(RoleName=name, MaxSessionDuration=session_s, Description=description)
        live = tag_map(role.get("Tags") or [])
        if live != tags:
            if live.keys() - tags.keys():
                iam.untag_role(RoleName=name, TagKeys=sorted(live.keys() - tags.keys()))
            iam.tag_role(RoleName=name, Tags=tag_list(tags))
        return State(name, {**inputs, **_learnt_of_role(role), TAGS_ALL: tags})

    def _live(self, resource_id: str, previous: Plain, outputs: Plain) -> State | None:  # noqa: ARG002  # the protocol's
        answer = found(self.account.client("iam").get_role, RoleName=resource_id)
        if answer is None:
            return None
        role = answer["Role"]
        declared = {
            "name": resource_id,
            "path": role["Path"],
            "assumeRolePolicy": _unless_same(previous.get("assumeRolePolicy"), role["AssumeRolePolicyDocument"]),
            "maxSessionDuration": role.get("MaxSessionDuration", 3600),
            "forceDetachPolicies": previous.get("forceDetachPolicies", False),
            **({"description": role["Description"]} if role.get("Description") else {}),
        }
        return State(resource_id, {**declared, **_learnt_of_role(role), **self.own_tags(tag_map(role.get("Tags") or []), previous)})

    def _remove(self, resource_id: str, old: Plain) -> None:
        iam = self.account.client("iam")
        if old.get("forceDetachPolicies"):
            for name in (found(iam.list_role_policies, RoleName=resource_id) or {}).get("PolicyNames", []):
                iam.delete_role_policy(RoleName=resource_id, PolicyName=name)
        found(iam.delete_role, RoleName=resource_id)


class InlinePolicy(AwsStandIn):
    """The inline policy of a user or a role; its id is `owner:name`."""

    owner: str

    def _ensure(self, inputs: Plain, old: Plain | None) -> State:  # noqa: ARG002  # the protocol's
        iam, document = self.account.client("iam"), _text(inputs["policy"])
        which = self._which(inputs[self.owner], inputs["name"])
        live = found(getattr(iam, f"get_{self.owner}_policy"), **which)
        if live is None or not same_document(live["PolicyDocument"], document):
            getattr(iam, f"put_{self.owner}_policy")(**which, PolicyDocument=document)
        return State(f"{inputs[self.owner]}:{inputs['name']}", dict(inputs))

    def _live(self, resource_id: str, previous: Plain, outputs: Plain) -> State | None:  # noqa: ARG002  # the protocol's
        owner, _, name = resource_id.partition(":")
        live = found(getattr(self.account.client("iam"), f"get_{self.owner}_policy"), **self._which(owner, name))
        if live is None:
            return None
        return State(resource_id, {self.owner: owner, "name": name, "policy": _unless_same(previous.get("policy"), live["PolicyDocument"])})

    def _remove(self, resource_id: str, old: Plain) -> None:
        which = self._which(old.get(self.owner) or resource_id.partition(":")[0], old.get("name") or resource_id.partition(":")[2])
        found(getattr(self.account.client("iam"), f"delete_{self.owner}_policy"), **which)

    def _which(self, owner: str, name: str) -> dict[str, str]:
        return {f"{self.owner.capitalize()}Name": owner, "PolicyName": name}


def _inline(token: str, owner: str) -> Shape:
    return Shape(
        token=token,
        required=frozenset({"policy", owner}),
        optional={"name": None},
        replaces=frozenset({owner, "name"}),
        names=(owner, "name"),
        named="name",
        documents=frozenset({"policy"}),
    )


class RolePolicy(InlinePolicy):
    """The inline policy of a role."""

    shape, owner = _inline("aws:iam/rolePolicy:RolePolicy", "role"), "role"


class UserPolicy(InlinePolicy):
    """The inline policy of a user."""

    shape, owner = _inline("aws:iam/userPolicy:UserPolicy", "user"), "user"


class AccessKey(AwsStandIn):
    """Access key of a user; its secret is readable once, at creation."""

    shape = Shape(
        token="aws:iam/accessKey:AccessKey",  # noqa: S106  # a type token
        required=frozenset({"user"}),
        optional={"status": "Active"},
        learnt=("createDate", "secret"),
        secret=("secret",),
        replaces=frozenset({"user"}),
        names=("user",),
    )
    adopts = False

    def deletes_first(self, old: Plain, new: Plain) -> bool:  # noqa: ARG002  # the protocol's
        """Never: a user may have two keys, so that one is there all the time."""
        return False

    def update(self, resource_id: str, old: Plain, new: Plain) -> State:
        """Switch it on or off."""
        with in_its_words():
            self.account.client("iam").update_access_key(UserName=new["user"], AccessKeyId=resource_id, Status=new["status"])
        return State(resource_id, {**{key: old[key] for key in self.learnt if key in old}, **new})

    def _ensure(self, inputs: Plain, old: Plain | None) -> State:  # noqa: ARG002  # the protocol's
        iam, user = self.account.client("iam"), inputs["user"]
        made = iam.create_access_key(UserName=user)["AccessKey"]
        if inputs["status"] != made["Status"]:
            iam.update_access_key(UserName=user, AccessKeyId=made["AccessKeyId"], Status=inputs["status"])
        return State(made["AccessKeyId"], {**inputs, "secret": made["SecretAccessKey"], "createDate": made["CreateDate"].isoformat()})

    def _live(self, resource_id: str, previous: Plain, outputs: Plain) -> State | None:
        iam = self.account.client("iam")
        user = (
            outputs.get("user")
            or previous.get("user")
            or (found(iam.get_access_key_last_used, AccessKeyId=resource_id) or {}).get("UserName")
        )
        listed = (found(iam.list_access_keys, UserName=user) or {}).get("AccessKeyMetadata", []) if user else []
        for key in listed:
            if key["AccessKeyId"] == resource_id:
                learnt = {name: outputs[name] for name in self.learnt if name in outputs}
                return State(resource_id, {"user": user, "status": key["Status"], **learnt})
        return None

    def _remove(self, resource_id: str, old: Plain) -> None:
        """Delete the key. A creation that broke off left no id, and a secret that nobody knows: then every key of the user goes."""
        iam, user = self.account.client("iam"), old["user"]
        listed = (found(iam.list_access_keys, UserName=user) or {}).get("AccessKeyMetadata", [])
        for key in listed:
            if not resource_id or key["AccessKeyId"] == resource_id:
                iam.delete_access_key(UserName=user, AccessKeyId=key["AccessKeyId"])


def _learnt_of_role(role: Mapping[str, Any]) -> dict[str, Any]:
    return {"arn": role["Arn"], "uniqueId": role["RoleId"], "createDate": role["CreateDate"].isoformat()}


def _unless_same(before: object, live: object) -> object:
    """Give the text of the last run while the live document means the same, else the live one as text."""
    return before if same_document(before, live) else _text(live)


def _text(document: object) -> str:
    return document if isinstance(document, str) else json.dumps(document)
