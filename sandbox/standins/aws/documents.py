"""The two spellings of settings, camelCase in the program and PascalCase in the API, and whether live ones are as asked."""

from __future__ import annotations

from typing import Any, Final, TypeAlias

Json: TypeAlias = Any

# Names that are not simply capitalised.
_SPECIAL: Final = {"id": "ID", "sseAlgorithm": "SSEAlgorithm", "kmsMasterKeyId": "KMSMasterKeyID"}
_BACK: Final = {api: own for own, api in _SPECIAL.items()}


def pascal(value: Json) -> Json:
    """Turn the keys of a program's property into those of the API; what is None is left out."""
    if isinstance(value, dict):
        return {_SPECIAL.get(key, key[:1].upper() + key[1:]): pascal(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [pascal(item) for item in value]
    return value


def camel(value: Json) -> Json:
    """Turn the keys of the API's answer into those of a program's property."""
    if isinstance(value, dict):
        return {_BACK.get(key, key[:1].lower() + key[1:]): camel(item) for key, item in value.items()}
    if isinstance(value, list):
        return [camel(item) for item in value]
    return value


def said(value: Json) -> Json:
    """Leave out what is off, at every depth."""
    if isinstance(value, dict):
        return {key: said(item) for key, item in value.items() if item is not None and item is not False}
    if isinstance(value, list):
        return [said(item) for item in value]
    return value


def covers(live: Json, asked: Json) -> bool:
    """Tell whether everything asked for is so in the live settings; what the service adds is its own affair."""
    if isinstance(asked, dict):
        return isinstance(live, dict) and all(covers(live.get(key), item) for key, item in asked.items())
    if isinstance(asked, list):
        return isinstance(live, list) and len(live) == len(asked) and all(map(covers, live, asked))
    return bool(live == asked)
