"""Every type but Kubernetes' own: the very classes that the Pulumi engine is served, called in this process."""

from __future__ import annotations

import contextvars
import importlib
import json
import threading
from typing import TYPE_CHECKING, Any, Protocol

from sandbox.adapter.failures import RefusedError
from sandbox.adapter.family import Change, Converged

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from providers.operations import Operations, Plain, Reporter, State
    from providers.waiting import Display
    from sandbox.adapter.family import Wanted
    from sandbox.adapter.journal import Entry

_step: contextvars.ContextVar[Display | None] = contextvars.ContextVar("step", default=None)
"""The line of progress of the resource that this thread works on."""


class Package(Protocol):
    """Makes the operations of a provider's types."""

    def operations(self, config: Plain, reporter: Reporter, cancelled: threading.Event) -> Mapping[str, Operations]:
        """Give the operations by type token."""


class OperatedFamily:
    """Acts for the types of one package.

    It has no plan and no preview, so it replaces only what holds nobody's data: values, certificates, keys, roles.
    """

    def __init__(self, package: Callable[[], Package], cancelled: threading.Event) -> None:
        """Load nothing yet: clients are heavy. `cancelled` ends the waits inside."""
        self._package = package
        self._cancelled = cancelled
        self._lock = threading.Lock()
        self._tables: dict[str, Mapping[str, Operations]] = {}
        self._completed: dict[str, tuple[object, Plain]] = {}

    def identity(self, wanted: Wanted) -> str:
        """Name a thing as it is named where it exists, else by its URN; another trigger is another thing."""
        operations = self._operations(wanted.provider, wanted.resource.type)
        return (operations.named(self._inputs(operations, wanted)) or wanted.resource.urn) + wanted.resource.replacement_trigger

    def kept(self, wanted: Wanted, identity: str) -> dict[str, Any]:  # noqa: ARG002 of the protocol
        """Keep the inputs, with the names that were made up: a creation that is cut off is continued and deleted by them."""
        return self._inputs(self._operations(wanted.provider, wanted.resource.type), wanted)

    def converge(self, wanted: Wanted, identity: str, step: Display) -> Converged:  # noqa: ARG002 of the protocol
        """Check, look, then create, update or replace as the engine would after its preview."""
        _step.set(step)
        operations = self._operations(wanted.provider, wanted.resource.type)
        earlier = wanted.known.outputs if wanted.known is not None else {}
        problems = operations.check(dict(wanted.inputs), earlier.get("inputs"))
        if problems:
            raise RefusedError("\n".join(f"{problem.path}: {problem.text}" for problem in problems))
        inputs = self._inputs(operations, wanted)
        before = operations.read(earlier["id"], earlier["inputs"], earlier["outputs"]) if earlier else None
        state, change = self._carried_out(operations, before, inputs, broken_off=wanted.known is not None and not earlier)
        remember = {"id": state.id, "inputs": inputs, "outputs": state.outputs}
        return Converged(id=state.id, outputs=state.outputs, change=change, remember=remember)

    def holds_data(self, entry: Entry, provider: Mapping[str, Any]) -> bool:
        """Ask the type."""
        return entry.done and self._operations(provider, entry.type).holds_data

    def delete(self, entry: Entry, provider: Mapping[str, Any], step: Display) -> None:
        """Delete the thing as its provider does; one whose creation was cut off by its name, or without an id."""
        _step.set(step)
        operations = self._operations(provider, entry.type)
        if entry.outputs:
            operations.delete(entry.outputs["id"], dict(entry.outputs["outputs"]))
        else:
            inputs = dict(entry.kept)
            operations.delete(operations.named(inputs) if operations.adopts else "", inputs)

    def _carried_out(self, operations: Operations, before: State | None, inputs: Plain, *, broken_off: bool) -> tuple[State, Change]:
        if before is None:
            if broken_off and not operations.adopts:
                operations.delete("", inputs)
            return operations.create(inputs), Change.CREATED
        changes = operations.diff(before.outputs, inputs)
        if any(change.replace for change in changes):
            if operations.holds_data:
                paths = ", ".join(change.path for change in changes if change.replace)
                message = (
                    f"{before.id} would be replaced because of {paths}, and its data lost. Without the engine nothing is replaced that "
                    "holds data: take the change back, or delete it by hand and run again"
                )
                raise RefusedError(message)
            operations.delete(before.id, before.outputs)
            return operations.create(inputs), Change.UPDATED
        if changes:
            return operations.update(before.id, before.outputs, inputs), Change.UPDATED
        return operations.create(inputs) if operations.adopts else before, Change.UNCHANGED

    def _inputs(self, operations: Operations, wanted: Wanted) -> Plain:
        """Complete the inputs, once: a made-up name must be the same in every call, and stay what an earlier run made it."""
        urn, known = wanted.resource.urn, wanted.known
        previous = dict(known.outputs.get("inputs") or known.kept) if known is not None else {}
        with self._lock:
            asked, made = self._completed.get(urn, (None, {}))
            if asked != (wanted.inputs, previous):
                made = operations.completed(dict(wanted.inputs), previous, wanted.resource.name)
                self._completed[urn] = ((wanted.inputs, previous), made)
            return dict(made)

    def _operations(self, provider: Mapping[str, Any], type_token: str) -> Operations:
        key = json.dumps(provider, sort_keys=True)
        with self._lock:
            if key not in self._tables:
                self._tables[key] = self._package().operations(dict(provider), _StepReporter(), self._cancelled)
            table = self._tables[key]
        if type_token not in table:
            message = f"the sandbox makes no {type_token}; it makes {', '.join(sorted(table))}"
            raise RefusedError(message)
        return table[type_token]


def own(module: str, name: str) -> Callable[[], Package]:
    """Load one of the project's own packages when it is needed."""

    def load() -> Package:
        package: Package = getattr(importlib.import_module(module), name)()
        return package

    return load


def stand_in(name: str) -> Callable[[], Package]:
    """Load a stand-in when it is needed."""

    def load() -> Package:
        from sandbox.standins.packages import PACKAGES  # noqa: PLC0415  # its clients are heavy

        return PACKAGES[name]

    return load


class _StepReporter:
    """Lets a provider's waits appear in the resource's own line of progress."""

    def waiting(self, text: str) -> None:
        step = _step.get()
        if step is not None:
            step.waiting(text)

    def note(self, text: str) -> None:
        self.waiting(text)
