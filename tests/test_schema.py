"""The JSON schema of a stack file accepts what the program accepts, and refuses what an editor should mark."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest
import yaml

from pipeline.documents import commands
from pipeline.documents.schema import DOCUMENT, render
from stack.settings.model import Settings
from stack.settings.parsing import PROJECT
from tests.declared import STACK_FILES, STACKS

VALIDATOR = jsonschema.Draft202012Validator(json.loads(DOCUMENT.read_text(encoding="utf-8")))


def faults(config: dict[str, Any]) -> list[str]:
    """Return the places of a stack file that an editor would mark."""
    values = {f"{PROJECT}:{key}": value for key, value in config.items()}
    return [".".join(map(str, error.absolute_path)) for error in VALIDATOR.iter_errors({"config": values})]


def test_the_schema_is_the_model() -> None:
    assert DOCUMENT.read_text(encoding="utf-8") == render()
    assert commands.documents(["schema"], check=True) == 0
    jsonschema.Draft202012Validator.check_schema(VALIDATOR.schema)


@pytest.mark.parametrize("path", STACK_FILES, ids=lambda path: path.name)
def test_a_stack_file_names_the_schema_and_satisfies_it(path: Any) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.startswith("# yaml-language-server: $schema=stack/settings/stack-file.schema.json\n")
    assert list(VALIDATOR.iter_errors(yaml.safe_load(text))) == []


@pytest.mark.parametrize("stack", sorted(STACKS))
def test_every_stack_of_the_tests_satisfies_it(stack: str) -> None:
    assert faults({"archive": {"bucket": "archive"}, **STACKS[stack][1]}) == []


@pytest.mark.parametrize(
    ("config", "place"),
    [
        ({"archive": {"bucket": "archive", "formt": "parquet"}}, "config.data-ingestion:archive"),
        ({"archive": {"bucket": "archive", "format": "orc"}}, "config.data-ingestion:archive.format"),
        ({"archive": {"bucket": "archive"}, "source": {"memoryMib": "512"}}, "config.data-ingestion:source.memoryMib"),
        ({"archive": {"bucket": "archive"}, "sorce": {}}, "config"),
        ({"source": {}}, "config"),
    ],
)
def test_a_wrong_key_or_value_is_marked(config: dict[str, Any], place: str) -> None:
    assert faults(config) == [place]


def test_keys_of_other_projects_and_plain_yaml_values_are_taken() -> None:
    config = {
        "archive": {"bucket": "archive", "extra": {"flush.size": 1000}},
        "source": {"tables": "tables/prod.yaml", "parameters": {"log_connections": True}},
        "rotation": {"app": 2026},
    }
    assert faults(config) == []
    assert list(VALIDATOR.iter_errors({"config": {"aws:region": "eu-west-1", "data-ingestion:archive": {"bucket": "archive"}}})) == []


def test_every_key_is_described() -> None:
    """An editor shows the description, and that of the section where the key contains one."""
    definitions = VALIDATOR.schema["$defs"]
    bare = [
        f"{name}.{key}"
        for name, part in definitions.items()
        for key, field in part["properties"].items()
        if not {"description", "$ref"} & set(field)
    ]
    assert bare == []
    assert set(VALIDATOR.schema["properties"]["config"]["properties"]) == {f"{PROJECT}:{name}" for name in Settings.model_fields}
