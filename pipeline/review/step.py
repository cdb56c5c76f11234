"""Change of one resource in a preview."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from policy.declared import Declared
from providers.differences import pairs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stack.unknown import Unknown

Fate = Literal["create", "update", "replace", "delete", "forget", "same"]

# Operation of the engine to the fate of the resource (sdk/go/common/apitype/core.go, OpType). A ``read`` changes nothing.
FATES: Final[dict[str, Fate]] = {
    "same": "same",
    "create": "create",
    "import": "create",
    "update": "update",
    "delete": "delete",
    "replace": "replace",
    "create-replacement": "replace",
    "delete-replaced": "replace",
    "import-replacement": "replace",
    "discard-replaced": "replace",
    "read-replacement": "same",
    "remove-pending-replace": "same",
    "read": "same",
    "read-discard": "same",
    "refresh": "same",
    "discard": "forget",
}


@dataclass(frozen=True, kw_only=True, eq=False)
class State:
    """State of a resource before or after the update.

    Attributes:
        inputs: Declared properties, without secrets.
        protected: True if the engine refuses to delete it.
        retained: True if the engine does not delete it when it leaves the stack.
        custom: False for components, which only group others.
        provider: URN of its provider, or an empty string.
        opaque: True if the preview shows none of its properties, because they are unknown or secret as a whole.
    """

    inputs: Mapping[str, Any]
    protected: bool = False
    retained: bool = False
    custom: bool = True
    provider: str = ""
    opaque: bool = False


@dataclass(frozen=True, kw_only=True, eq=False)
class Step:
    """Change of one resource.

    Attributes:
        urn: URN of the resource.
        fate: Kind of change.
        old: State before; None for a new resource.
        new: State after; None for a deleted resource.
        reasons: Properties that cause its replacement; empty if another resource's replacement causes it.
        paths: Properties that differ, according to its provider.
    """

    urn: str
    fate: Fate
    old: State | None
    new: State | None
    reasons: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()

    @property
    def type(self) -> str:
        """Type token, without those of the parents."""
        return self.urn.split("::")[2].rpartition("$")[2]

    @property
    def kind(self) -> str:
        """Last part of the type: ``Topic``; ``provider`` for a provider's configuration."""
        return "provider" if self.type.startswith("pulumi:providers:") else self.type.rpartition(":")[2]

    @property
    def name(self) -> str:
        """Logical name of the resource."""
        return self.urn.split("::", 3)[3]

    @property
    def state(self) -> State:
        """The new state, or the old one of a deleted resource."""
        known = self.new or self.old
        return known if known is not None else State(inputs={})

    @property
    def opaque(self) -> bool:
        """True if its properties before or after the update are unknown or secret as a whole."""
        return any(state.opaque for state in (self.old, self.new) if state)

    @property
    def goes(self) -> bool:
        """True if the existing resource is deleted, with or without a successor."""
        return self.fate in ("replace", "delete") and self.old is not None and not self.old.retained

    @property
    def title(self) -> str:
        """Kind and physical name: ``StatefulSet kafka``, ``Topic postgres.public.users``."""
        inputs = (self.old or self.state).inputs
        named = inputs.get("metadata") if self.type.startswith("kubernetes:") else {} if self.kind == "provider" else inputs
        named = named if isinstance(named, Mapping) else {}
        physical = named.get("name") or (named.get("bucket") if self.kind.startswith("Bucket") else None)
        return f"{self.kind} {physical if isinstance(physical, str) else self.name}"

    def declared(self, state: State, default_namespace: str | Unknown | None = None) -> Declared:
        """Convert one of its states for the policy rules."""
        return Declared(urn=self.urn, type=self.type, name=self.name, inputs=state.inputs, default_namespace=default_namespace)

    def differences(self) -> Iterator[tuple[str, object, object]]:
        """Yield path, old value and new value of every difference; ABSENT for a missing value."""
        yield from pairs(self.old.inputs if self.old else {}, self.new.inputs if self.new else {})
