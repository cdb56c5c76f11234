"""Credentials in whole documents of YAML, JSON and TOML, read by a parser.

A parser sees what a pattern does not: anchors and aliases, folded and multi-line texts, escapes in names, keys of any order.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import tomllib
from typing import TYPE_CHECKING, Any, Final

import yaml

from stack.configs.credentials.expressions import is_code
from stack.configs.credentials.judging import is_credential, may_be_credential
from stack.configs.credentials.names import opens_credentials, stands_beside
from stack.configs.credentials.spans import Span
from stack.configs.credentials.structures import verdict
from stack.configs.credentials.values import is_referred

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stack.configs.credentials.reading import Reading

# Characters up to which a text is parsed, and up to which without the parser in C: time is linear, and a pattern reads the rest
_LONGEST: Final = 65_536 if yaml.__with_libyaml__ else 4_096
_LOADER: Final = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader
# A parser calls itself for each level
_DEEPEST: Final = 100
_BRACKETS = re.compile(r"[\[{]")
_OF_YAML: Final = re.compile(r"\.(?:ya?ml|json)$|^[^.]*$|\.(?:conf|txt|tpl|cfg)$")
_OF_TOML: Final = re.compile(r"[ \t]*[\w.\"'\\-]+[ \t]*=[ \t]*\S|\[")
_TOML_LINE: Final = re.compile(r"(?m)^[ \t]*[\w.\"'\\-]+[ \t]*=[ \t]*[\"'{\[]")
_NAMES: Final = frozenset(
    {
        "name",
        "key",
        "parameterkey",
        "parametername",
        "variable",
        "optionname",
        "header",
        "k",
        "field",
        "var",
        "property",
        "param",
        "attr",
        "attribute",
        "setting",
    }
)
_VALUES: Final = frozenset({"value", "val", "parametervalue", "optionvalue", "content", "stringvalue", "v", "data"})
# A sentence with a colon parses as a name and a value, and is none
_NAME: Final = re.compile(r"[\w.@/:$-]{1,200}")
_SHORTEST: Final = 4
# Fields of a Secret of Kubernetes, each with a name for the values below it; those of data are in base64
_OF_A_SECRET: Final = {"stringData": "password", "data": "password.base64"}


def spans(reading: Reading, file: str) -> Iterator[Span]:
    """Yield the credentials of a text that is one document.

    Args:
        reading: The text.
        file: Name of the file, or an empty text.
    """
    text = reading.text
    if len(text) > _LONGEST or reading.program or not (reading.names or "\\u" in text or "\\x" in text):
        return
    if file.endswith(".toml") or (not _OF_YAML.search(file) and _OF_TOML.match(text)) or (not file and _TOML_LINE.search(text)):
        yield from _in_toml(text)
    if _OF_YAML.search(file) and (":" in text or "{" in text):
        yield from _in_yaml(text)


def _in_yaml(text: str) -> Iterator[Span]:
    if len(_BRACKETS.findall(text)) > _DEEPEST and _is_deep(text):
        return
    try:
        documents = [document for document in yaml.compose_all(text, Loader=_LOADER) if document is not None]
    except (yaml.YAMLError, RecursionError, ValueError):
        yield from _in_json(text)
        return
    seen: set[int] = set()
    waiting: list[tuple[yaml.Node, str, str]] = [(document, "", "") for document in reversed(documents)]
    while waiting:
        node, key, parent = waiting.pop()
        if isinstance(node, yaml.ScalarNode):
            start, end = node.start_mark.index, node.end_mark.index
            sure = _judged(parent, key, node.value, plain=node.style is None)
            if sure is not None:
                yield Span(start, start + len(text[start:end].rstrip()), sure=sure)
        elif id(node) not in seen:
            seen.add(id(node))  # an alias is the node itself, so that a document of aliases costs no more than it has characters
            waiting += _below(node, key, parent)


def _is_deep(text: str) -> bool:
    depth = 0
    for sign in re.findall(r"[\[\]{}]", text):
        depth += 1 if sign in "[{" else -1
        if depth > _DEEPEST:
            return True
    return False


def _below(node: yaml.Node, key: str, parent: str) -> Iterator[tuple[yaml.Node, str, str]]:
    """Yield the values of a collection, each with its name and the name of a credential above it."""
    if isinstance(node, yaml.SequenceNode):
        yield from ((item, "" if parent else key, parent) for item in node.value)
        return
    fields = [(_name(name), value) for name, value in node.value]
    named = next((value.value for name, value in fields if _folded(name) in _NAMES and isinstance(value, yaml.ScalarNode)), "")
    secret = any(name == "kind" and value.value == "Secret" for name, value in fields)
    for name, value in fields:
        if secret and name in _OF_A_SECRET:
            yield value, "", _OF_A_SECRET[name]
            continue
        single = isinstance(value, yaml.ScalarNode)
        yield value, named if named and _folded(name) in _VALUES else name, parent if single else _opening(name, parent)


def _name(node: yaml.Node) -> str:
    name = node.value if isinstance(node, yaml.ScalarNode) else ""
    return name if _NAME.fullmatch(name) and "::" not in name else ""  # the name of a type, such as AWS::ApiGateway::ApiKey


def _folded(name: str) -> str:
    return name.lower().replace("_", "").replace("-", "")


def _opening(name: str, parent: str) -> str:
    """Return the name of the credential that the values below a name belong to, or an empty text."""
    return name if opens_credentials(name) else "" if stands_beside(name) else parent


def _judged(parent: str, key: str, value: str, *, plain: bool) -> bool | None:
    """Return whether a value is certainly a credential, or None where nothing is to be hidden."""
    text = value.strip()
    if not text or "\n" in text or is_referred(text) or (plain and is_code(text)):
        return None  # patterns read texts of several lines
    if is_credential(key, text):
        return True
    below = verdict(parent, key, _plain(text) if parent == _OF_A_SECRET["data"] else text) if parent else None
    return below if below is not None else (False if may_be_credential(key, text) else None)


def _plain(text: str) -> str:
    """Return the text that a value in base64 means, or the value."""
    try:
        return base64.b64decode(text, validate=True).decode().strip()
    except (binascii.Error, ValueError):
        return text


def _in_json(text: str) -> Iterator[Span]:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return
    yield from _found(text, document)


def _in_toml(text: str) -> Iterator[Span]:
    try:
        document = tomllib.loads(text)
    except (ValueError, RecursionError):
        return
    yield from _found(text, document)


def _found(text: str, document: Any) -> Iterator[Span]:  # noqa: ANN401 - anything as JSON knows it
    """Yield the places of the credentials in a document without positions: every place where the value stands."""
    waiting = [(document, "", "")]
    told: dict[str, bool] = {}
    while waiting:
        value, key, parent = waiting.pop()
        if isinstance(value, dict):
            named = next((str(item) for name, item in value.items() if _folded(name) in _NAMES and isinstance(item, str)), "")
            for name, item in value.items():
                below = parent if isinstance(item, str) else _opening(name, parent)
                waiting.append((item, named if named and _folded(name) in _VALUES else name, below))
        elif isinstance(value, list):
            waiting += [(item, "" if parent else key, parent) for item in value]
        elif isinstance(value, str) and (sure := _judged(parent, key, value, plain=False)) is not None:
            told[value.strip()] = told.get(value.strip(), False) or sure
    if told:
        alternatives = sorted({form for value in told for form in (value, json.dumps(value)[1:-1])}, key=len, reverse=True)
        places = list(re.finditer("|".join(map(re.escape, alternatives)), text)) if min(map(len, told)) >= _SHORTEST else []
        known = {place[0] for place in places}
        if all(value in known or json.dumps(value)[1:-1] in known for value in told):
            yield from (Span(*place.span(), sure=told.get(place[0], any(told.values()))) for place in places)
        else:
            yield Span(0, len(text), sure=any(told.values()))
