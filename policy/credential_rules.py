"""Rule against credentials in plain text. No message shows a value, since it may be the credential."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from policy import clear_values, custom_values
from policy.kinds import starts_pods
from policy.rule import Rule
from stack.capacity import pods
from stack.configs.credentials.annotations import annotation_shows, shows
from stack.configs.credentials.commands import telling_words
from stack.configs.credentials.detector import shows_credential
from stack.configs.credentials.judging import is_credential, jaas_refers
from stack.configs.credentials.names import Sense, may_be_secret, sense
from stack.configs.credentials.values import is_referred
from stack.problem import Problem
from stack.unknown import Unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.declared import Declared, Record

_READ_IT = "read it from a Secret: valueFrom.secretKeyRef, or a mounted file"
_MOUNT_IT = "read it from a mounted file"
_PROBES = ("startupProbe", "readinessProbe", "livenessProbe")
_HOOKS = ("postStart", "preStop")


def _problem(path: str, about: str, rule: str, cure: str) -> Problem:
    """Return the problem of one variable, file or key; its path is also what an exception names."""
    return Problem(path=path, about=about, rule=rule, cure=cure)


def _in_variables(container: Mapping[str, Any], about: str) -> Iterator[Problem]:
    for entry in container.get("env") or []:
        key, value = str(entry.get("name", "")), entry.get("value")
        if isinstance(value, Unknown):
            told = may_be_secret(key) and is_credential(key, "x1y2z3") and "valueFrom" not in entry
        else:
            told = "valueFrom" not in entry and shows(key, "" if value is None else str(value))
        if told:
            yield _problem(key, about, "the variable contains a credential", _READ_IT)


def _in_command(container: Mapping[str, Any], about: str) -> Iterator[Problem]:
    lists = [("command", container.get("command")), ("args", container.get("args"))]
    for name, handler in _handlers(container):
        lists.append((f"{name}.exec.command", (handler.get("exec") or {}).get("command")))
        for header in (handler.get("httpGet") or {}).get("httpHeaders") or []:
            key, value = str(header.get("name", "")), header.get("value")
            if isinstance(value, str) and shows(key, value):
                path = f"{name}.httpGet.httpHeaders.{key}"
                yield _problem(path, about, "the header contains a credential, which everybody who may read pods sees", _MOUNT_IT)
    for place, given in lists:
        words = [word if isinstance(word, str) else "" for word in given or []]
        telling = {*telling_words(words), *(at for at, word in enumerate(words) if shows_credential(word))}
        for position in sorted(telling):
            yield _problem(f"{place}[{position}]", about, "the word contains a credential, which process listings show", _MOUNT_IT)


def _handlers(container: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for probe in _PROBES:
        yield probe, container.get(probe) or {}
    hooks = container.get("lifecycle") or {}
    for hook in _HOOKS:
        yield f"lifecycle.{hook}", hooks.get(hook) or {}


def _in_pods(resource: Declared) -> Iterator[Problem]:
    spec = pods.lenient_spec(resource.kind, resource.inputs)
    if spec is None or isinstance(spec.get("containers"), Unknown):
        return  # memory-limit reports it
    for role, container in pods.containers(spec):
        about = f"{role} {container.get('name')!r}"
        yield from _in_variables(container, about)
        yield from _in_command(container, about)


def _in_files(files: object, *, binary: bool = False) -> Iterator[Problem]:
    for key, content in files.items() if isinstance(files, Mapping) else ():
        text = _decoded(content) if binary else content if isinstance(content, str) else ""
        if shows_credential(text, str(key)) or ("\n" not in text.strip() and is_credential(str(key), text)):
            yield _problem(str(key), "", "the file contains a credential, and a ConfigMap is not secret", "move it to a Secret")


def _decoded(content: object) -> str:
    try:
        return base64.b64decode(str(content)).decode(errors="replace")
    except (binascii.Error, ValueError):
        return ""


def _in_annotations(metadata: object) -> Iterator[Problem]:
    for field in ("annotations", "labels"):
        entries = metadata.get(field) if isinstance(metadata, Mapping) else None
        for key, value in entries.items() if isinstance(entries, Mapping) else ():
            if isinstance(value, str) and annotation_shows(str(key), value):
                yield _problem(f"metadata.{field}.{key}", "", "the value contains a credential, and metadata is not secret", _READ_IT)


def _in_connector(config: object) -> Iterator[Problem]:
    for key, value in config.items() if isinstance(config, Mapping) else ():
        if (may_be_secret(key) and not _refers_elsewhere(key, value)) or (isinstance(value, str) and shows(key, value)):
            yield _problem(
                key,
                "",
                "is a credential in plain text, which Connect stores in a topic and shows over REST",
                "set a reference such as ${dir:/etc/connect/secrets/source:password}",
            )


def _refers_elsewhere(key: str, value: object) -> bool:
    """Return whether a setting only refers to its credential; in a login module's text (JAAS), whether every credential option does."""
    if isinstance(value, Unknown):
        return False
    return jaas_refers(value) if isinstance(value, str) and sense(key) is Sense.JAAS else is_referred(value)


def _no_literal(resource: Declared, _record: Record) -> Iterator[Problem]:
    if resource.is_kubernetes:
        yield from _in_annotations(resource.inputs.get("metadata"))
    if starts_pods(resource):
        yield from _in_pods(resource)
    elif resource.is_kubernetes and resource.kind.removesuffix("Patch").removesuffix("List") == "ConfigMap":
        items = resource.objects
        for item in items if isinstance(items, Sequence) else ():
            if isinstance(item, Mapping):
                yield from _in_files(item.get("data"))
                yield from _in_files(item.get("binaryData"), binary=True)
    elif resource.type.endswith(":Connector"):
        yield from _in_connector(resource.inputs.get("config"))
    else:
        yield from clear_values.problems(resource)
        yield from custom_values.problems(resource)


RULES = (
    Rule(
        name="no-literal-credential",
        says="No environment, command, ConfigMap, annotation, connector configuration or clear value of AWS contains a credential.",
        check=_no_literal,
        severity="critical",
        by_path=True,
    ),
)
