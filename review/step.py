"""What happens to one resource."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from policy.declared import Declared
from providers.differences import pairs

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from unknown import Unknown

Fate = Literal["create", "update", "replace", "delete", "forget", "same"]

# What each operation of the engine comes to (sdk/go/common/apitype/core.go, OpType). A ``read`` only looks.
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
    """A resource before or after.

    Attributes:
        inputs: Its properties as declared, cleaned of secrets.
        protected: Whether the engine refuses to delete it.
        retained: Whether the engine leaves it where it is when it goes from the stack.
        custom: False for components, which only group others.
        provider: URN of its provider, or an empty string.
    """

    inputs: Mapping[str, Any]
    protected: bool = False
    retained: bool = False
    custom: bool = True
    provider: str = ""


@dataclass(frozen=True, kw_only=True, eq=False)
class Step:
    """One resource, before and after.

    Attributes:
        urn: Its URN.
        fate: What becomes of it.
        old: Before; None when it is new.
        new: After; None when it goes.
        reasons: Properties for which it is replaced; empty when it is replaced because of another.
        paths: Properties that differ as its provider says.
    """

    urn: str
    fate: Fate
    old: State | None
    new: State | None
    reasons: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()

    @property
    def type(self) -> str:
        """Its type token, without those of its parents."""
        return self.urn.split("::")[2].rpartition("$")[2]

    @property
    def kind(self) -> str:
        """The last part of its type: ``Topic``; ``provider`` for the configuration of one."""
        return "provider" if self.type.startswith("pulumi:providers:") else self.type.rpartition(":")[2]

    @property
    def name(self) -> str:
        """Its logical name."""
        return self.urn.split("::", 3)[3]

    @property
    def state(self) -> State:
        """What is known of it: the new state, or the old one of a resource that goes."""
        found = self.new or self.old
        return found if found is not None else State(inputs={})

    @property
    def goes(self) -> bool:
        """Whether what is there now is deleted, with or without a successor."""
        return self.fate in ("replace", "delete") and self.old is not None and not self.old.retained

    @property
    def title(self) -> str:
        """How people call it: ``StatefulSet kafka``, ``Topic postgres.public.users``."""
        inputs = (self.old or self.state).inputs
        named = (inputs.get("metadata") or {}) if self.type.startswith("kubernetes:") else {} if self.kind == "provider" else inputs
        given = named.get("name") or (named.get("bucket") if self.kind.startswith("Bucket") else None)
        return f"{self.kind} {given if isinstance(given, str) else self.name}"

    def declared(self, state: State, default_namespace: str | Unknown | None = None) -> Declared:
        """One of its states as the policy rules want it."""
        return Declared(urn=self.urn, type=self.type, name=self.name, inputs=state.inputs, default_namespace=default_namespace)

    def differences(self) -> Iterator[tuple[str, object, object]]:
        """Path, value before and value after of whatever differs; ABSENT where there is none."""
        yield from pairs(self.old.inputs if self.old else {}, self.new.inputs if self.new else {})
