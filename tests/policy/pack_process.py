"""The policy pack in its own process, called over gRPC as the engine calls it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import analyzer_pb2, analyzer_pb2_grpc

from pipeline.recording.recorder import ROOT
from pipeline.recording.stackfile import stack_config
from pipeline.recording.values import wire

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pipeline.recording import Resource

MANDATORY = analyzer_pb2.MANDATORY


@dataclass
class Pack:
    """A running pack; ``stub`` calls it."""

    stub: Any

    def configure(self, **configuration: Mapping[str, Any]) -> None:
        """Configure rules, as the engine does with ``--policy-pack-config``; underscores in names stand for hyphens."""
        request = analyzer_pb2.ConfigureAnalyzerRequest()
        for rule, properties in configuration.items():
            entry = request.policyConfig[rule.replace("_", "-")]
            entry.enforcementLevel = MANDATORY
            entry.properties.update(dict(properties))
        self.stub.Configure(request)

    def analyze(self, resource: Resource, provider: Resource | None = None) -> list[Any]:
        """Return the diagnostics of one resource, before its creation."""
        request = analyzer_pb2.AnalyzeRequest(
            type=resource.type, urn=resource.urn, name=resource.name, properties=wire(resource.inputs, resource.secret_inputs)
        )
        if provider is not None:
            request.provider.CopyFrom(
                analyzer_pb2.AnalyzerProviderResource(
                    type=provider.type, urn=provider.urn, name=provider.name, properties=wire(provider.inputs)
                )
            )
        return list(self.stub.Analyze(request).diagnostics)

    def analyze_stack(self, resources: Sequence[Resource]) -> list[Any]:
        """Return the diagnostics of the whole stack, after its last step."""
        listed = [
            analyzer_pb2.AnalyzerResource(type=item.type, urn=item.urn, name=item.name, properties=wire(item.inputs, item.secret_inputs))
            for item in resources
        ]
        return list(self.stub.AnalyzeStack(analyzer_pb2.AnalyzeStackRequest(resources=listed)).diagnostics)

    def run(self, resources: Sequence[Resource]) -> list[Any]:
        """Return the diagnostics of a whole preview or update: every resource, then the stack."""
        providers = {item.urn: item for item in resources if item.is_provider}
        found = [diagnostic for item in resources for diagnostic in self.analyze(item, providers.get(item.provider))]
        return found + self.analyze_stack(resources)


def refused(diagnostics: Sequence[Any]) -> set[str]:
    """Return the rules that stop the run; those of the whole stack appear before their message."""
    mandatory = [one for one in diagnostics if one.enforcementLevel == MANDATORY]
    return {one.message.splitlines()[1].partition(":")[0] if one.policyName == "whole-stack" else one.policyName for one in mandatory}


@contextmanager
def running(stack: str = "sandbox", *, dry_run: bool = True, config: Mapping[str, str] | None = None) -> Iterator[Pack]:
    """Start the pack for a stack and end it.

    Args:
        stack: Stack with the configuration that the pack reads.
        dry_run: Whether this is a preview.
        config: Configuration that replaces the stack's.
    """
    values = stack_config(ROOT, stack).values if config is None else config
    environment = {
        **os.environ,
        "PULUMI_PROJECT": "data-ingestion",
        "PULUMI_STACK": stack,
        "PULUMI_DRY_RUN": str(dry_run).lower(),
        "PULUMI_CONFIG": json.dumps(dict(values)),
    }
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "pulumi.policy", "127.0.0.1:1", "."],
        cwd=ROOT / "policy",
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout
        assert process.stderr
        port = process.stdout.readline().strip()
        assert port.isdigit(), process.stderr.read()
        with grpc.insecure_channel(f"127.0.0.1:{port}", options=[("grpc.max_receive_message_length", -1)]) as channel:
            stub = analyzer_pb2_grpc.AnalyzerStub(channel)
            stub.GetAnalyzerInfo(empty_pb2.Empty(), timeout=60, wait_for_ready=True)
            yield Pack(stub)
    finally:
        process.terminate()
        process.wait(10)
        for pipe in (process.stdout, process.stderr):
            if pipe:
                pipe.close()
