"""What a resource type of ours can do, in plain Python values, and how it reports trouble.

The gRPC adapter and anything that runs in one process with the providers call the same ``Operations``. Nothing here knows
Pulumi: inputs are JSON-like dictionaries with camelCase keys, secrets unwrapped, and ``UNKNOWN`` where a preview has no
value yet.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol, TypeAlias

from unknown import UNKNOWN

if TYPE_CHECKING:
    from problem import Problem

# Inputs or outputs of a resource: str, bool, int, float, None, UNKNOWN, and lists and dictionaries of them
Plain: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Change:
    """One difference between the last run and this one; ``replace`` when the resource must be made anew for it."""

    path: str
    kind: Literal["add", "update", "delete"]
    replace: bool = False


@dataclass(frozen=True, slots=True)
class State:
    """A resource that exists: its id, and its inputs together with what was learnt about it."""

    id: str
    outputs: Plain


class ProviderError(NotImplementedError):
    """Something a user can act on: the message names the subject, the cause and the cure, and holds no secret.

    It derives from NotImplementedError because the SDK's server passes only that on without a traceback.
    """


class CancelledError(ProviderError):
    """The engine asked to stop while something was being waited for."""


class IncompleteError(ProviderError):
    """The resource exists but does not work: record ``state``, then fail with ``reasons``."""

    def __init__(self, state: State, reasons: Iterable[str]) -> None:
        """Keep what exists and why it does not work."""
        self.state = state
        self.reasons = tuple(reasons)
        super().__init__("\n".join(self.reasons))


class Reporter(Protocol):
    """Where the providers say what goes on."""

    def waiting(self, text: str, /) -> None:
        """Show what is being waited for; the next call replaces it."""

    def note(self, text: str, /) -> None:
        """Log one line worth keeping."""


class Quiet:
    """A reporter for callers who do not want to know."""

    def waiting(self, text: str, /) -> None:
        """Say nothing."""

    def note(self, text: str, /) -> None:
        """Say nothing."""


class Operations(Protocol):
    """The life of one resource type. Every method is synchronous and may be called from several threads at once."""

    @property
    def secret(self) -> tuple[str, ...]:
        """The outputs that are secret whatever the program says."""

    @property
    def adopts(self) -> bool:
        """Whether creating again adopts what is there and changes nothing that is right, so that doing it twice is harmless."""

    @property
    def holds_data(self) -> bool:
        """Whether a replacement loses what somebody else has put into the thing."""

    @property
    def learnt(self) -> tuple[str, ...]:
        """The outputs that only the real thing tells; unknown while a creation is previewed."""

    @property
    def steady(self) -> tuple[str, ...]:
        """Those of them that no update changes, so that a preview of an update may keep them."""

    def check(self, inputs: Plain, previous: Plain | None = None) -> list[Problem]:
        """All problems of the inputs at once; ``previous`` are the inputs of the last run."""

    def named(self, inputs: Plain) -> str:
        """The name of the thing where it exists, which is its id once it does; empty for what exists in the state alone."""

    def completed(self, inputs: Plain, previous: Plain | None, name: str) -> Plain:
        """The inputs with defaults and a made-up name; ``name`` is the resource's logical name. ``check`` has accepted them."""

    def diff(self, old: Plain, new: Plain) -> list[Change]:
        """What would change; pure. ``old`` are the outputs of the last run."""

    def deletes_first(self, old: Plain, new: Plain) -> bool:
        """Whether a replacement must delete the old thing before the new one can be made."""

    def create(self, inputs: Plain) -> State:
        """Make it, or adopt what is already there; changes nothing when all is right. Raises ProviderError."""

    def read(self, resource_id: str, previous: Plain | None = None, outputs: Plain | None = None) -> State | None:
        """The live thing, None when it is gone. Raises ProviderError.

        ``previous`` are the inputs and ``outputs`` the outputs of the last run; both are None or empty in an import.
        """

    def update(self, resource_id: str, old: Plain, new: Plain) -> State:
        """Bring it from ``old`` outputs to ``new`` inputs. Raises ProviderError."""

    def delete(self, resource_id: str, old: Plain) -> None:
        """Remove it; absent already is fine. Raises ProviderError."""


class Adopting:
    """What holds for every type of the project's own: no defaults, no made-up names, deleted before it is replaced."""

    secret: tuple[str, ...] = ()
    adopts = True
    holds_data = False

    def named(self, inputs: Plain) -> str:
        """Its name, behind the namespace where it has one."""
        return ".".join(str(inputs[key]) for key in ("namespace", "name") if key in inputs)

    def completed(self, inputs: Plain, previous: Plain | None, name: str) -> Plain:  # noqa: ARG002 - the protocol's
        """The inputs as they are."""
        return inputs

    def deletes_first(self, old: Plain, new: Plain) -> bool:  # noqa: ARG002 - the protocol's
        """Always: a slot, a name or a gate is taken as long as the old one is there."""
        return True


def has_unknown(value: object) -> bool:
    """Whether any part of a plain value is not known yet."""
    if isinstance(value, Mapping):
        return any(has_unknown(item) for item in value.values())
    if isinstance(value, list):
        return any(has_unknown(item) for item in value)
    return value is UNKNOWN


# Blanking shorter ones would blank ordinary words
_SHORTEST_SECRET: Final = 3


def scrubbed(text: str, secrets: Iterable[str]) -> str:
    """The text with every secret blanked."""
    for secret in sorted({secret for secret in secrets if len(secret) >= _SHORTEST_SECRET}, key=len, reverse=True):
        text = text.replace(secret, "[secret]")
    return text
