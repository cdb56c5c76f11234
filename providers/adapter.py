"""Adapter between the engine's protocol and ``Operations``: property values, previews, secrets, clean messages."""

from __future__ import annotations

import asyncio
import contextvars
import json
import threading
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from pulumi.provider.experimental import provider as rpc

from providers import marshalling
from providers.operations import Change, IncompleteError, Operations, Plain, ProviderError, Reporter, State, has_unknown, scrubbed
from stack.configs.secrecy import told
from stack.unknown import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pulumi.provider.experimental.property_value import PropertyValue

    from stack.problem import Problem

_Result = TypeVar("_Result")
_KINDS = {
    ("add", False): rpc.PropertyDiffKind.ADD,
    ("add", True): rpc.PropertyDiffKind.ADD_REPLACE,
    ("update", False): rpc.PropertyDiffKind.UPDATE,
    ("update", True): rpc.PropertyDiffKind.UPDATE_REPLACE,
    ("delete", False): rpc.PropertyDiffKind.DELETE,
    ("delete", True): rpc.PropertyDiffKind.DELETE_REPLACE,
}

# URN of the resource in progress, so that the CLI shows reports beside it
current_urn: contextvars.ContextVar[str] = contextvars.ContextVar("current_urn", default="")


class Package(Protocol):
    """Interface of a provider package."""

    @property
    def name(self) -> str:
        """Name of the package, the first part of its type tokens."""

    @property
    def resources(self) -> tuple[str, ...]:
        """Type tokens of the package."""

    def config_problems(self, config: Plain) -> list[Problem]:
        """Return all problems of the provider's own inputs at once."""

    def operations(self, config: Plain, reporter: Reporter, cancelled: threading.Event) -> Mapping[str, Operations]:
        """Return the operations of each type token. Raises ProviderError for an invalid config."""


class AdapterProvider(rpc.Provider):
    """Serves one package to the engine."""

    def __init__(self, package: Package, reporter: Reporter) -> None:
        """Serve ``package`` and report its waits to ``reporter``."""
        self._package = package
        self._reporter = reporter
        self._cancelled = threading.Event()
        self._operations: Mapping[str, Operations] = {}
        self._secrets: frozenset[str] = frozenset()

    async def get_schema(self, request: rpc.GetSchemaRequest) -> rpc.GetSchemaResponse:  # noqa: ARG002 - the protocol's
        """Return a minimal schema: the engine needs one only to list the resource types."""
        resources: dict[str, dict[str, Any]] = {token: {} for token in self._package.resources}
        return rpc.GetSchemaResponse(schema=json.dumps({"name": self._package.name, "resources": resources}, sort_keys=True))

    async def check_config(self, request: rpc.CheckRequest) -> rpc.CheckResponse:
        """Refuse an invalid provider config; unknown values pass."""
        problems = self._package.config_problems(marshalling.plain_map(request.new_inputs))
        return rpc.CheckResponse(inputs=request.new_inputs, failures=_failures(problems, marshalling.secret_strings(request.new_inputs)))

    async def configure(self, request: rpc.ConfigureRequest) -> rpc.ConfigureResponse:
        """Store the config, and declare our capabilities (the response's defaults are all False)."""
        config = marshalling.plain_map(request.args)
        self._secrets = marshalling.secret_strings(request.args)
        self._operations = await self._run("", {}, lambda: self._package.operations(config, self._reporter, self._cancelled))
        return rpc.ConfigureResponse(accept_secrets=True, supports_preview=True, accept_resources=True, accept_outputs=False)

    async def check(self, request: rpc.CheckRequest) -> rpc.CheckResponse:
        """Return every problem of the inputs, by property."""
        new = request.new_inputs
        operations = self._of(request.type)
        previous = marshalling.plain_map(request.old_inputs) or None
        inputs, name = marshalling.plain_map(new), request.urn.rpartition("::")[2]
        problems = await self._run(request.urn, new, lambda: operations.check(inputs, previous))
        if problems:
            return rpc.CheckResponse(inputs=new, failures=_failures(problems, self._secrets | marshalling.secret_strings(new)))
        completed = operations.completed(inputs, previous, name)
        return rpc.CheckResponse(inputs=marshalling.wrapped_map(completed, marshalling.secret_paths(new)), failures=[])

    async def diff(self, request: rpc.DiffRequest) -> rpc.DiffResponse:
        """Return the difference, leaf by leaf."""
        operations = self._of(request.type)
        old, new = marshalling.plain_map(request.old_state), marshalling.plain_map(request.new_inputs)
        changes = await self._run(request.urn, request.new_inputs, lambda: operations.diff(old, new))
        return _diff_response(changes, deletes_first=operations.deletes_first(old, new))

    async def create(self, request: rpc.CreateRequest) -> rpc.CreateResponse:
        """Create the resource; in a preview, mark the outputs that only the creation determines."""
        operations = self._of(request.type)
        inputs, secrets = marshalling.plain_map(request.properties), marshalling.secret_paths(request.properties)
        if request.preview:
            return rpc.CreateResponse("", marshalling.wrapped_map(dict.fromkeys(operations.learnt, UNKNOWN) | inputs, secrets))
        state = await self._run(request.urn, request.properties, lambda: operations.create(_known(inputs)))
        return rpc.CreateResponse(state.id, marshalling.wrapped_map(state.outputs, secrets | _secret(operations)))

    async def update(self, request: rpc.UpdateRequest) -> rpc.UpdateResponse:
        """Update the resource to the new inputs; in a preview, keep only the outputs that no update changes."""
        operations = self._of(request.type)
        old, new = marshalling.plain_map(request.olds), marshalling.plain_map(request.news)
        secrets = marshalling.secret_paths(request.news)
        if request.preview:
            learnt = {key: old.get(key, UNKNOWN) if key in operations.steady else UNKNOWN for key in operations.learnt}
            return rpc.UpdateResponse(marshalling.wrapped_map(learnt | new, secrets))
        state = await self._run(request.urn, request.news, lambda: operations.update(request.resource_id, old, _known(new)))
        return rpc.UpdateResponse(marshalling.wrapped_map(state.outputs, secrets | _secret(operations)))

    async def read(self, request: rpc.ReadRequest) -> rpc.ReadResponse:
        """Return the live resource, secret where the old inputs were; an empty id means that it no longer exists."""
        operations = self._of(request.type)
        previous, outputs = marshalling.plain_map(request.inputs) or None, marshalling.plain_map(request.properties) or None
        state = await self._run(request.urn, request.inputs, lambda: operations.read(request.resource_id, previous, outputs))
        if state is None:
            return rpc.ReadResponse("", {}, {})
        secrets = marshalling.secret_paths(request.inputs) | marshalling.secret_paths(request.properties) | _secret(operations)
        inputs = {key: value for key, value in state.outputs.items() if key not in operations.learnt or key in (previous or {})}
        return rpc.ReadResponse(state.id, marshalling.wrapped_map(state.outputs, secrets), marshalling.wrapped_map(inputs, secrets))

    async def delete(self, request: rpc.DeleteRequest) -> None:
        """Delete the resource."""
        operations = self._of(request.type)
        old = marshalling.plain_map(request.properties)
        await self._run(request.urn, request.properties, lambda: operations.delete(request.resource_id, old))

    async def cancel(self) -> None:
        """End every wait."""
        self._cancelled.set()

    def _of(self, qualified: str) -> Operations:
        """Return the operations of a type, which the engine qualifies by its parents' types: ``a:b:Parent$c:d:Child``."""
        token = qualified.rpartition("$")[2]
        if token not in self._operations:
            known = ", ".join(self._operations) or "none before it is configured"
            message = f"the provider {self._package.name} has no resource type {token}; it serves {known}"
            raise ProviderError(message)
        return self._operations[token]

    async def _run(self, urn: str, properties: Mapping[str, PropertyValue], work: Callable[[], _Result]) -> _Result:
        """Run ``work`` in a thread; remove the secrets of config and properties from every exception."""
        current_urn.set(urn)
        secrets = self._secrets | marshalling.secret_strings(properties)
        try:
            return await asyncio.to_thread(work)
        except IncompleteError as error:
            outputs = marshalling.wrapped_map(error.state.outputs, marshalling.secret_paths(properties))
            raise InitFailedError(error.state, outputs, [scrubbed(reason, secrets) for reason in error.reasons]) from None
        except ProviderError as error:
            raise ProviderError(scrubbed(str(error), secrets)) from None
        except Exception as error:  # noqa: BLE001 - no exception may expose a secret
            message = f"{type(error).__name__}: {scrubbed(str(error), secrets)}"
            raise RuntimeError(message).with_traceback(error.__traceback__) from None


class InitFailedError(IncompleteError):
    """An IncompleteError with its outputs as the engine records them."""

    def __init__(self, state: State, properties: dict[str, PropertyValue], reasons: list[str]) -> None:
        """Store the marshalled outputs beside the plain ones."""
        super().__init__(state, reasons)
        self.properties = properties


def _secret(operations: Operations) -> frozenset[marshalling.Path]:
    """Return the outputs of a type that are always secret."""
    return frozenset((name,) for name in operations.secret)


def _known(inputs: Plain) -> Plain:
    if has_unknown(inputs):
        unknown = sorted(key for key, value in inputs.items() if has_unknown(value))
        message = f"unknown at the time of the update: {', '.join(unknown)}"
        raise ProviderError(message)
    return inputs


def _failures(problems: list[Problem], secrets: frozenset[str]) -> list[rpc.CheckFailure]:
    return [rpc.CheckFailure(told(problem.path), scrubbed(problem.text, secrets)) for problem in problems]


def _root(path: str) -> str:
    return path.split(".", 1)[0].split("[", 1)[0]


def _diff_response(changes: list[Change], *, deletes_first: bool) -> rpc.DiffResponse:
    replaces = sorted({_root(change.path) for change in changes if change.replace})
    return rpc.DiffResponse(
        changes=bool(changes),
        replaces=replaces,
        delete_before_replace=bool(replaces) and deletes_first,
        diffs=sorted({_root(change.path) for change in changes}),
        detailed_diff={change.path: rpc.PropertyDiff(_KINDS[change.kind, change.replace], input_diff=True) for change in changes},
    )
