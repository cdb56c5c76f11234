"""The Connect worker as a workload: pods with the plugins in their image, their REST interface behind a password."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi

from components.objects import Objects
from specification import manifest
from specification.properties import properties_text
from specification.streaming import connect, kafka, pods
from specification.streaming.registry import CLIENT_SECRET

if TYPE_CHECKING:
    from collections.abc import Sequence

    from components.streaming.contract import StreamingArgs

CONNECT_USER = "operator"
_HELD = ("debezium", "catalog", "connect", "registry", "kafka")
"""Credentials that the worker reads once, when it or a connector starts."""


def _pod(args: StreamingArgs) -> manifest.Manifest:
    external, registry = args.kafka.external, args.registry.external
    secrets = {
        "source": args.source.connect_secret,
        "registry": registry.secret if registry else CLIENT_SECRET,
        "catalog": args.source.catalog_secret,
        "kafka": external.secret if external else None,
        "archive": args.archive_secret,
    }
    token = pods.web_token(args.token_audience) if args.token_audience else None
    mounted = {name: secret for name, secret in secrets.items() if secret}
    later = None if args.archive_secret else args.rotation.archive_secret
    pod = pods.connect_pod(args.connect, args.connect_image, mounted, later, token)
    return {**pod, "topologySpreadConstraints": pods.spread("connect", args.spread)} if args.connect.workers > 1 else pod


class Worker(pulumi.ComponentResource):
    """Kafka Connect, distributed mode, one worker or several that share the tasks."""

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
            "worker.properties": properties_text(connect.worker_properties(args.names, args.connect.extra, args.kafka.external)),
            "log4j2.properties": kafka.LOGGING,
        }
        mounted = [
            objects.account(),
            objects.files("connect-config", files),
            objects.secret("connect-rest", password.apply(lambda known: connect.login_files(CONNECT_USER, known))),
        ]
        pod = _pod(args)
        held = (*_HELD, "archive") if args.archive_secret else _HELD  # a key of our own comes by a Secret of another name
        checksum = manifest.checksum(files, args.rotation.words(*held))
        self.rollout = manifest.checksum(checksum, pod)
        workload = objects.deployment(pod, checksum, [*mounted, *after], args.connect.workers)
        if args.connect.workers > 1:
            objects.disruption_budget()
        self.service = objects.published(args.reach.connect, workload)
        self.register_outputs({})
