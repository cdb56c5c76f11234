"""Scheduled audit: a namespace with a budget, logins that may only read, and the CronJob.

Nothing waits for it, and it waits only for what its pods mount: a run that comes before the pipeline is complete ends undecided.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulumi
import pulumi_kubernetes as k8s

from components.archive.identity import IdentityFactory
from components.foundation.namespace import GuardFactory
from components.logins import database_login, registry_login
from components.objects import ObjectFactory
from stack.specification.audit import job
from stack.specification.audit.network import COMPONENT

if TYPE_CHECKING:
    from components.source.component import SourceResources
    from components.streaming.component import StreamingResources
    from stack.specification.audit.layer import Audit


class AuditComponent(pulumi.ComponentResource):
    """Namespace, logins and CronJob of the audit."""

    def __init__(
        self,
        name: str,
        spec: Audit,
        source: SourceResources,
        stream: StreamingResources,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declare the audit."""
        super().__init__("cdc:audit:Audit", name, None, opts)
        settled = GuardFactory.fenced(self, name, spec)
        objects = ObjectFactory(parent=self, prefix=name, namespace=settled, component=COMPONENT)
        identity = IdentityFactory(parent=self, prefix=name, spec=spec.reader, namespace=settled).declare()
        mounted = [
            objects.account(),
            *(objects.files(file, files) for file, files in spec.files.items()),
            *database_login(objects, job.DATABASE_LOGIN, spec.database, source),
            *registry_login(objects, job.REGISTRY_LOGIN, spec.registry, stream),
            *identity.ready,
        ]
        k8s.batch.v1.CronJob(
            f"{name}-{COMPONENT}", metadata=objects.metadata(COMPONENT), spec=spec.cron_job, opts=objects.options(*mounted)
        )
        self.register_outputs({"namespace": settled})
