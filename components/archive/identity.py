"""The worker's AWS identity: a role, permission to assume it, and the Secret with the SDK's config files."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as k8s

from specification import manifest
from specification.archive import iam

if TYPE_CHECKING:
    from specification.archive.iam import Document
    from specification.archive.layer import Writer


@dataclass(frozen=True, kw_only=True)
class WriterResources:
    """The identity as the archive uses it.

    Attributes:
        role_arn: The role, or None where there is no AWS.
        ready: What must exist before the worker can write.
    """

    role_arn: pulumi.Output[str] | None = None
    ready: tuple[pulumi.Resource, ...] = ()


@dataclass(frozen=True, kw_only=True)
class WriterIdentity:
    """A role that can only write the archive, assumed by the cluster's own identity or by a key that can do nothing else.

    Attributes:
        parent: The component that it belongs to.
        prefix: First part of the logical names.
        spec: Its specification, or None where an existing Secret holds the identity.
        namespace: The worker's namespace.
    """

    parent: pulumi.ComponentResource
    prefix: str
    spec: Writer | None
    namespace: pulumi.Input[str]

    def declare(self) -> WriterResources:
        """Declare the role, its rights, and the worker's Secret; nothing where an existing Secret holds the identity."""
        spec = self.spec
        if spec is None:
            return WriterResources()
        role, files, made = self._with_token(spec, spec.trust_pods) if spec.trust_pods else self._with_key(spec)
        metadata: manifest.Manifest = {"name": spec.secret, "namespace": self.namespace, "labels": manifest.labels("connect")}
        secret = k8s.core.v1.Secret(f"{self.prefix}-credentials", metadata=metadata, string_data=files, opts=self._child)
        return WriterResources(role_arn=role.arn, ready=(*made, secret))

    @property
    def _child(self) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self.parent)

    def _with_key(self, spec: Writer) -> tuple[aws.iam.Role, pulumi.Output[dict[str, str]], list[pulumi.Resource]]:
        """Declare a user whose key may only assume the role."""
        name, child = self.prefix, self._child
        user = aws.iam.User(f"{name}-user", name=spec.user, force_destroy=True, opts=child)
        role = self._role(spec, user.arn.apply(lambda arn: json.dumps(iam.trust(arn))))
        assume = aws.iam.UserPolicy(f"{name}-assume", user=user.name, policy=json.dumps(spec.assume), opts=child)
        key = aws.iam.AccessKey(
            f"{name}-key", user=user.name, opts=pulumi.ResourceOptions(parent=self.parent, replacement_trigger=spec.rotation)
        )
        files: pulumi.Output[dict[str, str]] = pulumi.Output.all(key.id, key.secret, role.arn).apply(
            lambda made: iam.aws_files(made[0], made[1], made[2], spec.region, spec.sts_endpoint)
        )
        return role, files, [assume, *self._rights(spec, role)]

    def _with_token(self, spec: Writer, trust: Document) -> tuple[aws.iam.Role, pulumi.Output[dict[str, str]], list[pulumi.Resource]]:
        """Declare a role for the pod's own token, which AWS trusts because it knows the cluster; nothing lasts longer than an hour."""
        role = self._role(spec, json.dumps(trust))
        return role, role.arn.apply(lambda arn: iam.token_files(arn, spec.region)), self._rights(spec, role)

    def _role(self, spec: Writer, trust: pulumi.Input[str]) -> aws.iam.Role:
        return aws.iam.Role(f"{self.prefix}-role", name=spec.role, assume_role_policy=trust, opts=self._child)

    def _rights(self, spec: Writer, role: aws.iam.Role) -> list[pulumi.Resource]:
        return [
            aws.iam.RolePolicy(f"{self.prefix}-{right}", role=role.name, policy=json.dumps(document), opts=self._child)
            for right, document in spec.rights.items()
        ]
