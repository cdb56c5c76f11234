"""Requests to Maven, and the parsing of its answers."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from images import maven
from images.maven import Coordinates

_NS = {"m": "http://maven.apache.org/POM/4.0.0"}


@pytest.mark.parametrize(
    ("text", "file_name"),
    [
        ("org.apache.kafka:kafka-clients:jar:4.3.1", "kafka-clients-4.3.1.jar"),
        ("io.debezium:debezium-connector-postgres:tar.gz:plugin:3.6.3.Final", "debezium-connector-postgres-3.6.3.Final-plugin.tar.gz"),
    ],
)
def test_coordinates_are_written_as_read_and_name_the_repositorys_file(text: str, file_name: str) -> None:
    assert str(Coordinates.parse(text)) == text
    assert Coordinates.parse(text).file_name == file_name


def test_a_listing_is_read_with_colours_classifiers_and_module_notes() -> None:
    text = (
        "\n The following files have been resolved:\n"
        "   org.apache.kafka:kafka-clients:jar:4.3.1:compile -- module kafka.clients\n"
        "\x1b[36m   org.apache.orc:orc-core:jar:nohive:1.9.9:runtime\x1b[0m\n"
        "   junit:junit:jar:4.13:test\n"
    )
    assert [str(found) for found in maven.parse_listing(text)] == [
        "org.apache.kafka:kafka-clients:jar:4.3.1",
        "org.apache.orc:orc-core:jar:nohive:1.9.9",
    ]


def test_every_root_carries_every_exclusion() -> None:
    pom = ET.fromstring(maven.closure_pom(["g:a:1", "g:b:2"], ["io.netty:*"]))  # noqa: S314 - our own text
    dependencies = pom.findall("m:dependencies/m:dependency", _NS)
    assert [dependency.findtext("m:artifactId", namespaces=_NS) for dependency in dependencies] == ["a", "b"]
    assert all(dependency.findtext("m:exclusions/m:exclusion/m:groupId", namespaces=_NS) == "io.netty" for dependency in dependencies)


def test_files_are_fetched_one_by_one_without_their_dependencies() -> None:
    pom = ET.fromstring(maven.fetch_pom([Coordinates.parse("g:a:tar.gz:all:1")], Path("/somewhere")))  # noqa: S314 - our own text
    (item,) = pom.findall(".//m:artifactItem", _NS)
    assert item.findtext("m:classifier", namespaces=_NS) == "all"
    assert pom.find("m:dependencies", _NS) is None
    assert pom.findtext(".//m:outputDirectory", namespaces=_NS) == "/somewhere"
