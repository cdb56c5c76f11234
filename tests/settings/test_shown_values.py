"""No message about a stack file repeats a credential, wherever in the file one stands: as a value, in a list, as a key, in a table."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import pytest

from stack.judgement.stack import SettingsError, specify, specify_text
from stack.problem import Problem
from stack.settings import parsing
from stack.settings.model import Settings
from stack.settings.section import Section
from tests.configs.credential_corpus import TOKENS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

BASE: Final[dict[str, Any]] = {"archive": {"bucket": "archive"}}
WORD: Final = "hunter2xQ9"
# A text, and the part of it that nobody may see
WORDS: Final = (
    (f"password={WORD}", WORD),
    (f"db_password: {WORD}", WORD),
    (f"postgresql://me:{WORD}@db/shop", WORD),
    (f"me:{WORD}@db", WORD),
    ("Tr0ub4dor&3", "Tr0ub4dor"),
    (WORD, WORD),
    *((token, token) for token in (TOKENS["GitHub"], TOKENS["AWS"], TOKENS["Stripe"], TOKENS["JWT"])),
    ("q7Zt2mXv9LrB4kNs8HwD3jPyq7Zt2mXv9LrB4kNs", "q7Zt2mXv9LrB4kNs8HwD3jPy"),
    (f"AWS_SECRET_ACCESS_KEY={WORD}", WORD),
)
TABLE: Final[dict[str, Any]] = {"name": "t", "columns": [{"name": "id", "type": "bigint"}, {"name": "a", "type": "text"}]}


def in_settings(word: str, section: type[Section] = Settings, path: tuple[str, ...] = ()) -> Iterator[dict[str, Any]]:
    """Yield stacks with a word in the place of each setting, in a list and in a mapping there, and as a key of each section."""
    yield nested((*path, word), "x")
    for name, field in section.model_fields.items():
        here = (*path, field.alias or name)
        for value in (word, [word], {word: "x"}, {"x": word}, {word: word}):
            yield nested(here, value)
        below = field.annotation
        if isinstance(below, type) and issubclass(below, Section):
            yield from in_settings(word, below, here)


def in_tables(word: str) -> Iterator[dict[str, Any]]:
    """Yield stacks with a word in each place of a table."""
    for key in ("name", "columns", "primaryKey", "databaseSchema", word):
        for value in (word, [word]):
            yield nested(("source", "tables"), [{**TABLE, key: value}])
    for key in ("name", "type", "nullable", "default", "identity", "constraint", word):
        for value in (word, f"'{word}'", f'"{word}"', f"CHECK (a = '{word}')", f"REFERENCES {word}(id)", [word]):
            yield nested(("source", "tables"), [{**TABLE, "columns": [TABLE["columns"][0], {**TABLE["columns"][1], key: value}]}])


def nested(path: tuple[str, ...], value: Any) -> dict[str, Any]:
    """Return a stack with one value."""
    for key in reversed(path):
        value = {key: value}
    return {**BASE, **value}


def message(values: dict[str, Any]) -> str:
    """Return the message about a stack, an empty one about a valid one."""
    try:
        specify(values)
    except SettingsError as error:
        return str(error)
    return ""


@pytest.mark.parametrize(("word", "part"), WORDS, ids=[f"{at}" for at in range(len(WORDS))])
def test_no_message_repeats_a_credential_in_any_place_of_a_stack_file(
    word: str, part: str, tally: Callable[[str, str, int, int], None]
) -> None:
    tried = [*in_settings(word), *in_tables(word)]
    shown = [(values, told) for values in tried if part in (told := message(values))]
    tally("shown values", "secrets", len(tried), len(shown))
    assert [told for _, told in shown] == []


@pytest.mark.parametrize(("word", "part"), WORDS, ids=[f"{at}" for at in range(len(WORDS))])
@pytest.mark.adversary("secrets")
def test_no_message_repeats_a_credential_in_the_name_of_a_section_or_a_project(word: str, part: str) -> None:
    for texts in ({f"data-ingestion:{word}": "x"}, {f"data-ingestio:{word}": "x"}, {"data-ingestion:environment": word}):
        with pytest.raises(SettingsError) as caught:
            specify_text({"data-ingestion:archive": json.dumps(BASE["archive"]), **texts})
        assert part not in str(caught.value)


@pytest.mark.parametrize(("word", "part"), WORDS, ids=[f"{at}" for at in range(len(WORDS))])
@pytest.mark.adversary("secrets")
def test_no_message_repeats_a_credential_of_the_file_of_tables(
    word: str, part: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parsing, "_ROOT", tmp_path)
    quoted = json.dumps(word)
    for text in (
        word,
        f"- {word}\n",
        f"{quoted}: a\n",
        f"- {quoted}: x\n  {quoted}: y\n",
        f"- name: {quoted}\n",
        f"- !{word} a\n",
        f"a: *{word}",
    ):
        (tmp_path / "tables.yaml").write_text(text, encoding="utf-8")
        assert part not in message(nested(("source", "tables"), "tables.yaml")), text


@pytest.mark.parametrize(("word", "part"), WORDS, ids=[f"{at}" for at in range(len(WORDS))])
@pytest.mark.adversary("secrets")
def test_no_field_of_a_problem_shows_a_credential(word: str, part: str) -> None:
    for field in ("rule", "cure", "key", "value", "about", "path"):
        assert part not in str(Problem(**{"rule": "is wrong", field: f"the value {word!r} is no name"}))


# What people write by mistake, and need to see again
HARMLESS: Final = (
    (("source", "tables"), "tables.yaml"),
    (("source", "tables"), "config/shop-tables.yml"),
    (("source", "tables"), "../tables.yaml"),
    (("host", "exposure"), "nodeport"),
    (("archive", "bucket"), "Shop_Archive"),
    (("names", "slot"), "shop-slot"),
    (("source", "memoryMib"), "512Mi"),
    (("images", "kafka"), "kafka:latest"),
    (("host", "address"), "my host"),
    (("archive", "region"), "eu-central"),
)


@pytest.mark.parametrize(("path", "value"), HARMLESS, ids=[f"{value}" for _, value in HARMLESS])
@pytest.mark.adversary("harmless")
def test_a_harmless_value_is_shown(path: tuple[str, ...], value: str) -> None:
    assert value in message(nested(path, value))
