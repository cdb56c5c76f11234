"""A provider that accepts every resource of its packages, in a preview only.

The engine asks the provider to check a resource before the policy pack sees it.
No package registry serves the plugins of AWS, Kafka and commands, their stand-ins know the types of the program alone,
and the project's own provider of connectors refuses what the rule about connectors refuses.
With this provider in place of those plugins each rule is tried with the very resource that docs/policies.md shows,
whichever plugins are installed. What it cannot show is whether a plugin would have refused that resource earlier.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_MESSAGE_BYTES = 64 * 1024 * 1024


class AnyType(provider_pb2_grpc.ResourceProviderServicer):
    """Takes all inputs as they are and makes nothing. What it does not serve, such as an invoke or a read, fails by name."""

    def Handshake(self, request: Any, context: Any) -> provider_pb2.ProviderHandshakeResponse:  # noqa: ARG002, N802 - the protocol's
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=True, accept_resources=True)

    def Attach(self, request: Any, context: Any) -> empty_pb2.Empty:  # noqa: ARG002, N802
        return empty_pb2.Empty()

    def GetPluginInfo(self, request: Any, context: Any) -> plugin_pb2.PluginInfo:  # noqa: ARG002, N802
        return plugin_pb2.PluginInfo(version="9999.0.0")  # never older than an SDK, of which the CLI would warn

    def CheckConfig(self, request: Any, context: Any) -> provider_pb2.CheckResponse:  # noqa: ARG002, N802
        return provider_pb2.CheckResponse(inputs=request.news)

    def Configure(self, request: Any, context: Any) -> provider_pb2.ConfigureResponse:  # noqa: ARG002, N802
        return provider_pb2.ConfigureResponse(acceptSecrets=True, supportsPreview=True, acceptResources=True, acceptOutputs=False)

    def Check(self, request: Any, context: Any) -> provider_pb2.CheckResponse:  # noqa: ARG002, N802
        return provider_pb2.CheckResponse(inputs=request.news)

    def Create(self, request: Any, context: Any) -> provider_pb2.CreateResponse:  # noqa: N802
        if not request.preview:
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, "this provider serves previews only")
        # an id already at preview, so that a companion of a bucket says which one it belongs to: the logical name, as in a recording
        return provider_pb2.CreateResponse(id=request.urn.rpartition("::")[2], properties=request.properties)

    def Cancel(self, request: Any, context: Any) -> empty_pb2.Empty:  # noqa: ARG002, N802
        return empty_pb2.Empty()


@contextmanager
def attached(packages: Iterable[str]) -> Iterator[dict[str, str]]:
    """Serve these packages, and yield the environment by which the CLI uses this server instead of a plugin."""
    limits = [("grpc.max_receive_message_length", _MESSAGE_BYTES), ("grpc.max_send_message_length", _MESSAGE_BYTES)]
    server = grpc.server(ThreadPoolExecutor(4), options=limits)
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(AnyType(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield {"PULUMI_DEBUG_PROVIDERS": ",".join(f"{package}:{port}" for package in packages)}
    finally:
        server.stop(None)
