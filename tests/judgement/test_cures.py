"""A cure that names another key leads to an accepted stack when it is followed, for every key of every section and table."""

from __future__ import annotations

import copy
import json
import re
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from pipeline.recording.recorder import ROOT
from pipeline.recording.stackfile import stack_config
from stack.configs.keys import own
from stack.judgement.effects import _void
from stack.judgement.stack import SettingsError, parse, parse_text
from stack.settings.model import Settings
from stack.settings.parsing import PROJECT
from tests.declared import settings_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from stack.configs.keys import Kind

NAMES = re.compile(r"did you mean ([^? ]+)\?$")
STACKS = ("sandbox", "guest", "endpoint", "glue")
# further keys by path, with a stack that has the section
FURTHER: dict[str, tuple[Kind, str]] = {
    "source.debezium.extra": ("debezium", "sandbox"),
    "archive.extra": ("s3", "parquet"),
    "archive.extra of Iceberg": ("iceberg", "glue"),
    "streaming.connect.extra": ("worker", "sandbox"),
    "streaming.kafka.extra": ("broker", "sandbox"),
    "streaming.topics.extra": ("topic", "sandbox"),
    "source.parameters": ("postgresql", "sandbox"),
}
# every so many keys of a table, with one way to misspell each
STEP = 5


def misspelt(word: str) -> tuple[str, ...]:
    """Return a word with a letter less, with one twice, with two exchanged, and with another case."""
    middle = len(word) // 2
    return (
        word[:middle] + word[middle + 1 :],
        word[:middle] + word[middle] + word[middle:],
        word[: middle - 1] + word[middle] + word[middle - 1] + word[middle + 1 :],
        re.sub(r"([A-Z])", r"_\1", word).lower() if word.lower() != word else word.capitalize(),
    )


def values_of(stack: str, *, defaults: bool = False) -> dict[str, Any]:
    """Return the values that a stack sets, and those of all other settings too."""
    values: dict[str, Any] = settings_of(stack).model_dump(mode="json", by_alias=True, exclude_none=True, exclude_unset=not defaults)
    return values


def places(values: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the place of every key of every section; of a list the first entry."""
    if isinstance(values, dict) and path[-1:] not in {("extra",), ("parameters",), ("labels",), ("tags",), ("exceptions",), ("rotation",)}:
        for key, value in values.items():
            yield (*path, key)
            yield from places(value, (*path, key))
    elif isinstance(values, list) and values:
        yield from places(values[0], (*path, 0))


def at(values: Any, path: tuple[Any, ...]) -> Any:
    """Return the section or the value at a place; a section that is missing is made."""
    for part in path:
        values = values[part] if isinstance(values, list) else values.setdefault(part, {})
    return values


def problems_of(values: dict[str, Any]) -> list[Any]:
    """Return the problems of a stack."""
    try:
        parse(values)
    except SettingsError as error:
        return list(error.problems)
    return []


def wrong_cure(values: dict[str, Any], section: Callable[[dict[str, Any]], dict[str, Any]], written: str) -> tuple[str, bool]:
    """Return the fault of a cure that names a key, or an empty text, and whether there is such a cure."""
    named = [(item, found[1]) for item in problems_of(values) if (found := NAMES.search(item.cure))]
    for item, name in named:
        followed = copy.deepcopy(values)
        changed = section(followed)
        if name in changed:
            return f"{written}: {item}: it is written as well", True
        changed[name] = changed.pop(written)
        refused = problems_of(followed)
        if refused:
            return f"{written}: {item} -> {refused[0]}", True
    return "", bool(named)


@pytest.mark.parametrize("stack", STACKS)
def test_a_cure_of_a_misspelt_setting_is_accepted(stack: str, figure: Callable[[str], None]) -> None:
    values, every = values_of(stack), values_of(stack, defaults=True)
    assert problems_of(values) == []
    wrong, cured, made = [], 0, 0
    # a key without effect in this stack is never named as a cure
    void = tuple(f"{path}." for path, _reason in _void(Settings.model_validate(values)))
    for number, path in enumerate(path for path in places(every) if not f"{'.'.join(map(str, path))}.".startswith(void)):
        *place, key = path
        for other in {misspelt(key)[number % 4], misspelt(key)[(number + 1) % 4]} - set(at(every, tuple(place))):
            changed = copy.deepcopy(values)
            section = at(changed, tuple(place))
            section.pop(key, None)
            section[other] = at(every, path)
            fault, is_cured = wrong_cure(changed, lambda given, place=place: at(given, tuple(place)), other)  # type: ignore[misc]
            wrong += [fault] if fault else []
            made, cured = made + 1, cured + is_cured
    assert wrong == []
    assert cured > made / 2
    figure(f"{stack}: {made} misspelt settings, {cured} with the name of the right one, all accepted")


@pytest.mark.parametrize("place", FURTHER)
def test_a_cure_of_a_misspelt_further_key_is_accepted(place: str, figure: Callable[[str], None]) -> None:
    kind, stack = FURTHER[place]
    path = tuple(place.split(" ", maxsplit=1)[0].split("."))
    values = values_of(stack)
    wrong, cured, told = [], 0, 0
    keys = sorted(own(kind))[::STEP]
    for number, key in enumerate(keys):
        entry = own(kind)[key]
        written = misspelt(key)[number % 3]
        changed = copy.deepcopy(values)
        at(changed, path)[written] = entry.default or (entry.valid[0] if entry.valid else "1")
        fault, is_cured = wrong_cure(changed, lambda every: at(every, path), written)
        wrong += [fault] if fault else []
        cured += is_cured
        told += any("did you mean" in item.cure for item in problems_of(changed))
    assert wrong == []
    assert told > len(keys) / 2
    figure(f"{place}: {len(keys)} misspelt further keys, {told} with the name of the right one, {cured} of those may be set")


def test_a_key_that_is_refused_is_named_with_its_cure() -> None:
    values = values_of("sandbox")
    at(values, ("source", "debezium"))["extra"] = {"database.hostnam": "db", "pol.interval": "5"}
    fixed, controlled = problems_of(values)
    assert fixed.cure == "did you mean database.hostname? It is fixed: other parts of the program depend on it; remove it"
    assert controlled.cure.startswith("did you mean poll.interval.ms? It is controlled by source.debezium.pollIntervalMs")


def test_a_key_that_is_written_as_well_is_not_named_alone() -> None:
    (item,) = problems_of({"archive": {"bucket": "archive", "format": "parquet", "formt": "parquet"}})
    assert item.cure == "did you mean format? It is written as well; remove one of the two"


@pytest.mark.parametrize(
    ("written", "value", "meant"),
    [
        ("streeming", {"epoch": 2}, "streaming"),
        ("enviroment", "prod", "environment"),
        ("protct", True, "protect"),
        ("budgt", {"memoryMib": 5000}, "budget"),
    ],
)
def test_a_default_of_the_project_file_is_not_taken_for_a_key_that_is_written(written: str, value: Any, meant: str) -> None:
    given = stack_config(ROOT, "dev").values
    texts = {key: text for key, text in given.items() if key != f"{PROJECT}:{meant}"} | {
        f"{PROJECT}:{meant}": _declared_default(meant),
        f"{PROJECT}:{written}": json.dumps(value),
    }
    with pytest.raises(SettingsError) as caught:
        parse_text(texts)
    (item,) = [one for one in caught.value.problems if one.path == written]
    assert item.cure == f"did you mean {meant}?"


def test_a_section_that_is_written_as_well_is_told() -> None:
    texts = dict(stack_config(ROOT, "dev").values) | {f"{PROJECT}:streeming": "{}", f"{PROJECT}:streaming": '{"epoch": 2}'}
    with pytest.raises(SettingsError) as caught:
        parse_text(texts)
    assert "did you mean streaming? It is written as well; remove one of the two" in {one.cure for one in caught.value.problems}


def test_two_words_for_one_key_are_not_told_as_the_key_itself() -> None:
    first, second = problems_of({"archive": {"bucket": "archive", "formt": "parquet", "fromat": "parquet"}})
    assert first.cure == "did you mean format?"
    assert second.cure == "did you mean format? archive.formt stands for it as well; remove one of the two"


def _declared_default(name: str) -> str:
    """Return the default of a setting in Pulumi.yaml, as Pulumi passes it on."""
    default = yaml.safe_load((ROOT / "Pulumi.yaml").read_text(encoding="utf-8"))["config"][name]["default"]
    return default if isinstance(default, str) else json.dumps(default)


def test_a_value_of_many_levels_beside_a_misspelt_key_is_a_problem_too() -> None:
    deep: list[Any] = []
    for _ in range(5000):
        deep = [deep]
    found = problems_of({"archive": {"bucket": "archive", "formt": "parquet"}, "source": {"tables": deep}})
    assert [item.cure for item in found if item.meant] == ["did you mean format?"]
    assert any("levels" in item.rule for item in found)


@pytest.mark.parametrize(
    ("written", "cure"),
    [
        ("data-ingestio:budget", "did you mean data-ingestion:budget?"),
        ("data-ingestio:budgt", "did you mean data-ingestion:budget?"),
        ("data-ingestio:other", "the settings of data-ingestion are described in docs/settings.md"),
        ("data-ingestio:host", "did you mean data-ingestion:host?"),
        ("data-ingestio:archive", "did you mean data-ingestion:archive? It is written as well; remove one of the two"),
    ],
)
def test_a_misspelt_project_names_a_section_that_there_is(written: str, cure: str) -> None:
    with pytest.raises(SettingsError) as caught:
        parse_text({"data-ingestion:archive": '{"bucket": "archive"}', "data-ingestion:host": "{}", written: "{}"})
    assert cure in {item.cure for item in caught.value.problems}
