"""AWS identity of pods: a role, permission to assume it, and the Secret with the SDK's config files."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as k8s

from stack.specification import manifest
from stack.specification.archive import iam

if TYPE_CHECKING:
    from stack.specification.archive.iam import Document
    from stack.specification.archive.identity import PodIdentity


@dataclass(frozen=True, kw_only=True)
class IdentityResources:
    """Resources of an identity that its users need.

    Attributes:
        role_arn: ARN of the role, or None without AWS.
        ready: Resources that must exist before the pods can use it.
    """

    role_arn: pulumi.Output[str] | None = None
    ready: tuple[pulumi.Resource, ...] = ()


@dataclass(frozen=True, kw_only=True)
class IdentityFactory:
    """A role for one component's pods, assumed with the cluster's identity or with a key that has no other permission.

    Attributes:
        parent: Parent component.
        prefix: First part of the logical names.
        spec: Specification of the identity, or None if an existing Secret holds it.
        namespace: Namespace of the pods.
    """

    parent: pulumi.ComponentResource
    prefix: str
    spec: PodIdentity | None
    namespace: pulumi.Input[str]

    def declare(self) -> IdentityResources:
        """Declare the role, its permissions and the pods' Secret; declare nothing if an existing Secret holds the identity."""
        spec = self.spec
        if spec is None:
            return IdentityResources()
        role, files, dependencies = self._with_token(spec, spec.trust_pods) if spec.trust_pods else self._with_key(spec)
        metadata: manifest.Manifest = {"name": spec.secret, "namespace": self.namespace, "labels": manifest.labels(spec.component)}
        secret = k8s.core.v1.Secret(f"{self.prefix}-credentials", metadata=metadata, string_data=files, opts=self._child)
        return IdentityResources(role_arn=role.arn, ready=(*dependencies, secret))

    @property
    def _child(self) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self.parent)

    def _with_key(self, spec: PodIdentity) -> tuple[aws.iam.Role, pulumi.Output[dict[str, str]], list[pulumi.Resource]]:
        """Declare a user whose key may only assume the role."""
        name, child = self.prefix, self._child
        user = aws.iam.User(f"{name}-user", name=spec.user, force_destroy=True, opts=child)
        role = self._role(spec, user.arn.apply(lambda arn: json.dumps(iam.trust(arn))))
        assume = aws.iam.UserPolicy(f"{name}-assume", name=f"{name}-assume", user=user.name, policy=json.dumps(spec.assume), opts=child)
        key = aws.iam.AccessKey(
            f"{name}-key", user=user.name, opts=pulumi.ResourceOptions(parent=self.parent, replacement_trigger=spec.rotation)
        )
        files: pulumi.Output[dict[str, str]] = pulumi.Output.all(key.id, key.secret, role.arn).apply(
            lambda parts: iam.aws_files(parts[0], parts[1], parts[2], spec.region, spec.sts_endpoint, spec.component)
        )
        return role, files, [assume, *self._rights(spec, role)]

    def _with_token(self, spec: PodIdentity, trust: Document) -> tuple[aws.iam.Role, pulumi.Output[dict[str, str]], list[pulumi.Resource]]:
        """Declare a role that trusts the pod's service account token, through the cluster's identity provider; a token lasts one hour."""
        role = self._role(spec, json.dumps(trust))
        return role, role.arn.apply(lambda arn: iam.token_files(arn, spec.region, spec.component)), self._rights(spec, role)

    def _role(self, spec: PodIdentity, trust: pulumi.Input[str]) -> aws.iam.Role:
        return aws.iam.Role(f"{self.prefix}-role", name=spec.role, assume_role_policy=trust, opts=self._child)

    def _rights(self, spec: PodIdentity, role: aws.iam.Role) -> list[pulumi.Resource]:
        # With its own name: a policy whose creation broke off is then written again by the next run. Under a name that the
        # engine makes up it would stay with the role, as undeclared rights, and IAM would refuse to delete the role.
        names = {f"{self.prefix}-{right}": json.dumps(document) for right, document in spec.rights.items()}
        return [aws.iam.RolePolicy(name, name=name, role=role.name, policy=policy, opts=self._child) for name, policy in names.items()]
