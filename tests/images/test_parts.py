"""The parts of an image: package URLs of what is pinned, and what jars, wheels, archives and bases have inside."""

from __future__ import annotations

import email
import io
import json
import tarfile
import zipfile
from pathlib import Path

import pytest

from images import contained, installed, layers, licences, parts, staging
from images.bases import BASES
from images.layers import ArchiveError
from images.licences import Licence
from images.lock import NOT_COPIED, Entry
from images.parts import Part
from images.store import Store
from sandbox.paths import CACHE

IMAGES = Path(parts.__file__).parent
SUM = "a" * 64
POM_XML = "<project><licenses>\n<license><name>A &amp; B\n Licence</name></license></licenses></project>"
POM = "groupId=org.example\nartifactId=it\nversion=1.2\n"


def entry(source: str, target: str = "libs/it-1.2.jar") -> Entry:
    return Entry(target=target, source=source, sha256=SUM)


def zipped(**files: str) -> io.BytesIO:
    """Return a zip of some files."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return io.BytesIO(buffer.getvalue())


def tarred(path: Path, files: dict[str, bytes]) -> Path:
    with tarfile.open(path, "w:gz" if path.suffix == ".gz" else "w") as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path


@pytest.mark.parametrize(
    ("source", "purl"),
    [
        ("maven:org.example:it:jar:1.2", "pkg:maven/org.example/it@1.2"),
        ("maven:org.example:it:tar.gz:plugin:1.2", "pkg:maven/org.example/it@1.2?classifier=plugin&type=tar.gz"),
        ("maven:org.example:it:jar:linux-x86_64:1.2", "pkg:maven/org.example/it@1.2?classifier=linux-x86_64"),
        ("pypi:it==1.2+local", "pkg:pypi/it@1.2%2Blocal"),
    ],
)
def test_what_a_lock_pins_has_the_package_url_of_its_manager(source: str, purl: str) -> None:
    assert parts.of_entry(entry(source)).purl == purl


def test_a_file_out_of_a_wheel_is_named_by_its_name_and_not_by_the_wheel() -> None:
    part = parts.of_entry(entry("pypi:engine==9#libs/kafka-avro-serializer-8.1.0.jar"))
    assert (part.name, part.version, part.purl) == ("kafka-avro-serializer", "8.1.0", "")


def test_what_only_the_build_needs_is_no_part_of_an_image() -> None:
    assert parts.of_lock([entry("maven:g:compiler:jar:1", NOT_COPIED), entry("maven:g:it:jar:1")]) == (
        parts.of_entry(entry("maven:g:it:jar:1")),
    )


def test_every_line_of_every_lock_has_a_name_and_a_version() -> None:
    found = [part for lock in IMAGES.glob("*/contents.lock") for part in parts.of_lock(staging.entries_of(lock.parent))]
    assert len(found) > 300
    assert [part for part in found if not part.name or not part.version] == []


def test_a_base_is_named_by_its_digest_where_that_is_pinned() -> None:
    assert parts.of_base("postgres:17-trixie").purl == "pkg:docker/postgres@17-trixie"
    digest = f"sha256:{SUM}"
    assert parts.of_base(f"confluentinc/cp-schema-registry:8.1.0@{digest}").purl == (
        f"pkg:docker/confluentinc/cp-schema-registry@{digest}?tag=8.1.0"
    )


def test_a_jar_is_named_by_the_project_in_it_and_has_what_was_shaded_into_it() -> None:
    file = zipped(
        **{
            "META-INF/maven/org.example/it/pom.properties": POM,
            "META-INF/maven/org.example/it/pom.xml": POM_XML,
            "META-INF/maven/com.other/shaded/pom.properties": "version=7\r\ngroupId=com.other\r\nartifactId=shaded\r\n",
            "META-INF/maven/com.other/half/pom.properties": "version=7\n",
        }
    )
    part = contained.seen(Part(name="it", version="1.2", path="libs/it-1.2.jar"), file)
    assert (part.name, part.purl, part.licences) == ("org.example:it", "pkg:maven/org.example/it@1.2", (Licence("A & B Licence"),))
    assert [inside.purl for inside in part.parts] == ["pkg:maven/com.other/shaded@7"]


def test_a_jar_that_a_lock_names_keeps_that_name() -> None:
    """A classifier is in the lock only."""
    file = zipped(**{"META-INF/maven/org.example/it/pom.properties": POM})
    named = parts.of_entry(entry("maven:org.example:it:jar:linux:1.2", "libs/it-1.2-linux.jar"))
    assert contained.seen(named, file) == named


@pytest.mark.parametrize(
    ("manifest", "named"),
    [
        ("Bundle-License: Apache-2.0\n", ["Apache-2.0"]),
        ("Bundle-License: https://example.org/li\n cence.txt\n", ["https://example.org/licence.txt"]),
        ('Bundle-License: "EPL 2.0";link="https://example.org/epl, two", BSD\r\n', ["EPL 2.0", "BSD"]),
        ("Bundle-License: Apache License, Version 2.0\n", ["Apache License, Version 2.0"]),
        ("Bundle-Name: it\n", []),
    ],
)
def test_licences_of_a_manifest_are_read_as_authors_write_them(manifest: str, named: list[str]) -> None:
    assert licences.of_manifest(f"Manifest-Version: 1.0\n{manifest}") == tuple(map(Licence, named))


@pytest.mark.parametrize(
    ("about", "named"),
    [
        ("License-Expression: MIT OR Apache-2.0\nLicense: MIT", (Licence("MIT OR Apache-2.0", expression=True),)),
        (
            "License: the whole\n  text\nClassifier: License :: OSI Approved :: BSD License\nClassifier: Topic :: It",
            (Licence("BSD License"),),
        ),
        ("License: BSD", (Licence("BSD"),)),
        ("License: UNKNOWN", ()),
        ("Name: it", ()),
    ],
)
def test_licences_of_a_python_package_are_its_expression_then_its_classifiers_then_its_field(
    about: str, named: tuple[Licence, ...]
) -> None:
    assert licences.of_python(email.message_from_string(f"Metadata-Version: 2.4\n{about}\n")) == named


def test_an_archive_has_its_jars_by_their_own_bytes_and_by_quarkus_list(tmp_path: Path) -> None:
    jar = zipped(**{"it.class": ""}).read()
    members = {"lib/org.example.it-1.2.jar": jar, "app/quarkus-run.jar": jar, "quarkus-app-dependencies.txt": b"org.example:it::jar:1.2\n"}
    with tarred(tmp_path / "app.tar.gz", members).open("rb") as file:
        part = contained.seen(Part(name="app", version="1", path="app.tar.gz"), file)
    assert {inside.path: inside.purl for inside in part.parts} == {
        "lib/org.example.it-1.2.jar": "pkg:maven/org.example/it@1.2",
        "app/quarkus-run.jar": "",
    }
    assert len({inside.sha256 for inside in part.parts}) == 1
    assert part.count == 3


STATUS = """Package: bash
Status: install ok installed
Architecture: amd64
Version: 5.2.37-2+b5
Description: a shell
 with more lines

Package: gone
Status: deinstall ok config-files
Architecture: amd64
Version: 1
"""


def test_a_base_has_the_debian_packages_of_its_uppermost_layer(tmp_path: Path) -> None:
    system = b'ID=ubuntu\nVERSION_CODENAME="noble"\n'
    lower = tarred(tmp_path / "lower.tar", {"./var/lib/dpkg/status": b"Package: old\nStatus: install ok installed\nVersion: 1\n"})
    upper = tarred(tmp_path / "upper.tar", {"var/lib/dpkg/status": STATUS.encode(), "usr/lib/os-release": system})
    index = {"manifests": [{"digest": "sha256:m", "annotations": {"org.opencontainers.image.ref.name": "base:1"}}]}
    manifest = {"layers": [{"digest": "sha256:l"}, {"digest": "sha256:u"}]}
    blobs = {"index.json": json.dumps(index).encode(), "blobs/sha256/m": json.dumps(manifest).encode()}
    blobs |= {"blobs/sha256/l": lower.read_bytes(), "blobs/sha256/u": upper.read_bytes()}
    base = contained.packages(tarred(tmp_path / "base.tar", blobs))
    assert (base.name, base.version) == ("base:1", "sha256:m")
    assert [part.purl for part in base.parts] == ["pkg:deb/ubuntu/bash@5.2.37-2%2Bb5?arch=amd64&distro=noble"]


def test_a_file_that_is_no_oci_archive_is_named_with_a_cure(tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match=r"other\.tar is no OCI archive.*docker save"):
        layers.identity(tarred(tmp_path / "other.tar", {"it": b""}))
    with pytest.raises(ArchiveError, match=r"missing\.tar cannot be read: No such file"):
        layers.identity(tmp_path / "missing.tar")


def test_the_environment_has_the_interpreter_and_every_package_once() -> None:
    found = [part.purl for part in installed.parts()]
    assert found[0].startswith("pkg:generic/python@3.")
    assert len(found) == len(set(found))
    assert any(purl.startswith("pkg:pypi/pulumi-aws@") for purl in found)


def test_what_this_project_wrote_is_told_of_every_image() -> None:
    of_connect = ("libs", "plugins/debezium-postgres", "plugins/avro-confluent", "plugins/iceberg")
    written = {
        "kafka": ("libs/compiled.jar",),
        "connect": tuple(f"{folder}/{jar}" for folder in of_connect for jar in ("compiled.jar", "services.jar")),
        "audit": ("program",),
        "monitoring": ("receiver.py",),
    }
    assert {name: staging.written_here(IMAGES / name) for name in BASES} == {name: written.get(name, ()) for name in BASES}


@pytest.mark.sandbox
def test_every_jar_of_the_images_has_coordinates_but_what_names_none_itself() -> None:
    found = []
    for image in ("kafka", "connect", "registry", "registry-confluent"):
        for one in staging.entries_of(IMAGES / image):
            if one.target != NOT_COPIED:
                with Store(CACHE / "jars").path(one).open("rb") as file:
                    found.append(contained.seen(parts.of_entry(one), file))
    jars = [*found, *(inside for part in found for inside in part.parts)]
    assert len(jars) > 850
    nameless = {"postgresql", "protobuf-java", "sketches-java"}
    made_by_quarkus = {"generated-bytecode", "quarkus-run", "transformed-bytecode"}
    assert {jar.name for jar in jars if not jar.purl} == nameless | made_by_quarkus
