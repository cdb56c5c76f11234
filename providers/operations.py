"""Operations of the project's resource types in plain Python values, and their errors.

The gRPC adapter and programs in the same process as the providers call the same ``Operations``. This module is independent
of Pulumi: inputs are JSON-like dictionaries with camelCase keys, secrets unwrapped, and ``UNKNOWN`` for values that a
preview does not know.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol, TypeAlias

from providers.waiting import Patience
from stack.unknown import UNKNOWN

if TYPE_CHECKING:
    import threading

    from stack.problem import Problem

# Inputs or outputs of a resource: str, bool, int, float, None, UNKNOWN, and lists and dictionaries of them
Plain: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Change:
    """One difference between the last run and this one.

    Attributes:
        path: Property path of the difference.
        kind: Addition, update or deletion.
        replace: True if the difference requires a replacement.
    """

    path: str
    kind: Literal["add", "update", "delete"]
    replace: bool = False


@dataclass(frozen=True, slots=True)
class State:
    """An existing resource.

    Attributes:
        id: Id of the resource.
        outputs: Its inputs and the outputs that only the real resource determines.
    """

    id: str
    outputs: Plain


class ProviderError(NotImplementedError):
    """An error that a user can act on: the message names subject, cause and cure, and contains no secret.

    It derives from NotImplementedError because the SDK's server passes on only that type without a traceback.
    """


class CancelledError(ProviderError):
    """The engine cancelled during a wait."""


class IncompleteError(ProviderError):
    """The resource exists but does not work: record ``state``, then fail with ``reasons``."""

    def __init__(self, state: State, reasons: Iterable[str]) -> None:
        """Store the existing resource and the reasons why it does not work."""
        self.state = state
        self.reasons = tuple(reasons)
        super().__init__("\n".join(self.reasons))


class Reporter(Protocol):
    """Receiver of the providers' progress reports."""

    def waiting(self, text: str, /) -> None:
        """Show the current wait; the next call replaces it."""

    def note(self, text: str, /) -> None:
        """Log one permanent line."""


class Quiet:
    """A reporter that discards everything."""

    def waiting(self, text: str, /) -> None:
        """Discard the text."""

    def note(self, text: str, /) -> None:
        """Discard the text."""


def provider_wait(seconds: float, cancelled: threading.Event, reporter: Reporter) -> Patience:
    """Return the wait of a provider; one that the engine stops raises a CancelledError."""
    return Patience(seconds, cancelled=cancelled, display=reporter, stopped=CancelledError)


class Operations(Protocol):
    """Operations of one resource type. Every method is synchronous and may be called from several threads at once."""

    @property
    def secret(self) -> tuple[str, ...]:
        """Outputs that are always secret."""

    @property
    def adopts(self) -> bool:
        """True if a second creation adopts the existing resource and changes nothing that is right."""

    @property
    def holds_data(self) -> bool:
        """True if a replacement loses data that others have put into the resource."""

    @property
    def learnt(self) -> tuple[str, ...]:
        """Outputs that only the real resource determines; unknown in the preview of a creation."""

    @property
    def steady(self) -> tuple[str, ...]:
        """Outputs of these that no update changes, so that the preview of an update keeps them."""

    def check(self, inputs: Plain, previous: Plain | None = None) -> list[Problem]:
        """Return all problems of the inputs at once; ``previous`` are the inputs of the last run."""

    def named(self, inputs: Plain) -> str:
        """Return the name of the resource in its own system, later its id; empty for a resource that exists only in the state."""

    def completed(self, inputs: Plain, previous: Plain | None, name: str) -> Plain:
        """Add defaults and a generated name to checked inputs; ``name`` is the resource's logical name."""

    def diff(self, old: Plain, new: Plain) -> list[Change]:
        """Return the changes; pure. ``old`` are the outputs of the last run."""

    def deletes_first(self, old: Plain, new: Plain) -> bool:
        """Tell whether a replacement must delete the old resource before it can create the new one."""

    def create(self, inputs: Plain) -> State:
        """Create the resource, or adopt the existing one; change nothing that is right. Raises ProviderError."""

    def read(self, resource_id: str, previous: Plain | None = None, outputs: Plain | None = None) -> State | None:
        """Return the live resource, None when it no longer exists. Raises ProviderError.

        ``previous`` are the inputs and ``outputs`` the outputs of the last run; both are None or empty in an import.
        """

    def update(self, resource_id: str, old: Plain, new: Plain) -> State:
        """Update the resource from ``old`` outputs to ``new`` inputs. Raises ProviderError."""

    def delete(self, resource_id: str, old: Plain) -> None:
        """Delete the resource; a missing one is no error. Raises ProviderError."""


class Adopting:
    """Common behaviour of the project's own types: no defaults, no generated names, deleted before replaced."""

    secret: tuple[str, ...] = ()
    adopts = True
    holds_data = False

    def named(self, inputs: Plain) -> str:
        """Return the name, preceded by the namespace if there is one."""
        return ".".join(str(inputs[key]) for key in ("namespace", "name") if key in inputs)

    def completed(self, inputs: Plain, previous: Plain | None, name: str) -> Plain:  # noqa: ARG002 - the protocol's
        """Return the inputs unchanged."""
        return inputs

    def deletes_first(self, old: Plain, new: Plain) -> bool:  # noqa: ARG002 - the protocol's
        """Return True: the old resource occupies its slot, name or gate as long as it exists."""
        return True


def has_unknown(value: object) -> bool:
    """Tell whether any part of a plain value is unknown."""
    if isinstance(value, Mapping):
        return any(has_unknown(item) for item in value.values())
    if isinstance(value, list):
        return any(has_unknown(item) for item in value)
    return value is UNKNOWN


# Blanking shorter secrets would blank ordinary words
_SHORTEST_SECRET: Final = 3


def scrubbed(text: str, secrets: Iterable[str]) -> str:
    """Blank every secret in a text."""
    for secret in sorted({secret for secret in secrets if len(secret) >= _SHORTEST_SECRET}, key=len, reverse=True):
        text = text.replace(secret, "[secret]")
    return text
