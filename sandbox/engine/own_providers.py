"""The project's own providers, called in this process instead of through the Pulumi engine."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from sandbox.engine.failures import RefusedError
from sandbox.engine.family import Change, Converged

if TYPE_CHECKING:
    import threading
    from collections.abc import Mapping

    from providers.operations import Operations
    from sandbox.engine.family import Step, Wanted
    from sandbox.engine.journal import Entry


class OwnProvider:
    """Acts for the types of one folder under `providers/`."""

    def __init__(self, module: str, cancelled: threading.Event) -> None:
        """Import nothing yet: the provider's clients are heavy. `cancelled` ends the waits inside."""
        self._module = module
        self._cancelled = cancelled

    def identity(self, wanted: Wanted) -> str:
        """Name a thing by namespace and name where it has them, else by its URN."""
        inputs = wanted.inputs
        if "name" not in inputs:
            return wanted.resource.urn
        return ".".join(str(inputs[key]) for key in ("namespace", "name") if key in inputs)

    def kept(self, wanted: Wanted, identity: str) -> dict[str, Any]:  # noqa: ARG002 of the protocol
        """Keep the inputs: deletion may depend on them."""
        return dict(wanted.inputs)

    def converge(self, wanted: Wanted, identity: str, step: Step) -> Converged:  # noqa: ARG002 of the protocol
        """Check, then create: the providers adopt what is there and change nothing that is right."""
        inputs, earlier = dict(wanted.inputs), wanted.known.outputs if wanted.known is not None else {}
        operations = self._operations(wanted.provider, wanted.resource.type, step)
        problems = operations.check(inputs, earlier.get("inputs"))
        if problems:
            raise RefusedError("\n".join(f"{problem.path}: {problem.reason}" for problem in problems))
        before = operations.read(earlier["id"], earlier["outputs"]) if earlier else None
        state = operations.create(inputs)
        change = Change.CREATED if before is None else Change.UPDATED
        if before is not None and not operations.diff(before.outputs, inputs):
            change = Change.UNCHANGED
        remember = {"id": state.id, "inputs": inputs, "outputs": state.outputs}
        return Converged(id=state.id, outputs=state.outputs, change=change, remember=remember)

    def delete(self, entry: Entry, provider: Mapping[str, Any], step: Step) -> None:
        """Delete the thing as the provider does; one whose creation was interrupted is deleted by its name."""
        operations = self._operations(provider, entry.type, step)
        old = entry.outputs or {"id": entry.identity, "outputs": dict(entry.kept)}
        operations.delete(old["id"], dict(old["outputs"]))

    def _operations(self, provider: Mapping[str, Any], type_token: str, step: Step) -> Operations:
        module = importlib.import_module(self._module)
        table = module.operations(dict(provider), reporter=_Reporter(step), cancelled=self._cancelled)
        found: Operations = table[type_token]
        return found


class _Reporter:
    """Lets a provider's waits appear in the resource's own line of progress."""

    def __init__(self, step: Step) -> None:
        self._step = step

    def waiting(self, text: str) -> None:
        self._step.waiting(text)

    def note(self, text: str) -> None:
        self._step.waiting(text)
