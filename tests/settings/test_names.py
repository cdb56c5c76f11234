"""Names shared by two systems, and property files."""

from __future__ import annotations

import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import ValidationError

from stack.settings.names import OBJECT_ROOT, Names
from stack.settings.section import Section
from stack.settings.tables import Column, Table
from stack.specification.manifest import checksum, container, labels
from stack.specification.properties import properties_text

# without the few names that are reserved words
identifiers = st.from_regex(r"[a-z_][a-z0-9_]{0,20}_", fullmatch=True)


def table(name: str) -> Table:
    """Return a table of that name."""
    return Table(name=name, columns=(Column(name="id", type="integer"),))


@given(prefix=identifiers, one=identifiers, other=identifiers)
def test_a_route_matches_its_own_topic_and_no_other(prefix: str, one: str, other: str) -> None:
    """Even when one name is a prefix of another, and although a dot in an expression matches anything."""
    names = Names(topic_prefix=prefix)
    route = re.compile(names.route_regex(table(one)))
    assert route.search(names.topic(table(one)))
    assert not route.search(names.topic(table(one)) + "x")
    assert not route.search(names.topic(table(one)).replace(".", "_"))
    if one != other:
        assert not route.search(names.topic(table(other)))


@given(one=identifiers, other=identifiers)
def test_no_two_tables_share_a_folder(one: str, other: str) -> None:
    assume(one != other)
    first, second = Names().object_prefix(table(one)), Names().object_prefix(table(other))
    assert not f"{first}/".startswith(f"{second}/")
    assert first.startswith(f"{OBJECT_ROOT}/")


@given(prefix=identifiers)
def test_the_heartbeat_topic_is_never_a_change_topic(prefix: str) -> None:
    names = Names(topic_prefix=prefix)
    assert names.heartbeat_topic != names.topic(table(prefix))
    assert names.heartbeat_topic.endswith(f".{prefix}")


def test_services_are_named_in_full() -> None:
    """A short name is looked up through the search path of every pod, once for each entry."""
    names = Names(namespace="elsewhere")
    assert names.service("kafka") == "kafka.elsewhere.svc.cluster.local"
    assert all(".elsewhere.svc.cluster.local:" in server for server in names.bootstrap_servers.split(","))


@pytest.mark.parametrize(
    ("field", "value"), [("namespace", "Data"), ("namespace", "-data"), ("database", "shop-1"), ("topic_prefix", "a.b")]
)
def test_names_that_a_system_would_refuse_are_refused_here(field: str, value: str) -> None:
    with pytest.raises(ValidationError):
        Names(**{field: value})


lines = st.text(st.characters(blacklist_characters="\n\\\r=", min_codepoint=33, max_codepoint=126), min_size=1)


@given(st.dictionaries(lines, lines))
def test_a_property_file_reads_back(values: dict[str, str]) -> None:
    text = properties_text(values)
    assert dict(line.split("=", 1) for line in text.splitlines()) == values
    assert text == properties_text(dict(reversed(values.items()))), "the order of declaration must not roll pods"


@pytest.mark.parametrize("value", ["two\nlines", "C:\\path"])
def test_a_value_that_the_format_would_change_is_refused_by_key(value: str) -> None:
    with pytest.raises(ValueError, match=r"the value of some\.key contains a line break or a backslash") as caught:
        properties_text({"some.key": value})
    assert value not in str(caught.value), "it may be a secret"


def test_a_checksum_follows_every_part_and_no_order() -> None:
    assert checksum({"a": "1", "b": "2"}) == checksum({"b": "2", "a": "1"})
    assert len({checksum({"a": "1"}), checksum({"a": "2"}), checksum({"a": "1"}, {"c": "3"})}) == 3


def test_labels_tell_components_apart() -> None:
    assert labels("kafka").keys() == labels("connect").keys()
    assert labels("kafka") != labels("connect")


def test_a_variable_stands_before_those_that_refer_to_it() -> None:
    """Kubernetes leaves ``$(NAME)`` unchanged when NAME is defined later."""
    made = container(
        name="c", image="i:1", command=["c"], memory_mib=1, cpu_millicores=1, env={"A": "$(Z)", "B": "b"}, env_from={"Z": {"fieldRef": {}}}
    )
    names = [item["name"] for item in made["env"]]
    assert names.index("Z") < names.index("A")


def test_settings_are_written_in_camel_case_and_refuse_what_they_do_not_know() -> None:
    class Sample(Section):
        some_size: int = 1

    assert Sample.model_validate({"someSize": 2}).some_size == 2
    with pytest.raises(ValidationError, match="someSice"):
        Sample.model_validate({"someSice": 2})
