"""Start a provider folder as the engine does and speak the ResourceProvider protocol with it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import grpc
from google.protobuf import empty_pb2, json_format, struct_pb2
from pulumi.runtime import rpc
from pulumi.runtime.proto import engine_pb2_grpc, provider_pb2, provider_pb2_grpc

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
UNKNOWN = rpc.UNKNOWN
SAME, CHANGED = provider_pb2.DiffResponse.DIFF_NONE, provider_pb2.DiffResponse.DIFF_SOME


def secret(value: object) -> dict[str, object]:
    """Return a secret in its wire format."""
    return {rpc._special_sig_key: rpc._special_secret_sig, "value": value}  # the wire format has no public name


def opened(value: Any) -> Any:
    """Return a value with every secret taken out of its wrapping."""
    if isinstance(value, dict):
        if value.get(rpc._special_sig_key) == rpc._special_secret_sig:
            return opened(value["value"])
        return {key: opened(item) for key, item in value.items()}
    return [opened(item) for item in value] if isinstance(value, list) else value


def struct(values: dict[str, Any]) -> struct_pb2.Struct:
    """Return plain values as a protobuf struct."""
    return json_format.ParseDict(values, struct_pb2.Struct())


def plain(values: struct_pb2.Struct) -> dict[str, Any]:
    """Return a protobuf struct as plain values."""
    return json.loads(json_format.MessageToJson(values))  # type: ignore[no-any-return]


class Engine(engine_pb2_grpc.EngineServicer):
    """The engine's log, the one service that providers call."""

    def __init__(self) -> None:
        """Start with an empty log."""
        self.lines: list[tuple[str, str]] = []

    def Log(self, request: Any, context: Any) -> empty_pb2.Empty:  # noqa: ARG002, N802 - the protocol's
        """Record the line with its resource."""
        self.lines.append((request.urn, request.message))
        return empty_pb2.Empty()


@dataclass
class Plugin:
    """A running provider: ``stub`` calls it, ``engine`` records its log."""

    stub: Any
    engine: Engine
    package: str

    def urn(self, kind: str, name: str = "it") -> str:
        """Return the URN of a resource of this package, by the last part of its type or by the whole type."""
        return f"urn:pulumi:dev::cdc::{kind if ':' in kind else f'{self.package}:index:{kind}'}::{name}"

    def configure(self, **config: object) -> Any:
        """Configure the provider, as the engine does first."""
        return self.stub.Configure(provider_pb2.ConfigureRequest(args=struct(config), acceptSecrets=True, acceptResources=True))

    def check(self, kind: str, new: dict[str, Any], old: dict[str, Any] | None = None) -> list[tuple[str, str]]:
        """Check inputs and return the failures as (property, reason)."""
        answer = self.stub.Check(provider_pb2.CheckRequest(urn=self.urn(kind), news=struct(new), olds=struct(old or {})))
        return [(failure.property, failure.reason) for failure in answer.failures]

    def checked(self, kind: str, new: dict[str, Any], old: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return the inputs as completed by a check without failures."""
        answer = self.stub.Check(provider_pb2.CheckRequest(urn=self.urn(kind), news=struct(new), olds=struct(old or {})))
        assert not answer.failures, answer.failures
        return plain(answer.inputs)

    def diff(self, kind: str, old: dict[str, Any], new: dict[str, Any]) -> Any:
        """Diff outputs of the last run against new inputs."""
        return self.stub.Diff(provider_pb2.DiffRequest(urn=self.urn(kind), id="it", olds=struct(old), news=struct(new)))

    def create(self, kind: str, inputs: dict[str, Any], *, preview: bool = False) -> tuple[str, dict[str, Any]]:
        """Create a resource and return its id and outputs."""
        answer = self.stub.Create(provider_pb2.CreateRequest(urn=self.urn(kind), properties=struct(inputs), preview=preview))
        return answer.id, plain(answer.properties)

    def update(self, kind: str, resource_id: str, old: dict[str, Any], new: dict[str, Any], *, preview: bool = False) -> dict[str, Any]:
        """Update a resource and return its outputs."""
        request = provider_pb2.UpdateRequest(urn=self.urn(kind), id=resource_id, olds=struct(old), news=struct(new), preview=preview)
        return plain(self.stub.Update(request).properties)

    def read(
        self, kind: str, resource_id: str, inputs: dict[str, Any], outputs: dict[str, Any]
    ) -> tuple[str, dict[str, Any], dict[str, Any]]:
        """Read a resource and return its id (empty when deleted), inputs and outputs."""
        request = provider_pb2.ReadRequest(urn=self.urn(kind), id=resource_id, inputs=struct(inputs), properties=struct(outputs))
        answer = self.stub.Read(request)
        return answer.id, plain(answer.inputs), plain(answer.properties)

    def delete(self, kind: str, resource_id: str, outputs: dict[str, Any]) -> None:
        """Delete a resource."""
        self.stub.Delete(provider_pb2.DeleteRequest(urn=self.urn(kind), id=resource_id, properties=struct(outputs)))


@contextmanager
def running(package: str, *command: str, **environment: str) -> Iterator[Plugin]:
    """Run a provider with an engine to log to: the one in ``providers/<package>``, started by its folder, or the given command."""
    engine = Engine()
    server = grpc.server(ThreadPoolExecutor(2))
    engine_pb2_grpc.add_EngineServicer_to_server(engine, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    line = [sys.executable, *(command or (str(ROOT / "providers" / package),)), f"127.0.0.1:{port}"]
    variables = {**os.environ, "PYTHONPATH": str(ROOT), **environment}
    process = subprocess.Popen(line, stdout=subprocess.PIPE, text=True, cwd="/", env=variables)
    try:
        assert process.stdout is not None
        channel = grpc.insecure_channel(f"127.0.0.1:{int(process.stdout.readline())}")
        yield Plugin(provider_pb2_grpc.ResourceProviderStub(channel), engine, package)
        channel.close()
    finally:
        process.terminate()
        process.wait(10)
        if process.stdout is not None:
            process.stdout.close()
        server.stop(None)
