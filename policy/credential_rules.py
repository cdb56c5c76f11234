"""Rule against credentials in plain text. No message shows a value, since it may be the credential."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from capacity import pods
from configs.secrecy import is_secret
from policy.files import properties
from policy.kinds import starts_pods
from policy.rule import Rule
from problem import Problem
from unknown import Unknown

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from policy.declared import Declared, Record

_CREDENTIAL = re.compile(
    r"(?i)(passw(or)?d|passphrase|secret|token|api[-_.]?key|private[-_.]?key|credential|access[-_.]?key|user\.info|jaas\.config)"
)
_PASSWORD = re.compile(r"(?i)(passw(or)?d|passphrase|(^|[-_.])(pass|pwd)($|[-_.]))")
_HARMLESS = re.compile(
    r"(?i)((file|path|dir|name|location|arn|source|class|provider|enabled?|timeout\S*|expir\w*|expires[-_.]in|length|type|ttl|url|uri|endpoint|"
    r"backend|auth|parallelism|limit|count|max|min|size|version|id)$)|^(max|min|enable|use|disable)[-_.]"
)
_PLAIN = re.compile(r"(?i)\d+(\.\d+)?[a-z]{0,2}|true|false|yes|no|on|off|none|null")
_REFERENCE = re.compile(r"\$[{(][^})]+[})]")
_ASSIGNED = re.compile(r"(?:^|[\s'\";&])-{0,2}([A-Za-z][\w.-]*)[=:]\s*['\"]?([^\s'\"$;&|]{3,})")
_IN_URL = re.compile(r"[a-z][a-z0-9+.-]*://[^/\s:@]*:([^@/\s]+)@")
_JAAS_OPTION = re.compile(r"(\w+)\s*=\s*[\"']?([^\"';\s]*)")
_AWS_KEY = re.compile(r"\b(AKIA|ASIA)[A-Z0-9]{16}\b")
_PEM = "PRIVATE KEY-----"
_FILES = (".properties", ".conf", ".env", ".ini")


def is_credential(name: str, value: object = "") -> bool:
    """Return whether a setting of this name contains a credential; file names, modes, plain numbers and switches do not."""
    if _PASSWORD.search(name):
        return not _HARMLESS.search(name)
    return bool(_CREDENTIAL.search(name)) and not _HARMLESS.search(name) and not _PLAIN.fullmatch(str(value or ""))


def is_referred(value: object) -> bool:
    """Return whether a value consists of references only: ``${dir:/secrets:user}:${dir:/secrets:password}`` or ``$(TOKEN)``."""
    return not isinstance(value, Unknown) and not re.search(r"[A-Za-z0-9]", _REFERENCE.sub("", str(value or "")))


def _refers_elsewhere(name: str, value: object) -> bool:
    """Return whether a setting only refers to its credential; in a login module's text (JAAS), whether every credential option does."""
    if "jaas" not in name.lower() or not isinstance(value, str):
        return is_referred(value)
    options = _JAAS_OPTION.findall(value)
    return is_referred(value) or (bool(options) and all(is_referred(text) or not is_credential(option) for option, text in options))


def shows_credential(text: str) -> bool:
    """Return whether a text contains a credential inside a larger value: a URL with a password, an AWS key, a private key."""
    in_url = _IN_URL.search(text)
    return bool((in_url and not _REFERENCE.fullmatch(in_url[1])) or _AWS_KEY.search(text) or _PEM in text)


def _in_variables(container: Mapping[str, Any]) -> Iterator[Problem]:
    for entry in container.get("env") or []:
        key, value = str(entry.get("name", "")), entry.get("value")
        named = is_credential(key, value) and "valueFrom" not in entry and not is_referred(value)
        if named or (isinstance(value, str) and shows_credential(value)):
            yield Problem(
                rule=f"has a credential in the variable {key}", cure="read it from a Secret: valueFrom.secretKeyRef, or a mounted file"
            )


def _in_command(container: Mapping[str, Any]) -> Iterator[Problem]:
    probes = [(f"{probe}.exec.command", ((container.get(probe) or {}).get("exec") or {}).get("command")) for probe in _PROBES]
    for place, words in (("command", container.get("command")), ("args", container.get("args")), *probes):
        for position in telling_words([word if isinstance(word, str) else "" for word in words or []]):
            yield Problem(rule=f"has a credential in {place}[{position}], which process listings show", cure="read it from a mounted file")


def telling_words(words: Sequence[str]) -> list[int]:
    """Return the positions in a command of words that contain a credential, or are the flag before one."""
    return [
        position
        for position, (word, after) in enumerate(pairwise([*words, ""]))
        if _tells(word) or (word.startswith("-") and is_credential(word.lstrip("-"), after) and _literal(after))
    ]


_PROBES = ("startupProbe", "readinessProbe", "livenessProbe")


def _literal(word: str) -> bool:
    return bool(word) and not word.startswith(("-", "$", "/")) and "=" not in word


def _tells(word: str) -> bool:
    """Return whether a word assigns a value to the name of a credential, or contains a credential."""
    assigned = any(is_credential(name, value) and not value.startswith("/") for name, value in _ASSIGNED.findall(word))
    return assigned or shows_credential(word)


def _in_pods(resource: Declared) -> Iterator[Problem]:
    spec = pods.lenient_spec(resource.kind, resource.inputs)
    if spec is None or isinstance(spec.get("containers"), Unknown):
        return  # memory-limit reports it
    for role, container in pods.containers(spec):
        for problem in (*_in_variables(container), *_in_command(container)):
            yield replace(problem, about=f"{role} {container.get('name')!r}")


def _in_files(files: object) -> Iterator[Problem]:
    for key, text in files.items() if isinstance(files, Mapping) else ():
        known = text if isinstance(text, str) else ""
        lines = properties(known) if key.endswith(_FILES) else {key: known} if "\n" not in known else {}
        if shows_credential(known) or any(
            is_secret(name) and is_credential(name, value) and not _refers_elsewhere(name, value) for name, value in lines.items()
        ):
            yield Problem(rule=f"the file {key} contains a credential, and a ConfigMap is not secret", cure="move it to a Secret")


def _in_connector(config: object) -> Iterator[Problem]:
    for key, value in config.items() if isinstance(config, Mapping) else ():
        if (is_secret(key) and not _refers_elsewhere(key, value)) or (isinstance(value, str) and shows_credential(value)):
            yield Problem(
                rule=f"{key} is a credential in plain text, which Connect stores in a topic and shows over REST",
                cure="set a reference such as ${dir:/etc/connect/secrets/source:password}",
            )


def _no_literal(resource: Declared, _record: Record) -> Iterator[Problem]:
    if starts_pods(resource):
        yield from _in_pods(resource)
    elif resource.is_kubernetes and resource.kind == "ConfigMap":
        yield from _in_files(resource.inputs.get("data"))
    elif resource.type.endswith(":Connector"):
        yield from _in_connector(resource.inputs.get("config"))


RULES = (
    Rule(
        name="no-literal-credential",
        says="No environment, command, ConfigMap or connector configuration contains a credential in plain text.",
        check=_no_literal,
        severity="critical",
    ),
)
