"""Random values: made once, kept in the journal, made again only when what was asked for changes."""

from __future__ import annotations

import base64
import secrets
import string
from typing import TYPE_CHECKING, Any, Final

from sandbox.engine.failures import RefusedError
from sandbox.engine.family import Change, Converged

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.engine.family import Step, Wanted
    from sandbox.engine.journal import Entry

# The special characters of the real provider when none are given.
_SPECIAL: Final = "!@#$%&*()-_=+[]{}<>:?"
_CLASSES: Final[dict[str, str]] = {
    "lower": string.ascii_lowercase,
    "upper": string.ascii_uppercase,
    "numeric": string.digits,
    "special": _SPECIAL,
}


class RandomValues:
    """Acts for pulumi-random's passwords, strings and bytes."""

    def identity(self, wanted: Wanted) -> str:
        """Name a value by its URN: it exists nowhere else."""
        return wanted.resource.urn

    def kept(self, wanted: Wanted, identity: str) -> dict[str, Any]:  # noqa: ARG002 of the protocol
        """Keep nothing: there is nothing to delete."""
        return {}

    def converge(self, wanted: Wanted, identity: str, step: Step) -> Converged:  # noqa: ARG002 of the protocol
        """Give the value of an earlier run when it was made for the same inputs, else a new one."""
        asked = dict(wanted.inputs)
        earlier = wanted.known.outputs if wanted.known is not None else {}
        if earlier.get("asked") == asked:
            values, change = earlier["values"], Change.UNCHANGED
        else:
            values, change = _generate(wanted.type_name, asked), Change.UPDATED if earlier else Change.CREATED
        outputs = {**asked, **values}
        return Converged(id="none", outputs=outputs, change=change, remember={"asked": asked, "values": values})

    def delete(self, entry: Entry, provider: Mapping[str, Any], step: Step) -> None:
        """Do nothing: the journal forgets the value."""


def _generate(type_name: str, asked: Mapping[str, Any]) -> dict[str, str]:
    if type_name in {"RandomPassword", "RandomString"}:
        return {"result": password(asked)}
    if type_name == "RandomBytes":
        content = secrets.token_bytes(asked["length"])
        return {"base64": base64.b64encode(content).decode(), "hex": content.hex()}
    message = f"the sandbox makes no {type_name}; RandomPassword, RandomString and RandomBytes it does"
    raise RefusedError(message)


def password(asked: Mapping[str, Any]) -> str:
    """Make a password from the options of RandomPassword: length, classes, minimum per class, overrideSpecial."""
    classes = {**_CLASSES, "special": asked.get("overrideSpecial") or _SPECIAL}
    allowed = {name: text for name, text in classes.items() if asked.get(name, asked.get("number", True) if name == "numeric" else True)}
    least = {name: asked.get(f"min{name.capitalize()}", 0) for name in allowed}
    length = asked["length"]
    if not allowed or sum(least.values()) > length:
        message = f"length {length} cannot hold the {sum(least.values())} characters asked for from {sorted(allowed)}"
        raise RefusedError(message)
    letters = [secrets.choice(allowed[name]) for name, count in least.items() for _ in range(count)]
    letters += [secrets.choice("".join(allowed.values())) for _ in range(length - len(letters))]
    secrets.SystemRandom().shuffle(letters)
    return "".join(letters)
