"""The process that the engine starts for a provider folder: one gRPC server for one package.

The SDK's own ``server.main`` does not support two features of the protocol, so this module extends its servicer: a message
for the user is sent without a traceback, and a resource that exists but does not work is recorded with its state instead
of being lost.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import signal
import sys
from typing import TYPE_CHECKING, Any

import grpc
from pulumi.provider.experimental.property_value import PropertyValue
from pulumi.provider.experimental.server import ProviderServicer
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc, provider_pb2, provider_pb2_grpc, status_pb2

from providers.adapter import AdapterProvider, InitFailedError, Package, current_urn
from providers.operations import ProviderError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

# Version of the project's own providers in the engine's output
VERSION = "0.1.0"

# The engine's own limit for one message
_MESSAGE_BYTES = 400 * 1024 * 1024


# Seconds for which a provider may outlive a killed engine
_ORPHANED_S = 2.0


class EngineReporter:
    """Reports to the engine, which shows the text beside the resource. A lost report is no error."""

    def __init__(self, address: str) -> None:
        """Report to the engine at ``address``, host:port."""
        self._engine = engine_pb2_grpc.EngineStub(grpc.insecure_channel(address))

    def waiting(self, text: str, /) -> None:
        """Show a status; the next one replaces it."""
        self._log(text, ephemeral=True)

    def note(self, text: str, /) -> None:
        """Log one line."""
        self._log(text, ephemeral=False)

    def _log(self, text: str, *, ephemeral: bool) -> None:
        request = engine_pb2.LogRequest(severity=engine_pb2.INFO, message=text, urn=current_urn.get(), ephemeral=ephemeral)
        try:
            self._engine.Log(request, timeout=2)
        except grpc.RpcError:
            return


class Servicer(ProviderServicer):
    """The SDK's servicer with errors as the protocol's own messages."""

    async def Configure(self, request: Any, context: Any) -> Any:  # noqa: ANN401, N802 - the generated base's
        """Configure the provider; errors become the protocol's own messages."""
        return await _ended(super().Configure, request, context)

    async def Check(self, request: Any, context: Any) -> Any:  # noqa: ANN401, N802 - the generated base's
        """Check inputs; errors become the protocol's own messages."""
        return await _ended(super().Check, request, context)

    async def Diff(self, request: Any, context: Any) -> Any:  # noqa: ANN401, N802 - the generated base's
        """Compare a resource with its inputs; errors become the protocol's own messages."""
        return await _ended(super().Diff, request, context)

    async def Create(self, request: Any, context: Any) -> Any:  # noqa: ANN401, N802 - the generated base's
        """Create a resource; errors become the protocol's own messages."""
        return await _ended(super().Create, request, context)

    async def Update(self, request: Any, context: Any) -> Any:  # noqa: ANN401, N802 - the generated base's
        """Update a resource; errors become the protocol's own messages."""
        return await _ended(super().Update, request, context)

    async def Read(self, request: Any, context: Any) -> Any:  # noqa: ANN401, N802 - the generated base's
        """Read a resource; a missing one has no properties at all, since an import would take it for an empty resource."""
        answer = await _ended(super().Read, request, context)
        return answer if answer.id else provider_pb2.ReadResponse()

    async def Delete(self, request: Any, context: Any) -> Any:  # noqa: ANN401, N802 - the generated base's
        """Delete a resource; errors become the protocol's own messages."""
        return await _ended(super().Delete, request, context)


async def _ended(call: Callable[[Any, Any], Awaitable[Any]], request: Any, context: Any) -> Any:  # noqa: ANN401 - the generated base's
    try:
        return await call(request, context)
    except InitFailedError as error:
        detail = provider_pb2.ErrorResourceInitFailed(
            id=error.state.id, properties=PropertyValue.marshal_map(error.properties), reasons=error.reasons
        )
        await context.abort_with_status(_status(str(error), detail))
    except ProviderError as error:
        await context.abort(grpc.StatusCode.UNKNOWN, str(error))


def _status(message: str, detail: provider_pb2.ErrorResourceInitFailed) -> grpc.Status:
    packed = status_pb2.Status(code=grpc.StatusCode.UNKNOWN.value[0], message=message)
    packed.details.add().Pack(detail)
    status = grpc.Status()
    status.code = grpc.StatusCode.UNKNOWN
    status.details = message
    status.trailing_metadata = (("grpc-status-details-bin", packed.SerializeToString()),)
    return status


def serve(package: Package, version: str = VERSION) -> None:
    """Serve ``package`` until the engine ends the process; the first argument is the engine's address, the port goes to stdout.

    Args:
        package: The package.
        version: Version for the engine, which warns of every resource whose SDK is newer.
    """
    arguments = argparse.ArgumentParser(description=f"Pulumi provider {package.name}")
    arguments.add_argument("engine", help="address of the engine, host:port")
    known, _ = arguments.parse_known_args()
    asyncio.run(_serve(package, known.engine, version))


async def _serve(package: Package, engine: str, version: str) -> None:
    limits = [("grpc.max_receive_message_length", _MESSAGE_BYTES), ("grpc.max_send_message_length", _MESSAGE_BYTES)]
    server = grpc.aio.server(options=limits)
    provider = AdapterProvider(package, EngineReporter(engine))
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(Servicer([], version, provider, engine_address=engine), server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    ended = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        # The engine ends its plugins by SIGINT; without a handler each would print a traceback.
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    starter = os.getppid()
    while os.getppid() == starter and not ended.is_set():
        # A killed engine gives no notice: its children then have another parent process.
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(ended.wait(), _ORPHANED_S)
    await server.stop(None)
