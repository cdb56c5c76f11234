"""The store holds only verified files; staging lays them out for a Dockerfile."""

from __future__ import annotations

import hashlib
import subprocess
import tarfile
import zipfile
from typing import TYPE_CHECKING

import pytest

from images import java_compiler, pypi, staging
from images.lock import NOT_COPIED, Entry
from images.store import ChecksumError, Store

if TYPE_CHECKING:
    from pathlib import Path


def _entry(content: bytes, target: str, source: str = "maven:g:a:jar:1") -> Entry:
    return Entry(target=target, source=source, sha256=hashlib.sha256(content).hexdigest())


def _kept(store: Store, content: bytes, entry: Entry) -> Entry:
    file = store.scratch() / "new"
    file.write_bytes(content)
    store.add(file, entry)
    return entry


def test_a_file_with_another_checksum_is_not_kept(tmp_path: Path) -> None:
    store, entry = Store(tmp_path), _entry(b"reviewed", "libs/a.jar")
    with pytest.raises(ChecksumError, match=r"maven:g:a:jar:1: expected SHA-256 .* review the difference"):
        _kept(store, b"tampered with", entry)
    assert store.missing([entry]) == (entry,)


def test_files_are_staged_under_their_targets_without_the_wheels_they_came_from(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    jar, wheel = _kept(store, b"jar", _entry(b"jar", "libs/a.jar")), _kept(store, b"wheel", _entry(b"wheel", NOT_COPIED, "pypi:p==1"))
    store.stage([jar, wheel], tmp_path / "contents")
    assert [str(file.relative_to(tmp_path)) for file in tmp_path.glob("contents/**/*") if file.is_file()] == ["contents/libs/a.jar"]


def test_a_member_is_taken_out_of_its_wheel_and_verified(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    archive = tmp_path / "p.whl"
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("p/libs/a.jar", b"inside")
    wheel = _kept(store, archive.read_bytes(), _entry(archive.read_bytes(), NOT_COPIED, "pypi:p==1"))
    member = _entry(b"inside", "a.jar", "pypi:p==1#p/libs/a.jar")
    store.fetch([wheel, member])
    assert store.path(member).read_bytes() == b"inside"


def test_sources_are_compiled_against_the_jars_of_a_folder_and_of_its_archives(tmp_path: Path) -> None:
    (tmp_path / "plugin").mkdir()
    (tmp_path / "plugin" / "b.jar").write_bytes(b"inside")
    with tarfile.open(tmp_path / "p.tar.gz", "w:gz") as archive:
        archive.add(tmp_path / "plugin", arcname="plugin")
    (tmp_path / "a.jar").write_bytes(b"beside")
    with java_compiler.jars([tmp_path]) as found:
        assert [jar.read_bytes() for jar in found] == [b"beside", b"inside"]
    assert [jar.exists() for jar in found] == [True, False], "what was unpacked is removed"


def test_a_manifest_is_the_same_bytes_every_time_and_names_the_class(tmp_path: Path) -> None:
    for name in ("one.jar", "two.jar"):
        staging.write_manifest(tmp_path / name, {"an.Interface": ("a.Class", "another.Class")})
    assert (tmp_path / "one.jar").read_bytes() == (tmp_path / "two.jar").read_bytes()
    assert zipfile.ZipFile(tmp_path / "one.jar").read("META-INF/services/an.Interface") == b"a.Class\nanother.Class\n"


@pytest.fixture
def image_with_sink(tmp_path: Path) -> Path:
    extra = tmp_path / "connect" / staging.EXTRA
    extra.mkdir(parents=True)
    with zipfile.ZipFile(extra / "sink-12.1.11.zip", "w") as file:
        file.writestr("sink-12.1.11/lib/kafka-connect-s3-12.1.11.jar", b"classes")
    return tmp_path / "connect"


def test_a_users_plugin_is_unpacked_and_gets_the_manifest_it_lacks(image_with_sink: Path, tmp_path: Path) -> None:
    staging.record_extras(image_with_sink)
    staging.stage(image_with_sink, Store(tmp_path / "store"), tmp_path / "contents")
    plugin = tmp_path / "contents" / "plugins" / "sink-12.1.11"
    assert (plugin / "sink-12.1.11/lib/kafka-connect-s3-12.1.11.jar").exists()
    manifest = zipfile.ZipFile(plugin / "services.jar").read("META-INF/services/org.apache.kafka.connect.sink.SinkConnector")
    assert manifest == b"io.confluent.connect.s3.S3SinkConnector\n"


def test_the_first_use_of_a_plugin_records_its_checksum_as_sha256sum_checks_it(image_with_sink: Path) -> None:
    assert staging.record_extras(image_with_sink) == ["sink-12.1.11.zip"]
    assert staging.record_extras(image_with_sink) == []
    checked = ["sha256sum", "--check", "--strict", staging.SUMS]
    subprocess.run(checked, cwd=image_with_sink / staging.EXTRA, check=True, stdout=subprocess.DEVNULL)


def test_a_plugin_that_differs_from_its_first_use_is_refused(image_with_sink: Path, tmp_path: Path) -> None:
    staging.record_extras(image_with_sink)
    with zipfile.ZipFile(image_with_sink / staging.EXTRA / "sink-12.1.11.zip", "a") as file:
        file.writestr("sink-12.1.11/lib/more.jar", b"classes")
    assert staging.record_extras(image_with_sink) == []
    with pytest.raises(ChecksumError, match=r"its SHA-256 is [0-9a-f]{64}, SHA256SUMS has [0-9a-f]{64}"):
        staging.stage(image_with_sink, Store(tmp_path / "store"), tmp_path / "contents")


def test_an_unrecorded_plugin_is_refused_with_the_command_that_records_it(image_with_sink: Path, tmp_path: Path) -> None:
    with pytest.raises(ChecksumError, match=r"SHA256SUMS has no checksum for it; `python -m pipeline images stage connect`"):
        staging.stage(image_with_sink, Store(tmp_path / "store"), tmp_path / "contents")


def test_a_wheels_file_name_gives_its_normalised_source() -> None:
    assert pypi.source_of("PyYAML_Extra-6.0.3-cp313-cp313-manylinux2014_x86_64.whl") == "pypi:pyyaml-extra==6.0.3"
