"""Monitor that records the program's registrations without any effect."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn, cast

from google.protobuf import empty_pb2
from pulumi.runtime.mocks import MockMonitor
from pulumi.runtime.proto import resource_pb2

from recording import samples
from recording.program import load, run
from recording.registration import STACK_TYPE, Resource, UnsupportedOptionError, read
from recording.stackfile import stack_config
from recording.values import plain, wire
from unknown import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pulumi.runtime.mocks import Mocks

ROOT: Final = Path(__file__).resolve().parent.parent


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
        return self.answer(read(request, urn))

    def RegisterResourceOutputs(  # noqa: N802 - the protocol's name
        self, request: resource_pb2.RegisterResourceOutputsRequest
    ) -> empty_pb2.Empty:
        """Store the outputs of the stack; those of components matter only in a real state."""
        if f"::{STACK_TYPE}::" in request.urn:
            self.stack_outputs, paths = plain(request.outputs)
            self.secret_outputs = frozenset(path.replace("[", ".").split(".")[0] for path in paths)
        return empty_pb2.Empty()

    def Invoke(self, request: resource_pb2.ResourceInvokeRequest) -> NoReturn:  # noqa: N802 - the protocol's name
        """Refuse a call of a provider function."""
        message = f"the program calls {request.tok}, but provider functions are not supported offline"
        raise UnsupportedOptionError(message)

    def ReadResource(self, request: resource_pb2.ReadResourceRequest) -> NoReturn:  # noqa: N802 - the protocol's name
        """Refuse to read a resource that the program does not declare."""
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

    def __init__(self, *, preview: bool) -> None:
        """Start an empty recording; without ``preview``, outputs are samples instead of unknowns."""
        super().__init__()
        self.declared: list[Resource] = []
        self._preview = preview
        self._lock = threading.Lock()

    def answer(self, resource: Resource) -> resource_pb2.RegisterResourceResponse:
        """Record the resource.

        Raises:
            ValueError: If two resources have the same URN, as in the engine.
        """
        with self._lock:
            if any(resource.urn == other.urn for other in self.declared):
                message = f"two resources have the name {resource.name} ({resource.type}): {resource.urn}"
                raise ValueError(message)
            self.declared.append(resource)
        outputs = dict(resource.inputs)
        if resource.custom and not self._preview:
            outputs = samples.outputs(resource)
        secret = resource.secret_inputs | resource.secret_outputs
        outputs = {**dict.fromkeys(resource.secret_outputs, UNKNOWN), **outputs} if self._preview else outputs
        identity = "" if self._preview and resource.custom else resource.name
        return resource_pb2.RegisterResourceResponse(urn=resource.urn, id=identity, object=wire(outputs, secret))


@dataclass(frozen=True, kw_only=True)
class Recording:
    """Resources and outputs of a program.

    Attributes:
        project: Name of the project.
        stack: Name of the stack.
        resources: Declared resources in order of their URN.
        outputs: Plain outputs of the stack; unknowns are ``UNKNOWN``.
        secret_outputs: Names of the secret outputs.
    """

    project: str
    stack: str
    resources: tuple[Resource, ...]
    outputs: Mapping[str, Any]
    secret_outputs: frozenset[str]

    def of_type(self, type_token: str) -> tuple[Resource, ...]:
        """Return the resources of one type."""
        return tuple(resource for resource in self.resources if resource.type == type_token)

    def get(self, name: str, type_token: str | None = None) -> Resource:
        """Return the only resource of a logical name.

        Raises:
            LookupError: If there are none or several.
        """
        named = [item for item in self.resources if item.name == name and type_token in (None, item.type)]
        if len(named) != 1:
            message = f"{len(named)} resources have the name {name}: {[item.type for item in named]}"
            raise LookupError(message)
        return named[0]

    def parent(self, resource: Resource) -> Resource | None:
        """Return the parent component of a resource, or None at the top."""
        return next((other for other in self.resources if other.urn == resource.parent), None)

    def children(self, urn: str) -> tuple[Resource, ...]:
        """Return the resources with the parent ``urn``."""
        return tuple(resource for resource in self.resources if resource.parent == urn)

    def upstream(self, urn: str) -> frozenset[str]:
        """Return the URNs of all resources that must exist before ``urn``: dependencies, provider, and the dependencies of its parents."""
        by_urn = {resource.urn: resource for resource in self.resources}
        ancestors: set[str] = set()
        queue = [urn]
        while queue:
            resource = by_urn.get(queue.pop())
            if resource is None:
                continue
            edges = {*resource.dependencies, resource.provider, resource.parent} & by_urn.keys()
            queue.extend(edges - ancestors)
            ancestors |= edges
        return frozenset(ancestors)


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
    monitor = Recorder(preview=preview)
    run(declare or load(root), monitor, project=settings.project, stack=stack, config=values, preview=preview)
    return Recording(
        project=settings.project,
        stack=stack,
        resources=tuple(sorted(monitor.declared, key=lambda resource: resource.urn)),
        outputs=dict(sorted(monitor.stack_outputs.items())),
        secret_outputs=monitor.secret_outputs,
    )


def _encoded(config: Mapping[str, Any], project: str) -> dict[str, str]:
    return {
        key if ":" in key else f"{project}:{key}": value if isinstance(value, str) else json.dumps(value) for key, value in config.items()
    }
