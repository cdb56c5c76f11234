"""Kafka Connect workers: pods with the plugins in their image, and a REST interface with password authentication."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi

from components.objects import ObjectFactory
from stack.specification import names
from stack.specification.streaming.connect import login_files

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from components.foundation.component import FoundationResources
    from stack.specification.streaming.parts import Connect


class ConnectComponent(pulumi.ComponentResource):
    """Kafka Connect in distributed mode: one worker, or several that share the tasks."""

    service: pulumi.Resource

    def __init__(
        self,
        name: str,
        spec: Connect,
        foundation: FoundationResources,
        passwords: Mapping[str, pulumi.Output[str]],
        after: Sequence[pulumi.Resource],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declare the workers; ``after`` lists the topics, the registry and the database that they need."""
        super().__init__("cdc:streaming:Worker", name, None, opts)
        objects = ObjectFactory(parent=self, prefix=name, namespace=foundation.namespace, component=spec.workload.component)
        mounted = [
            objects.account(),
            *(objects.files(file, files) for file, files in spec.workload.files.items()),
            objects.secret(names.CONNECT_LOGIN, pulumi.Output.all(**passwords).apply(login_files)),
        ]
        self.service = objects.published(spec.published, objects.workload(spec.workload, [*mounted, *after]))
        self.register_outputs({})
