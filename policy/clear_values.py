"""Credentials in properties that AWS itself keeps and shows in clear, whether or not Pulumi's state hides them.

A policy sees the value of a Pulumi secret as plain text. So a property that AWS keeps secret, such as ``secretString``, is not judged:
a rule could not tell the right way from the wrong one.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from stack.configs.credentials.annotations import shows
from stack.configs.credentials.commands import telling_words
from stack.configs.credentials.detector import shows_credential
from stack.configs.credentials.judging import is_credential
from stack.configs.credentials.names import may_be_secret
from stack.problem import Problem
from stack.unknown import Unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.declared import Declared

_RULE: Final = "contains a credential, which AWS keeps and shows in plain text"
_CURE: Final = "store it in Secrets Manager or as a SecureString, and let the code read it from there by its name"
# Properties with an environment: a map of variables, or a list of pairs
_ENVIRONMENTS: Final = (
    "environment",
    "environmentVariables",
    "runtimeEnvironmentVariables",
    "variables",
    "containerEnvironment",
    "defaultArguments",
)
# Properties with a text, a script or a document in JSON
_TEXTS: Final = ("containerDefinitions", "containerProperties", "definition", "templateBody", "startupScript", "input")
_SCRIPTS: Final = ("userData", "userDataBase64")
_COMMANDS: Final = ("command", "entryPoint", "entrypoint")
_NAMES: Final = ("name", "key", "Name", "Key")
_DEEPEST: Final = 12
_OF_A_STORE: Final = ("SECRETS_MANAGER", "PARAMETER_STORE")


def problems(resource: Declared) -> Iterator[Problem]:
    """Yield the credentials in a resource of AWS that everybody who may describe it reads."""
    if not resource.type.startswith(("aws:", "aws-native:")):
        return
    inputs = resource.inputs
    if resource.kind == "Parameter" and "ssm" in resource.type:
        if inputs.get("type") in {"String", "StringList"}:
            name = str(inputs.get("name") or resource.name).rpartition("/")[2]
            for field in ("value", "insecureValue"):
                if _tells(name, inputs.get(field)):
                    yield Problem(path=field, rule=_RULE, cure="set type SecureString")
        return
    yield from _within(inputs, "", _DEEPEST)


def _within(value: Any, path: str, depth: int) -> Iterator[Problem]:  # noqa: ANN401 - any JSON value
    if isinstance(value, Mapping) and depth:
        for key, item in value.items():
            below = f"{path}.{key}" if path else str(key)
            if key in _ENVIRONMENTS:
                yield from _in_environment(item, below)
            elif key in _COMMANDS and isinstance(item, Sequence) and not isinstance(item, str):
                words = [word if isinstance(word, str) else "" for word in item]
                if telling_words(words) or any(map(shows_credential, words)):
                    yield Problem(path=below, rule=_RULE, cure=_CURE)
            elif key in _TEXTS and isinstance(item, str):
                yield from _in_document(item, below, depth)
            elif key in _SCRIPTS and isinstance(item, str) and shows_credential(_script(item)):
                yield Problem(path=below, rule=_RULE, cure=_CURE)
            else:
                yield from _within(item, below, depth - 1)
    elif isinstance(value, Sequence) and not isinstance(value, (str, bytes)) and depth:
        for at, item in enumerate(value):
            yield from _within(item, f"{path}[{at}]", depth - 1)


def _in_environment(value: Any, path: str) -> Iterator[Problem]:  # noqa: ANN401 - any JSON value
    if isinstance(value, Mapping):
        inner = [key for key in _ENVIRONMENTS if isinstance(value.get(key), (Mapping, list))]
        for key in inner:
            yield from _in_environment(value[key], f"{path}.{key}")
        pairs = [] if inner else list(value.items())
    elif isinstance(value, Sequence) and not isinstance(value, (str, bytes)):
        entries = [entry for entry in value if isinstance(entry, Mapping) and entry.get("type") not in _OF_A_STORE]
        pairs = [(next((entry[name] for name in _NAMES if name in entry), ""), entry.get("value", entry.get("Value"))) for entry in entries]
    else:
        return
    for key, given in pairs:
        if _tells(str(key).lstrip("-"), given):
            yield Problem(path=f"{path}.{key}", rule=_RULE, cure=_CURE)


def _tells(name: str, value: object) -> bool:
    if isinstance(value, Unknown):
        return may_be_secret(name) and is_credential(name, "x1y2z3")
    return isinstance(value, str) and shows(name, value)


def _in_document(text: str, path: str, depth: int) -> Iterator[Problem]:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        document = None
    found = list(_within(document, path, depth - 1)) if isinstance(document, (Mapping, list)) else []
    yield from found
    if not found and shows_credential(text):
        yield Problem(path=path, rule=_RULE, cure=_CURE)


def _script(text: str) -> str:
    try:
        return base64.b64decode(text, validate=True).decode(errors="replace")
    except (binascii.Error, ValueError):
        return text
