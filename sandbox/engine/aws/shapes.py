"""The shape of settings: camelCase in the program, PascalCase in the API, and whether the live ones are as asked."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from plan.values import Json

# Names that are not simply capitalised.
_SPECIAL: Final = {"id": "ID", "sseAlgorithm": "SSEAlgorithm", "kmsMasterKeyId": "KMSMasterKeyID"}


def pascal(value: Json) -> Json:
    """Turn the keys of a program's property into those of the API; what is None is left out."""
    if isinstance(value, dict):
        return {_SPECIAL.get(key, key[:1].upper() + key[1:]): pascal(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [pascal(item) for item in value]
    return value


def covers(live: Json, asked: Json) -> bool:
    """Tell whether everything asked for is so in the live settings; what the service adds is its own affair."""
    if isinstance(asked, dict):
        return isinstance(live, dict) and all(covers(live.get(key), item) for key, item in asked.items())
    if isinstance(asked, list):
        return isinstance(live, list) and len(live) == len(asked) and all(map(covers, live, asked))
    return bool(live == asked)


def same_document(live: Json, asked: str) -> bool:
    """Compare policy documents, whether text or parsed, by their meaning."""
    parsed = json.loads(live) if isinstance(live, str) else live
    return bool(parsed == json.loads(asked))
