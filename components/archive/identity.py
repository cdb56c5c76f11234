"""Who the worker is in AWS: the role with the rights, what lets the worker assume it, and the Secret by which it learns how."""

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
    from settings.archive import ArchiveSettings, WebIdentity
    from settings.names import Names
    from settings.rotation import Rotation


@dataclass(frozen=True, kw_only=True)
class Writer:
    """What the worker is, once it is declared.

    Attributes:
        role_arn: The role with the rights, or None where there is no AWS.
        ready: What must be there before the worker can write.
    """

    role_arn: pulumi.Output[str] | None
    ready: tuple[pulumi.Resource, ...]


@dataclass(frozen=True, kw_only=True)
class WriterIdentity:
    """A role that can do nothing but write the archive; by the cluster's own identity, or by a key that is good for one thing.

    Attributes:
        parent: The component that it belongs to.
        prefix: First part of the logical names.
        settings: Bucket, format, and how the worker is known.
        names: The pipeline's names.
        namespace: The worker's namespace.
        rotation: Which credentials are made anew.
    """

    parent: pulumi.ComponentResource
    prefix: str
    settings: ArchiveSettings
    names: Names
    namespace: pulumi.Input[str]
    rotation: Rotation

    def declare(self) -> Writer:
        """Declare the role, its rights, and the worker's Secret; nothing where somebody else has made that Secret."""
        if self.settings.endpoint is not None:
            return Writer(role_arn=None, ready=())
        by = self.settings.web_identity
        role, files, made = self._with_key() if by is None else self._with_token(by)
        metadata: manifest.Manifest = {
            "name": self.rotation.archive_secret,
            "namespace": self.namespace,
            "labels": manifest.labels("connect"),
        }
        secret = k8s.core.v1.Secret(f"{self.prefix}-credentials", metadata=metadata, string_data=files, opts=self._child)
        return Writer(role_arn=role.arn, ready=(*made, secret))

    @property
    def _child(self) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self.parent)

    @property
    def _role_name(self) -> str:
        return f"{self.settings.bucket}-writer"

    def _with_key(self) -> tuple[aws.iam.Role, pulumi.Output[dict[str, str]], list[pulumi.Resource]]:
        """A user whose key may only assume the role."""
        name, child, settings = self.prefix, self._child, self.settings
        user = aws.iam.User(f"{name}-user", name=f"{settings.bucket}-connect", force_destroy=True, opts=child)
        role = self._role(user.arn.apply(lambda arn: json.dumps(iam.trust(arn))))
        assume = aws.iam.UserPolicy(f"{name}-assume", user=user.name, policy=json.dumps(iam.assume_only(self._role_name)), opts=child)
        # a trigger that was absent before replaces nothing, hence a word from the start
        asked = pulumi.ResourceOptions(parent=self.parent, replacement_trigger=self.rotation.archive or "-")
        key = aws.iam.AccessKey(f"{name}-key", user=user.name, opts=asked)
        files: pulumi.Output[dict[str, str]] = pulumi.Output.all(key.id, key.secret, role.arn).apply(
            lambda made: iam.aws_files(made[0], made[1], made[2], settings.region, settings.pod_url)
        )
        return role, files, [assume, *self._rights(role)]

    def _with_token(self, by: WebIdentity) -> tuple[aws.iam.Role, pulumi.Output[dict[str, str]], list[pulumi.Resource]]:
        """The pod's own token, which AWS believes because it knows the cluster; nothing lasts longer than an hour."""
        settings = self.settings
        role = self._role(json.dumps(iam.trust_pods(by.provider_arn, by.audience, self.names.namespace, "connect")))
        return role, role.arn.apply(lambda arn: iam.token_files(arn, settings.region)), self._rights(role)

    def _role(self, trust: pulumi.Input[str]) -> aws.iam.Role:
        return aws.iam.Role(f"{self.prefix}-role", name=self._role_name, assume_role_policy=trust, opts=self._child)

    def _rights(self, role: aws.iam.Role) -> list[pulumi.Resource]:
        settings = self.settings
        documents = {"write": iam.write_archive(settings.bucket, reads=settings.format == "iceberg")}
        if settings.format == "iceberg" and settings.catalog == "glue":
            documents["catalog"] = iam.use_catalog(settings.region, self.names.archive_namespace)
        if settings.kms_key_arn is not None:
            documents["key"] = iam.use_key(settings.kms_key_arn, settings.region)
        return [
            aws.iam.RolePolicy(f"{self.prefix}-{right}", role=role.name, policy=json.dumps(document), opts=self._child)
            for right, document in documents.items()
        ]
