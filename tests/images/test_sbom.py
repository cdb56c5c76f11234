"""Bills of materials: complete, the same for the same parts, and honest about what is not known."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from images import sbom
from images.licences import Licence
from images.parts import Part
from images.sbom import Subject
from pipeline.command_line import main

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SUBJECT = Subject(name="localhost/it", version="1-1", kind="container", phase="pre-build")
INSIDE = Part(name="com.other:shaded", version="7", purl="pkg:maven/com.other/shaded@7")
JAR = Part(
    name="org.example:it",
    version="1.2",
    purl="pkg:maven/org.example/it@1.2",
    sha256="a" * 64,
    path="libs/it-1.2.jar",
    licences=(Licence("The It Licence"),),
    parts=(INSIDE,),
)
MIT = Licence("MIT", expression=True)
WHEEL = Part(name="it", version="3", purl="pkg:pypi/it@3", sha256="b" * 64, path="wheels/it-3.whl", licences=(MIT,))
BASE = Part(name="debian", version="trixie-slim", purl="pkg:docker/debian@trixie-slim")


def references(bill: dict[str, Any]) -> Iterator[str]:
    for component in bill.get("components", []):
        yield component["bom-ref"]
        yield from references(component)


def test_a_part_has_coordinates_checksum_licence_and_place() -> None:
    (jar,) = sbom.document(SUBJECT, [JAR])["components"]
    assert jar == {
        "type": "library",
        "bom-ref": "libs/it-1.2.jar",
        "group": "org.example",
        "name": "it",
        "version": "1.2",
        "purl": "pkg:maven/org.example/it@1.2",
        "hashes": [{"alg": "SHA-256", "content": "a" * 64}],
        "licenses": [{"license": {"name": "The It Licence", "acknowledgement": "declared"}}],
        "evidence": {"occurrences": [{"location": "libs/it-1.2.jar"}]},
        "components": [
            {
                "type": "library",
                "bom-ref": "libs/it-1.2.jar#pkg:maven/com.other/shaded@7",
                "group": "com.other",
                "name": "shaded",
                "version": "7",
                "purl": "pkg:maven/com.other/shaded@7",
            }
        ],
    }


def test_the_same_parts_in_any_order_give_the_same_bytes() -> None:
    one, other = (sbom.render(sbom.document(SUBJECT, order, BASE, own)) for order, own in (([JAR, WHEEL], "ab"), ([WHEEL, JAR], "ba")))
    assert one == other
    assert "timestamp" not in one


@pytest.mark.parametrize("changed", [replace(JAR, version="1.3"), replace(JAR, sha256="c" * 64), replace(JAR, parts=())])
def test_another_content_has_another_number(changed: Part) -> None:
    assert sbom.document(SUBJECT, [JAR])["serialNumber"] != sbom.document(SUBJECT, [changed])["serialNumber"]


def test_what_a_base_has_inside_is_said_to_be_unknown() -> None:
    bill = sbom.document(SUBJECT, [JAR], BASE)
    assert bill["compositions"] == [{"aggregate": "incomplete", "assemblies": ["pkg:docker/debian@trixie-slim"]}]
    assert "compositions" not in sbom.document(SUBJECT, [JAR])


def test_one_part_in_two_places_has_two_names() -> None:
    found = list(references(sbom.document(SUBJECT, [JAR, replace(JAR, path="plugins/it-1.2.jar")], BASE, ["libs/compiled.jar"])))
    assert len(found) == len(set(found)) == 6


def test_the_command_writes_the_bills_of_the_environment_and_of_an_image(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["images", "sbom", "host", "postgres", "--store", str(tmp_path / "store"), "--into", str(tmp_path / "bills")]) == 0
    bills = {path.name: json.loads(path.read_text()) for path in (tmp_path / "bills").iterdir()}
    assert set(bills) == {"host.cdx.json", "postgres.cdx.json"}
    assert bills["postgres.cdx.json"]["metadata"]["component"]["name"] == "localhost/data-ingestion/postgres"
    assert f"host: {sbom.count(bills['host.cdx.json'])} components" in capsys.readouterr().out


def test_what_cannot_be_read_or_written_is_named_without_a_trace(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").touch()
    for words, told in (
        (["--into", str(tmp_path / "file")], "file cannot be written: File exists"),
        (["--into", str(tmp_path), "--base", str(tmp_path / "missing.tar")], "missing.tar cannot be read: No such file or directory"),
        (["--into", str(tmp_path), "--base", str(tmp_path / "file")], "file cannot be read: "),
    ):
        assert main(["images", "sbom", "postgres", "--store", str(tmp_path / "store"), *words]) == 1
        assert told in capsys.readouterr().err
