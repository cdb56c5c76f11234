"""The gate in front of a policy pack: the engine tells the stack's configuration by a call, the SDK reads it from the environment.

So the pack can be started only after that call, while the engine makes it only to a pack that runs. The gate is what the engine
speaks to: it takes the configuration, lets the pack be started with it, and hands every other call on, byte for byte.
"""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final

import grpc
from pulumi.runtime.proto import analyzer_pb2, language_pb2

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_SERVICE: Final = "/pulumirpc.Analyzer/"
_GRACE_S: Final = 2.0
_THREADS: Final = 16
_MESSAGE_BYTES: Final = 400 * 1024 * 1024
"""The engine's own limit for one message."""

LIMITS: Final = [("grpc.max_receive_message_length", _MESSAGE_BYTES), ("grpc.max_send_message_length", _MESSAGE_BYTES)]


class PolicyGate(grpc.GenericRpcHandler):
    """Serves `pulumirpc.Analyzer` for one policy pack.

    Attributes:
        port: Where the engine finds it, on 127.0.0.1.
        wanted: Set when the pack has to be started: the engine has sent its configuration, or has sent a request without one.
    """

    def __init__(self) -> None:
        """Start serving."""
        self.wanted = threading.Event()
        self._configuration = analyzer_pb2.AnalyzerStackConfigureRequest()
        self._attached = threading.Event()
        self._channel: Any = None
        self._failure = ""
        self._server = grpc.server(ThreadPoolExecutor(_THREADS), handlers=[self], options=LIMITS)
        self.port: int = self._server.add_insecure_port("127.0.0.1:0")
        self._server.start()

    def environment(self) -> dict[str, str]:
        """Give the variables that tell the pack which stack it judges."""
        told = self._configuration
        variables = {
            "PULUMI_ORGANIZATION": told.organization,
            "PULUMI_PROJECT": told.project,
            "PULUMI_STACK": told.stack,
            "PULUMI_DRY_RUN": "true" if told.dry_run else "false",
            "PULUMI_CONFIG": json.dumps(dict(told.config)) if told.config else "",
        }
        return {name: value for name, value in variables.items() if value}

    def attached(self, said: Iterator[Any]) -> Iterator[Any]:
        """Take the first line of a pack's output, its port, for the gate; hand on the rest."""
        first = b""
        for answer in said:
            if answer.WhichOneof("output") != "stdout" or first.endswith(b"\n"):
                yield answer
                continue
            line, end, rest = answer.stdout.partition(b"\n")
            first += line + end
            if end:
                self.attach(int(first))
            if rest:
                yield language_pb2.RunPluginResponse(stdout=rest)
        if not first.endswith(b"\n"):
            self.fail("the policy pack ended before it listened; what it printed says why")

    def attach(self, port: int) -> None:
        """Hand calls on to the pack that listens on `port` of 127.0.0.1."""
        self._channel = grpc.insecure_channel(f"127.0.0.1:{port}", options=LIMITS)
        try:
            self._method("ConfigureStack")(self._configuration.SerializeToString())
        except grpc.RpcError as error:
            # Packs of older SDKs do not know the call and need it not.
            if error.code() is not grpc.StatusCode.UNIMPLEMENTED:
                raise
        self._attached.set()

    def fail(self, reason: str) -> None:
        """Answer every call with the reason: the pack did not start."""
        self._failure = reason
        self._attached.set()

    def close(self) -> None:
        """Stop serving, after those who wait have had their answer."""
        if not self._failure:
            self.fail("the policy pack has ended")
        self._server.stop(_GRACE_S)
        if self._channel is not None:
            self._channel.close()

    def service(self, handler_call_details: Any) -> Any:  # noqa: ANN401  # grpc is untyped
        """Answer the two calls that come before the pack, and hand on the others."""
        name = handler_call_details.method.removeprefix(_SERVICE)
        answers: dict[str, Callable[[bytes, Any], bytes]] = {"Handshake": self._shake, "ConfigureStack": self._configure}
        return grpc.unary_unary_rpc_method_handler(answers.get(name, lambda request, context: self._forward(name, request, context)))

    def _shake(self, request: bytes, context: Any) -> bytes:  # noqa: ANN401, ARG002  # grpc is untyped
        answer: bytes = analyzer_pb2.AnalyzerHandshakeResponse().SerializeToString()
        return answer

    def _configure(self, request: bytes, context: Any) -> bytes:  # noqa: ANN401, ARG002  # grpc is untyped
        self._configuration.ParseFromString(request)
        self.wanted.set()
        answer: bytes = analyzer_pb2.AnalyzerStackConfigureResponse().SerializeToString()
        return answer

    def _forward(self, name: str, request: bytes, context: Any) -> bytes:  # noqa: ANN401  # grpc is untyped
        self.wanted.set()
        self._attached.wait()
        if self._failure:
            context.abort(grpc.StatusCode.UNAVAILABLE, self._failure)
        try:
            answer: bytes = self._method(name)(request)
        except grpc.RpcError as error:
            context.abort(error.code(), error.details())
        return answer

    def _method(self, name: str) -> Any:  # noqa: ANN401  # grpc is untyped
        return self._channel.unary_unary(f"{_SERVICE}{name}")
