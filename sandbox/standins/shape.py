"""The shape of a stand-in's resource type: what it takes, what it gives, what replaces it."""

from __future__ import annotations

import json
import secrets
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Final

from providers.differences import differences
from providers.operations import Change, Plain, ProviderError, State, has_unknown
from stack.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Mapping

_SUFFIX_DIGITS: Final = 7
"""Hexadecimal digits behind a made-up name, as the Pulumi engine's own helper adds them."""


@dataclass(frozen=True, kw_only=True)
class Shape:
    """The properties of one resource type.

    Attributes:
        token: The type, such as `aws:s3/bucket:Bucket`.
        required: Inputs without which it is refused.
        optional: Further inputs, each with its default; None for none.
        learnt: Outputs that only the real thing tells.
        replaces: Inputs whose change needs another thing.
        names: Inputs that together name the thing; empty for a value that exists in the state alone.
        named: The input for which a name is made up when it is not given, or empty.
        documents: Inputs that hold JSON as text, compared by meaning.
        secret: Outputs that are secret whatever the program says.
        exclusive: Whether the service refuses to create a thing whose name is taken.
    """

    token: str
    required: frozenset[str] = frozenset()
    optional: Mapping[str, Any] = field(default_factory=dict)
    learnt: tuple[str, ...] = ()
    replaces: frozenset[str] = frozenset()
    names: tuple[str, ...] = ()
    named: str = ""
    documents: frozenset[str] = frozenset()
    exclusive: bool = False
    secret: tuple[str, ...] = ()

    @property
    def inputs(self) -> frozenset[str]:
        """Every input."""
        return self.required | self.optional.keys()


class StandIn(ABC):
    """The operations of one type, as far as they follow from its shape.

    Its `adopts` is a setting of the package: with the engine, only a run that continues an interrupted one adopts.
    """

    shape: ClassVar[Shape]
    adopts: bool = True
    holds_data: bool = False

    def named(self, inputs: Plain) -> str:
        """Give the inputs that together name the thing."""
        return ":".join(str(inputs[key]) for key in self.shape.names)

    @property
    def secret(self) -> tuple[str, ...]:
        """The outputs that are secret whatever the program says."""
        return self.shape.secret

    @property
    def learnt(self) -> tuple[str, ...]:
        """The outputs that only the real thing tells."""
        return self.shape.learnt

    @property
    def steady(self) -> tuple[str, ...]:
        """All of them: no update in place changes what was learnt."""
        return self.shape.learnt

    def check(self, inputs: Plain, previous: Plain | None = None) -> list[Problem]:
        """Refuse inputs that it does not know, and name those that are missing; then the type's own rules."""
        takes = ", ".join(sorted(self.shape.inputs))
        kind = self.shape.token
        problems = [
            Problem(path=key, rule=f"is no input of {kind} here: the stand-in takes {takes}", cure="the published plugin may take more")
            for key in sorted(inputs.keys() - self.shape.inputs)
        ]
        problems += [
            Problem(path=key, rule=f"is missing: {kind} needs {', '.join(sorted(self.shape.required))}")
            for key in sorted(self.shape.required)
            if inputs.get(key) is None
        ]
        return problems or self.problems(inputs, previous)

    def problems(self, inputs: Plain, previous: Plain | None) -> list[Problem]:  # noqa: ARG002  # for types that have rules
        """Find what is wrong beyond names; nothing unless a type has rules."""
        return []

    def completed(self, inputs: Plain, previous: Plain | None, name: str) -> Plain:
        """Add the defaults, and a name that stays as long as the program gives none."""
        given = {key: value for key, value in inputs.items() if value is not None}
        defaults = {key: value for key, value in self.shape.optional.items() if value is not None}
        if self.shape.named and self.shape.named not in given:
            before = (previous or {}).get(self.shape.named)
            given[self.shape.named] = before or f"{name}-{secrets.token_hex(_SUFFIX_DIGITS)[:_SUFFIX_DIGITS]}"
        return defaults | given

    def diff(self, old: Plain, new: Plain) -> list[Change]:
        """Compare input by input, documents by their meaning."""
        changes = []
        for key in sorted(self.shape.inputs):
            before, after = old.get(key), new.get(key)
            if key in self.shape.documents and same_document(before, after):
                continue
            replace = key in self.shape.replaces
            changes += [Change(change.path, change.kind, replace=replace) for change in differences({key: before}, {key: after})]
        return changes

    def deletes_first(self, old: Plain, new: Plain) -> bool:
        """Tell whether old and new would have the same name."""
        return bool(self.shape.names) and all(old.get(key) == new.get(key) for key in self.shape.names)

    @abstractmethod
    def create(self, inputs: Plain) -> State:
        """Make it."""

    @abstractmethod
    def read(self, resource_id: str, previous: Plain | None = None, outputs: Plain | None = None) -> State | None:
        """Look at it."""

    @abstractmethod
    def update(self, resource_id: str, old: Plain, new: Plain) -> State:
        """Change it in place."""

    @abstractmethod
    def delete(self, resource_id: str, old: Plain) -> None:
        """Remove it."""


def taken(shape: Shape, name: str) -> ProviderError:
    """Refuse to create what is there already and was not made by this stack."""
    message = (
        f"{name} exists already, and this stack has not made it. Give it another name in the program, or take it over: "
        f"pulumi import {shape.token} <logical name> {name}"
    )
    return ProviderError(message)


def same_document(one: object, other: object) -> bool:
    """Tell whether two JSON documents, as text or parsed, mean the same; an unknown one never does."""
    if has_unknown(one) or has_unknown(other) or one is None or other is None:
        return one is other
    try:
        return bool(_parsed(one) == _parsed(other))
    except ValueError:
        return one == other


def _parsed(document: object) -> object:
    return json.loads(document) if isinstance(document, str) else document


_TEXTS: Final = frozenset({"accessKey", "secretKey", "token", "region", "profile", "saslUsername", "saslPassword", "saslMechanism"})
"""Configuration that is text, whatever it looks like."""


def decoded(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Decode a bridged provider's configuration: everything but text travels as JSON inside text."""
    return {key: value if key in _TEXTS else _decoded(value) for key, value in inputs.items()}


def _decoded(value: Any) -> Any:  # noqa: ANN401  # JSON
    if isinstance(value, str) and (value in {"true", "false", "null"} or value[:1] in {"[", "{"}):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value
