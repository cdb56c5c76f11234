"""Random values, as pulumi-random gives them: made once, made anew only for other inputs."""

from __future__ import annotations

import base64
import secrets
import string
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from providers.operations import Plain, ProviderError, State, has_unknown
from sandbox.standins.shape import Shape, StandIn
from stack.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Mapping

# The special characters of the published provider when none are given.
_SPECIAL: Final = "!@#$%&*()-_=+[]{}<>:?"
_CLASSES: Final[dict[str, str]] = {
    "lower": string.ascii_lowercase,
    "upper": string.ascii_uppercase,
    "numeric": string.digits,
    "special": _SPECIAL,
}
_MINIMA: Final = {name: f"min{name.capitalize()}" for name in _CLASSES}
_TEXT: Final[dict[str, Any]] = {
    **dict.fromkeys(_CLASSES, True),
    **dict.fromkeys(_MINIMA.values(), 0),
    "number": None,
    "overrideSpecial": None,
    "keepers": None,
}


class Value(StandIn):
    """A value that exists in the state alone."""

    adopts = False

    def create(self, inputs: Plain) -> State:
        """Make the value."""
        return State("none", {**inputs, **self.made(inputs)})

    def made(self, inputs: Plain) -> Plain:
        """Make the outputs beside the inputs."""
        raise NotImplementedError

    def imported(self, resource_id: str) -> Plain:  # noqa: ARG002  # for types that have an import
        """Give inputs and outputs of a value that somebody brings along. Raises ProviderError."""
        message = f"{self.shape.token} cannot be imported here: give the resource another name, and a value is generated"
        raise ProviderError(message)

    def read(self, resource_id: str, previous: Plain | None = None, outputs: Plain | None = None) -> State | None:
        """Give back what the state holds: there is nothing else to look at."""
        if outputs:
            return State(resource_id, {**(previous or {}), **outputs})
        return State("none", self.imported(resource_id))

    def update(self, resource_id: str, old: Plain, new: Plain) -> State:
        """Take over inputs that make no other value."""
        return State(resource_id, {**{key: old[key] for key in self.learnt if key in old}, **new})

    def delete(self, resource_id: str, old: Plain) -> None:
        """Do nothing: the state forgets the value."""


class RandomString(Value):
    """Text of some classes of characters."""

    shape = Shape(
        token="random:index/randomString:RandomString",  # noqa: S106  # a type token
        required=frozenset({"length"}),
        optional=_TEXT,
        learnt=("result",),
        replaces=frozenset({"length", *_TEXT}),
    )

    def problems(self, inputs: Plain, previous: Plain | None) -> list[Problem]:  # noqa: ARG002  # the protocol's
        """Refuse a length below the sum of the required characters."""
        if has_unknown(inputs):
            return []
        numbers = {key: inputs[key] for key in ("length", *_MINIMA.values()) if inputs.get(key) is not None}
        wrong = [
            Problem(path=key, rule=f"{value!r} is not a whole number from {int(key == 'length')}")
            for key, value in numbers.items()
            if not isinstance(value, int) or isinstance(value, bool) or value < int(key == "length")
        ]
        if wrong:
            return wrong
        allowed, least = _classes(inputs)
        length = inputs["length"]
        if allowed and sum(least.values()) <= length:
            return []
        reason = (
            f"{length} cannot hold the {sum(least.values())} characters asked for from {sorted(allowed)}; ask for fewer, or for more length"
        )
        return [Problem(path="length", rule=reason)]

    def made(self, inputs: Plain) -> Plain:
        """Make the text."""
        return {"result": text(inputs)}

    def imported(self, resource_id: str) -> Plain:
        """Take the text itself for the id, with the defaults for everything else, as the published provider does."""
        return {**{key: value for key, value in _TEXT.items() if value is not None}, "length": len(resource_id), "result": resource_id}


class RandomPassword(RandomString):
    """The same, whose result the SDK marks as secret."""

    shape = replace(RandomString.shape, token="random:index/randomPassword:RandomPassword", secret=("result",))  # noqa: S106  # a type token


class RandomBytes(Value):
    """Bytes, in two spellings."""

    shape = Shape(
        token="random:index/randomBytes:RandomBytes",  # noqa: S106  # a type token
        required=frozenset({"length"}),
        optional={"keepers": None},
        learnt=("base64", "hex"),
        replaces=frozenset({"length", "keepers"}),
    )

    def made(self, inputs: Plain) -> Plain:
        """Make the bytes."""
        return _spelled(secrets.token_bytes(inputs["length"]))

    def imported(self, resource_id: str) -> Plain:
        """Take the bytes in Base64 for the id, as the published provider does."""
        content = base64.b64decode(resource_id)
        return {"length": len(content), **_spelled(content)}


class RandomInteger(Value):
    """A whole number between two others, both possible."""

    shape = Shape(
        token="random:index/randomInteger:RandomInteger",  # noqa: S106  # a type token
        required=frozenset({"min", "max"}),
        optional={"keepers": None},
        learnt=("result",),
        replaces=frozenset({"min", "max", "keepers"}),
    )

    def problems(self, inputs: Plain, previous: Plain | None) -> list[Problem]:  # noqa: ARG002  # the protocol's
        """Refuse a range without a number in it."""
        if has_unknown(inputs) or inputs["min"] <= inputs["max"]:
            return []
        return [Problem(path="min", rule=f"{inputs['min']} is above max, {inputs['max']}", cure="exchange them")]

    def made(self, inputs: Plain) -> Plain:
        """Choose the number."""
        return {"result": inputs["min"] + secrets.randbelow(inputs["max"] - inputs["min"] + 1)}


def text(asked: Mapping[str, Any]) -> str:
    """Make text from the options of RandomPassword: length, classes, minimum for each class, overrideSpecial."""
    allowed, least = _classes(asked)
    letters = [secrets.choice(allowed[name]) for name, count in least.items() for _ in range(count)]
    letters += [secrets.choice("".join(allowed.values())) for _ in range(asked["length"] - len(letters))]
    secrets.SystemRandom().shuffle(letters)
    return "".join(letters)


def _classes(asked: Mapping[str, Any]) -> tuple[dict[str, str], dict[str, int]]:
    """Give the characters of each allowed class, and how many of each there must be."""
    classes = {**_CLASSES, "special": asked.get("overrideSpecial") or _SPECIAL}
    wanted = {**asked, "numeric": asked.get("number") if asked.get("number") is not None else asked.get("numeric", True)}
    allowed = {name: letters for name, letters in classes.items() if wanted.get(name, True)}
    return allowed, {name: asked.get(_MINIMA[name], 0) for name in allowed}


def _spelled(content: bytes) -> Plain:
    return {"base64": base64.b64encode(content).decode(), "hex": content.hex()}
