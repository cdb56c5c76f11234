"""The pipeline as one Pulumi program: foundation, source, streaming, archive. Each layer takes its specification and the layers below."""

from __future__ import annotations

import sys

import pulumi
import pulumi_random as random
import pulumi_tls as tls

from components.archive.component import ArchiveComponent
from components.audit.component import AuditComponent
from components.exports import export
from components.foundation.component import FoundationComponent
from components.monitoring.component import MonitoringComponent
from components.providers import aws_providers, kubernetes_provider
from components.source.component import ExistingSourceComponent, SourceComponent
from components.streaming.component import StreamingComponent
from pipeline.dashboards.declared import declared
from stack.judgement.stack import SettingsError
from stack.running import load


def declare() -> None:
    """Declare the running stack's resources."""
    spec = load()
    kubernetes, cloud = kubernetes_provider(spec.settings.cluster), aws_providers(spec.settings)
    generator = random.Provider("random")

    foundation = FoundationComponent("foundation", spec.foundation, opts=pulumi.ResourceOptions(providers=[kubernetes])).resources
    if spec.source.created is None:
        source = ExistingSourceComponent("source", spec.source).resources
    else:
        providers = [kubernetes, generator, tls.Provider("tls")]
        options = pulumi.ResourceOptions(providers=providers)
        source = SourceComponent("source", spec.source, spec.source.created, foundation, opts=options).resources
    options = pulumi.ResourceOptions(providers=[kubernetes, generator])
    streaming = StreamingComponent("streaming", spec.streaming, foundation, source, opts=options)
    stream = streaming.resources
    options = pulumi.ResourceOptions(providers=[kubernetes, *cloud])
    rollout = spec.streaming.connect.rollout
    archive = ArchiveComponent("archive", spec.archive, foundation, source, stream, rollout, opts=options).resources
    streaming.capture(archive.sinks)
    if spec.audit is not None:
        AuditComponent("audit", spec.audit, source, stream, opts=options)
    password = None
    if spec.monitoring is not None:
        options = pulumi.ResourceOptions(providers=[kubernetes, *cloud, generator])
        shown = declared(pulumi.get_stack(), spec)
        watching = MonitoringComponent("monitoring", spec.monitoring, foundation, source, stream, shown, opts=options)
        password = watching.grafana_password
    export(spec, source, stream, archive, password)


if __name__ == "__main__":
    try:
        declare()
    except SettingsError as error:
        sys.exit(f"error: {error}")
