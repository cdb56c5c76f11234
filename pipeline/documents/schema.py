"""JSON schema of a stack file, for editors.

It is made from the model of the settings, so keys, types, defaults and descriptions are those that the program reads.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from stack.settings.model import Settings
from stack.settings.parsing import PROJECT

DOCUMENT: Final = Path(__file__).resolve().parents[2] / "stack" / "settings" / "stack-file.schema.json"


def schema() -> dict[str, Any]:
    """Return the schema of ``Pulumi.<stack>.yaml``: every key of this project by its type, keys of other projects as they are."""
    model = Settings.model_json_schema(by_alias=True)
    sections = {f"{PROJECT}:{name}": section for name, section in _without_sections(model["properties"]).items()}
    config = {
        "type": "object",
        "description": "Settings of the stack; docs/settings.md explains each.",
        "properties": sections,
        "patternProperties": {f"^(?!{PROJECT}:)": {}},
        "additionalProperties": False,
        "required": [f"{PROJECT}:{name}" for name in model["required"]],
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Stack file of data-ingestion",
        "type": "object",
        "properties": {"config": config},
        "required": ["config"],
        "$defs": _without_sections(model["$defs"]),
    }


def _without_sections(part: Any) -> Any:  # noqa: ANN401 - a part of a JSON schema
    """Return a schema without defaults that are sections: each key of a section has its own default."""
    if isinstance(part, list):
        return [_without_sections(item) for item in part]
    if not isinstance(part, dict):
        return part
    return {key: _without_sections(value) for key, value in part.items() if key != "default" or _is_plain(value)}


def _is_plain(value: object) -> bool:
    return not isinstance(value, dict) and not (isinstance(value, list) and any(isinstance(item, dict) for item in value))


def render() -> str:
    """Return the schema as text."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"
