"""Monitor that records the program's registrations without any effect."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn, cast

from google.protobuf import empty_pb2
from pulumi.runtime.mocks import MockMonitor
from pulumi.runtime.proto import resource_pb2

from pipeline.recording import samples
from pipeline.recording.autonaming import looked_up, named
from pipeline.recording.functions import is_plain, is_sample, plain_calls_marked, result
from pipeline.recording.groups import children
from pipeline.recording.program import load, run
from pipeline.recording.recording import Recording
from pipeline.recording.registration import STACK_TYPE, Resource, UnsupportedOptionError, read
from pipeline.recording.stackfile import stack_config
from pipeline.recording.values import plain, wire
from stack.unknown import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pulumi.runtime.mocks import Mocks

ROOT: Final = Path(__file__).resolve().parents[2]


class RegistrationMonitor(MockMonitor):
    """Monitor that reads registrations and stack outputs; a subclass answers."""

    def __init__(self) -> None:
        """Start without resources and outputs."""
        # no mocks: their users are overridden below, since the program calls no provider function and every run declares the same
        super().__init__(cast("Mocks", None))
        self.stack_outputs: dict[str, Any] = {}
        self.secret_outputs: frozenset[str] = frozenset()

    def RegisterResource(  # noqa: N802 - the protocol's name
        self, request: resource_pb2.RegisterResourceRequest
    ) -> resource_pb2.RegisterResourceResponse:
        """Read a registration and return the subclass's answer."""
        urn = self.make_urn(request.parent, request.type, request.name)
        if request.type == STACK_TYPE:
            return resource_pb2.RegisterResourceResponse(urn=urn)
        return self.answer(self.read(request, urn))

    def read(self, request: resource_pb2.RegisterResourceRequest, urn: str) -> Resource:
        """Read a registration; a subclass may allow more."""
        return read(request, urn)

    def RegisterResourceOutputs(  # noqa: N802 - the protocol's name
        self, request: resource_pb2.RegisterResourceOutputsRequest
    ) -> empty_pb2.Empty:
        """Store the outputs of the stack; those of components matter only in a real state."""
        if f"::{STACK_TYPE}::" in request.urn:
            self.stack_outputs, paths = plain(request.outputs)
            self.secret_outputs = frozenset(path.replace("[", ".").split(".")[0] for path in paths)
        return empty_pb2.Empty()

    def Invoke(self, request: resource_pb2.ResourceInvokeRequest) -> resource_pb2.ResourceInvokeResponse:  # noqa: N802 - the protocol's name
        """Refuse a call of a provider function; a subclass may answer."""
        message = f"the program calls {request.tok}, but provider functions are not supported offline"
        raise UnsupportedOptionError(message)

    def ReadResource(self, request: resource_pb2.ReadResourceRequest) -> resource_pb2.ReadResourceResponse:  # noqa: N802 - the protocol's name
        """Refuse to read a resource that the program does not declare; a subclass may answer."""
        message = f"{request.name} ({request.type}) is read, not declared; reads are not supported offline"
        raise UnsupportedOptionError(message)

    def RegisterStackTransform(self, request: object) -> NoReturn:  # noqa: N802, ARG002 - the protocol's name and shape
        """Refuse transforms of the whole stack: only the real engine runs them."""
        message = "the program registers a transform of the stack, which only the Pulumi engine supports"
        raise UnsupportedOptionError(message)

    def answer(self, resource: Resource) -> resource_pb2.RegisterResourceResponse:
        """Answer one registration."""
        raise NotImplementedError


class Recorder(RegistrationMonitor):
    """Monitor that answers like a preview: Kubernetes objects and components echo their inputs, other outputs remain unknown."""

    def __init__(self, *, preview: bool, root: Path = ROOT) -> None:
        """Start an empty recording; without ``preview``, outputs are samples instead of unknowns.

        Args:
            preview: Whether outputs are unknown.
            root: Folder to which the paths of manifests are relative.
        """
        super().__init__()
        self.declared: list[Resource] = []
        self.unjudged: set[str] = set()
        self.unanswered: set[str] = set()
        self._preview = preview
        self._root = root
        self._urns: set[str] = set()
        self._lock = threading.Lock()

    def read(self, request: resource_pb2.RegisterResourceRequest, urn: str) -> Resource:
        """Read a registration; hooks, imports, files and remote components have no effect here."""
        resource = read(request, urn, nothing_is_made=True)
        if request.remote:
            self._expand(resource)
        return resource

    def _expand(self, component: Resource) -> None:
        inside = children(component, self._root)
        if inside is None:
            self.unjudged.add(f"the resources inside of {component.name} ({component.type}), which only the engine knows")
        for child in inside or ():
            self._keep(child)

    def _keep(self, resource: Resource) -> None:
        with self._lock:
            if resource.urn in self._urns:
                message = f"two resources have the name {resource.name} ({resource.type}): {resource.urn}"
                raise ValueError(message)
            self._urns.add(resource.urn)
            self.declared.append(resource)

    def answer(self, resource: Resource) -> resource_pb2.RegisterResourceResponse:
        """Record the resource.

        Raises:
            ValueError: If two resources have the same URN, as in the engine.
        """
        self._keep(resource)
        outputs = dict(resource.inputs)
        if resource.custom and not self._preview:
            outputs = samples.outputs(resource)
        elif resource.custom and resource.type.startswith("kubernetes:"):
            outputs = {**outputs, **named(resource)}
        secret = resource.secret_inputs | resource.secret_outputs
        outputs = {**dict.fromkeys(resource.secret_outputs, UNKNOWN), **outputs} if self._preview else outputs
        identity = "" if self._preview and resource.custom else resource.name
        return resource_pb2.RegisterResourceResponse(urn=resource.urn, id=identity, object=wire(outputs, secret))

    def Invoke(self, request: resource_pb2.ResourceInvokeRequest) -> resource_pb2.ResourceInvokeResponse:  # noqa: N802 - the protocol's name
        """Answer a provider function with what is known offline."""
        arguments, _ = plain(request.args, files=True)
        known = result(request.tok, arguments)
        if known is None:
            self.unanswered.add(f"the result of {request.tok}, which only the engine knows")
            return resource_pb2.ResourceInvokeResponse(unknown=not is_plain())
        if is_sample(request.tok):
            self.unjudged.add(f"the result of {request.tok}, for which the plan takes a sample")
        answer = resource_pb2.ResourceInvokeResponse()
        getattr(answer, "return").CopyFrom(wire(known))
        return answer

    def ReadResource(self, request: resource_pb2.ReadResourceRequest) -> resource_pb2.ReadResourceResponse:  # noqa: N802 - the protocol's name
        """Answer a read with the name of the resource; everything else in it is unknown."""
        self.unjudged.add(f"the properties of {request.name} ({request.type}), which is read and not declared")
        given, secret = plain(request.properties, files=True)
        outputs = {**{key: value for key, value in given.items() if value is not None}, **looked_up(request.type, request.id)}
        urn = self.make_urn(request.parent, request.type, request.name)
        return resource_pb2.ReadResourceResponse(urn=urn, properties=wire(outputs, secret))


def record(
    stack: str,
    config: Mapping[str, Any] | None = None,
    *,
    preview: bool = True,
    root: Path = ROOT,
    declare: Callable[[], None] | None = None,
) -> Recording:
    """Run the program for a stack and record its resources; no network, no CLI.

    Args:
        stack: Name of the stack.
        config: Values that override single keys (``key`` or ``project:key``); objects are encoded as JSON.
        preview: Whether outputs are unknown; otherwise they are samples, so that documents that contain them can be inspected.
        root: Root of the project.
        declare: Function in place of the program's.
    """
    settings = stack_config(root, stack)
    values = {**settings.values, **_encoded(config or {}, settings.project)}
    monitor = Recorder(preview=preview, root=root)
    try:
        with plain_calls_marked():
            run(declare or load(root), monitor, project=settings.project, stack=stack, config=values, preview=preview)
    except Exception as error:
        if not monitor.unanswered or isinstance(error, ValueError):
            raise
        told = f"the program failed ({type(error).__name__}: {error}) after it used {' and '.join(sorted(monitor.unanswered))}"
        message = f"{told}: call the function that returns an output (its name ends in _output), which is unknown in a plan"
        raise UnsupportedOptionError(message) from error
    return Recording(
        project=settings.project,
        stack=stack,
        resources=tuple(sorted(monitor.declared, key=lambda resource: resource.urn)),
        outputs=dict(sorted(monitor.stack_outputs.items())),
        secret_outputs=monitor.secret_outputs,
        unjudged=tuple(sorted(monitor.unjudged | monitor.unanswered)),
    )


def _encoded(config: Mapping[str, Any], project: str) -> dict[str, str]:
    return {
        key if ":" in key else f"{project}:{key}": value if isinstance(value, str) else json.dumps(value) for key, value in config.items()
    }
