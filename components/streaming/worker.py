"""The Connect worker as a workload: one pod with the plugins in its image, its REST interface behind a password."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi

from components import manifest
from components.names import CONNECT_PORT
from components.objects import Objects
from components.properties import properties_text
from components.streaming import connect, kafka, pods

if TYPE_CHECKING:
    from collections.abc import Sequence

    from components.streaming.contract import StreamingArgs

CONNECT_USER = "operator"
_HELD = ("debezium", "catalog", "connect", "registry")
"""Credentials that the worker reads once, when it or a connector starts."""


class Worker(pulumi.ComponentResource):
    """Kafka Connect, distributed mode, one worker."""

    service: pulumi.Resource
    rollout: str

    def __init__(
        self,
        name: str,
        args: StreamingArgs,
        password: pulumi.Output[str],
        after: Sequence[pulumi.Resource],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declare the worker, which needs its topics and whatever its Secrets come from."""
        super().__init__("cdc:streaming:Worker", name, None, opts)
        objects = Objects(parent=self, prefix=name, namespace=args.ground.namespace, component="connect")
        files = {
            "worker.properties": properties_text(connect.worker_properties(args.names, args.connect.extra)),
            "log4j2.properties": kafka.LOGGING,
        }
        mounted = [
            objects.account(),
            objects.files("connect-config", files),
            objects.secret("connect-rest", password.apply(lambda known: connect.login_files(CONNECT_USER, known))),
        ]
        pod = pods.connect_pod(
            args.connect,
            args.connect_image,
            catalog=args.source.catalog_secret is not None,
            archive_secret=args.rotation.archive_secret,
        )
        checksum = manifest.checksum(files, args.rotation.words(*_HELD))
        self.rollout = manifest.checksum(checksum, pod)
        workload = objects.deployment(pod, checksum, [*mounted, *after])
        self.service = objects.published("connect", CONNECT_PORT, args.connect_port.node, workload)
        self.register_outputs({})
