"""Schema registry: one pod, its users and its published Service."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi
import pulumi_random as random

from components.objects import ObjectFactory
from stack.specification import names
from stack.specification.streaming import registry

if TYPE_CHECKING:
    from collections.abc import Sequence

    from components.foundation.component import FoundationResources
    from stack.specification.streaming.parts import Registry


class RegistryComponent(pulumi.ComponentResource):
    """Schema registry with compatibility FULL and a password for every user."""

    service: pulumi.Resource
    operator_password: pulumi.Output[str]
    audit_password: pulumi.Output[str] | None

    def __init__(
        self,
        name: str,
        spec: Registry,
        foundation: FoundationResources,
        topics: Sequence[pulumi.Resource],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declare the registry after its topics, which it needs at start."""
        super().__init__("cdc:streaming:RegistryService", name, None, opts)
        objects = ObjectFactory(parent=self, prefix=name, namespace=foundation.namespace, component=registry.NAME)
        passwords = {
            user: random.RandomPassword(
                f"{name}-{user}-password", length=32, special=False, keepers=spec.keepers[user], opts=objects.options()
            ).result
            for user in spec.keepers
        }
        login = pulumi.Output.all(**passwords).apply(lambda known: registry.login_files(spec.kind, known))
        mounted = [
            objects.account(),
            *(objects.files(file, files) for file, files in spec.workload.files.items()),
            objects.secret(names.REGISTRY_LOGIN, login),
            objects.secret(names.REGISTRY_CLIENT, {"username": registry.WORKER_USER, "password": passwords[registry.WORKER_USER]}),
        ]
        self.service = objects.published(spec.published, objects.workload(spec.workload, [*mounted, *topics]))
        self.operator_password = passwords[registry.OPERATOR_USER]
        self.audit_password = passwords.get(registry.AUDIT_USER)
        self.register_outputs({})
