"""The schema registry as a workload: one pod, its users, and its published port."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi
import pulumi_random as random

from components.objects import Objects
from specification import manifest
from specification.streaming import registry

if TYPE_CHECKING:
    from collections.abc import Sequence

    from components.streaming.contract import StreamingArgs


class RegistryService(pulumi.ComponentResource):
    """The schema registry; compatibility FULL, a password for everyone."""

    service: pulumi.Resource
    operator_password: pulumi.Output[str]

    def __init__(
        self, name: str, args: StreamingArgs, topics: Sequence[pulumi.Resource], opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Declare the registry, which cannot start without its topics."""
        super().__init__("cdc:streaming:RegistryService", name, None, opts)
        objects = Objects(parent=self, prefix=name, namespace=args.ground.namespace, component=registry.NAME)
        users = (registry.WORKER_USER, registry.OPERATOR_USER)
        passwords = {
            user: random.RandomPassword(
                f"{name}-{user}-password", length=32, special=False, keepers=args.rotation.keepers("registry"), opts=objects.options()
            ).result
            for user in users
        }
        login = pulumi.Output.all(**passwords).apply(lambda known: registry.login_files(args.registry.kind, known))
        files = registry.config_files(args.names, args.registry, args.kafka.external)
        mounted = [
            objects.account(),
            objects.files("schema-registry-config", files),
            objects.secret("schema-registry-login", login),
            objects.secret(registry.CLIENT_SECRET, {"username": registry.WORKER_USER, "password": passwords[registry.WORKER_USER]}),
        ]
        pod = registry.registry_pod(args.registry, args.registry_image)
        checksum = manifest.checksum(files, args.rotation.words("registry"))
        workload = objects.deployment(pod, checksum, [*mounted, *topics])
        self.service = objects.published(args.reach.registry, workload)
        self.operator_password = passwords[registry.OPERATOR_USER]
        self.register_outputs({})
