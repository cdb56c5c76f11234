"""Specification of an AWS identity of pods: a user that may only assume a role, or a web identity, and the role's rights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stack.specification.archive.iam import Document


@dataclass(frozen=True, slots=True, kw_only=True)
class PodIdentity:
    """The AWS identity of one component's pods.

    Attributes:
        component: The component; also the name of the role's sessions.
        user: Name of the IAM user whose key may only assume the role, or None with a web identity.
        role: Name of the role.
        rights: Policy documents of the role by name.
        assume: Policy document of the user, or None.
        trust_pods: Trust policy for the cluster's own tokens, or None.
        secret: Name of the Secret with the SDK's files.
        rotation: Word of the access key; a changed word replaces the key.
        region: AWS region.
        sts_endpoint: STS as pods reach it, or None for AWS.
    """

    component: str
    user: str | None
    role: str
    rights: Mapping[str, Document]
    assume: Document | None
    trust_pods: Document | None
    secret: str
    rotation: str
    region: str
    sts_endpoint: str | None
