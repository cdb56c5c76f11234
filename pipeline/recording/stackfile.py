"""Configuration of a stack from the project's two YAML files, in the form that the SDK expects.

``Pulumi.yaml`` declares every key with type and default; ``Pulumi.<stack>.yaml`` contains the differences. This module checks the shape
only; the settings check the values.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from stack.configs.nearest import nearest
from stack.configs.secrecy import told
from stack.settings import yaml_file

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pipeline.recording.values import Json


# top-level keys of a stack file that the Pulumi CLI knows
_STACK_FILE_KEYS: Final = frozenset({"config", "environment", "secretsprovider", "encryptedkey", "encryptionsalt"})
_STACK: Final = re.compile(r"[A-Za-z0-9_.-]+")


class StackFileError(ValueError):
    """The configuration of a stack is unusable offline; the message names the file, the key and the cure, and shows no credential."""

    def __init__(self, message: str) -> None:
        """Create the error from its message."""
        super().__init__(told(message))


class UnknownStackError(StackFileError):
    """There is no stack of this name."""


@dataclass(frozen=True, kw_only=True)
class StackConfig:
    """Configuration of a stack.

    Attributes:
        project: Name of the project.
        stack: Name of the stack.
        values: Text by ``project:key``; objects as JSON.
    """

    project: str
    stack: str
    values: Mapping[str, str]


def stack_config(root: Path, stack: str) -> StackConfig:
    """Read the configuration of a stack: the defaults of ``Pulumi.yaml``, overridden by ``Pulumi.<stack>.yaml``.

    Raises:
        UnknownStackError: If there is no such stack.
        StackFileError: For a missing or malformed file, and for encrypted values, which only the CLI can decrypt.
    """
    project_file = root / "Pulumi.yaml"
    project = _mapping(project_file, "Run the command from the project's root.")
    name = project.get("name")
    if not isinstance(name, str):
        message = f"{project_file}: name must be the project's name, got {name!r}"
        raise StackFileError(message)
    known = ", ".join(sorted(path.name.split(".")[1] for path in root.glob("Pulumi.*.yaml"))) or "none"
    if not _STACK.fullmatch(stack):
        message = f"{stack!r} is not a stack's name; use letters, digits, '.', '-' and '_'. The stacks of this project are: {known}."
        raise UnknownStackError(message)
    stack_file = root / f"Pulumi.{stack}.yaml"
    own = _config(stack_file, _mapping(stack_file, f"The stacks of this project are: {known}.", UnknownStackError))
    declared = project.get("config") or {}
    if not isinstance(declared, dict):
        message = f"{project_file.name}: config must be a mapping of keys"
        raise StackFileError(message)
    values = _defaults(declared, name)
    for key, value in own.items():
        full = key if ":" in key else f"{name}:{key}"
        if full != key and full in own:
            message = f"{stack_file.name}: {key} and {full} are one key, written twice; remove one of them"
            raise StackFileError(message)
        values[full] = _text(stack_file, full, value)
    return StackConfig(project=name, stack=stack, values=values)


def _config(path: Path, content: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the configuration in the content of a stack file."""
    for key in content:
        if key not in _STACK_FILE_KEYS:
            near = nearest(key, _STACK_FILE_KEYS)
            cure = (
                f"did you mean {near}?"
                if near
                else f"settings stand below config; beside it a stack file has {', '.join(sorted(_STACK_FILE_KEYS))}"
            )
            message = f"{path.name}: {key} is not a key of a stack file; {cure}"
            raise StackFileError(message)
    config = content.get("config")
    if config is None:
        return {}
    if not isinstance(config, dict):
        message = f"{path.name}: config must be a mapping of settings, got a {type(config).__name__}"
        raise StackFileError(message)
    return config


def _mapping(path: Path, cure: str, missing: type[StackFileError] = StackFileError) -> dict[str, Any]:
    try:
        content = yaml_file.read(path)
    except FileNotFoundError:
        message = f"{path.name} does not exist. {cure}"
        raise missing(message) from None
    except OSError as error:
        message = f"{path.name} cannot be read: {error.strerror}"
        raise StackFileError(message) from None
    except UnicodeDecodeError as error:
        message = f"{path.name} is not UTF-8 (byte {error.start}); save it as UTF-8"
        raise StackFileError(message) from None
    except yaml_file.YamlFileError as error:
        # without the lines around the fault, which may hold a credential
        place = "" if error.line is None else f", line {error.line}"
        message = f"{path.name}{place} is not valid YAML: {error.reason}"
        raise StackFileError(message) from None
    if content is None:
        return {}
    if not isinstance(content, dict):
        message = f"{path.name} must contain a mapping at the top level"
        raise StackFileError(message)
    return content


def _defaults(declared: Mapping[str, Any], project: str) -> dict[str, str]:
    values = {}
    for key, declaration in declared.items():
        value = declaration
        if isinstance(declaration, dict):
            value = declaration.get("value", declaration.get("default"))
        if value is not None:
            values[key if ":" in key else f"{project}:{key}"] = _encode(value)
    return values


def _text(path: Path, key: str, value: Json) -> str:
    if _has_secure(value):
        message = (
            f"{path.name}: {key} is encrypted, and only the Pulumi CLI can decrypt it. "
            "Offline runs support generated secrets only, not configured ones."
        )
        raise StackFileError(message)
    return _encode(value)


def _has_secure(value: Json) -> bool:
    if isinstance(value, dict):
        return set(value) == {"secure"} or any(_has_secure(item) for item in value.values())
    return isinstance(value, list) and any(_has_secure(item) for item in value)


def _encode(value: Json) -> str:
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True, default=str)
