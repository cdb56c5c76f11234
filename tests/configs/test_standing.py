"""Every key of the tables is in exactly one list, and what the program renders is what the lists say."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest

from stack.configs.allowed import declared_problems, standing
from stack.configs.keys import KINDS, own, table
from stack.configs.standing import LISTS, entries, standings
from stack.specification.stack import Specification
from tests.connector_configs import RENDERED
from tests.declared import STACKS, settings_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from stack.configs.keys import Kind

TABLES = (
    *("debezium-postgres", "connect-source", "connect-sink", "s3-sink", "iceberg-sink", "avro-converter", "json-converter"),
    *("kafka-topic", "kafka-broker", "kafka-producer", "kafka-consumer", "kafka-admin", "connect-worker"),
)


@pytest.mark.parametrize("name", TABLES)
def test_every_key_of_a_table_is_in_exactly_one_list(name: str, figure: Callable[[str], None]) -> None:
    named = Counter(key for listed in LISTS.get(name, (name,)) for key in entries(listed))
    assert {key: named[key] for key in table(name) if named[key] != 1} == {}
    own_list = Counter(entries(LISTS.get(name, (name,))[0]))
    assert sorted(set(own_list) - set(table(name))) == []
    figure(f"{name}: {len(table(name))} keys, each in one list")


@pytest.mark.parametrize("name", ["postgresql-driver", "iceberg-catalog", "iceberg-write", "kafka-client"])
def test_no_list_names_a_key_twice(name: str) -> None:
    assert [key for key, number in Counter(entries(name)).items() if number > 1] == []


@pytest.mark.parametrize("name", [*TABLES, "kafka-client"])
def test_a_default_lies_within_its_range(name: str) -> None:
    """Except where the software's own default is too large for these brokers, or too long for a commit of the Iceberg sink."""
    exceptions = {"queued.max.request.bytes", "offset.flush.interval.ms"}
    known = {key: entry for listed in TABLES for key, entry in table(listed).items()} if name == "kafka-client" else table(name)
    for key, one in standings(name).items():
        default = known[key].default if key in known else None
        if one.within and default is not None and default not in one.values and key not in exceptions:
            least, most = one.within
            number = int(default) if default.lstrip("-").isdigit() else float(default)
            assert least <= number <= most, key


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "postgresql"])
def test_what_the_program_renders_is_allowed(kind: Kind) -> None:
    assert declared_problems(kind, RENDERED[kind]) == []
    assert {key for key in RENDERED[kind] if standing(kind, RENDERED[kind], key) is None} == set()


@pytest.mark.parametrize("stack", sorted(STACKS))
def test_every_stack_renders_the_values_of_the_lists(stack: str) -> None:
    built = Specification.of(settings_of(stack))
    rendered: dict[Kind, dict[str, str]] = {
        "debezium": dict(built.streaming.source_connector.config),
        "iceberg" if built.settings.archive.format == "iceberg" else "s3": dict(built.archive.connectors[0].config),
        "worker": dict(built.streaming.connect.properties),
    }
    for kind, config in rendered.items():
        assert declared_problems(kind, config) == []


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "postgresql"])
def test_a_key_of_a_later_version_is_not_known_to_be_harmless(kind: Kind) -> None:
    assert all(standing(kind, RENDERED[kind], key) is not None for key in own(kind))
