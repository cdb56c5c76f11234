"""Configuration of a stack from the project's two YAML files, in the form that the SDK expects.

``Pulumi.yaml`` declares every key with type and default; ``Pulumi.<stack>.yaml`` contains the differences. This module checks the shape
only; the settings check the values.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import yaml

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from recording.values import Json


_STACK: Final = re.compile(r"[A-Za-z0-9_.-]+")


class StackFileError(ValueError):
    """The configuration of a stack is unusable offline; the message names the file, the key and the cure."""


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
        raise StackFileError(message)
    stack_file = root / f"Pulumi.{stack}.yaml"
    own = _mapping(stack_file, f"The stacks of this project are: {known}.").get("config") or {}
    values = _defaults(project.get("config") or {}, name)
    for key, value in own.items():
        full = key if ":" in key else f"{name}:{key}"
        values[full] = _text(stack_file, full, value)
    return StackConfig(project=name, stack=stack, values=values)


def _mapping(path: Path, cure: str) -> dict[str, Any]:
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        message = f"{path.name} does not exist. {cure}"
        raise StackFileError(message) from None
    except OSError as error:
        message = f"{path.name} cannot be read: {error.strerror}"
        raise StackFileError(message) from None
    except UnicodeDecodeError as error:
        message = f"{path.name} is not UTF-8 (byte {error.start}); save it as UTF-8"
        raise StackFileError(message) from None
    except yaml.YAMLError as error:
        message = f"{path.name} is not valid YAML: {error}"
        raise StackFileError(message) from None
    if not isinstance(content or {}, dict):
        message = f"{path.name} must contain a mapping at the top level"
        raise StackFileError(message)
    return content or {}


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
