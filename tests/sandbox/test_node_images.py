"""Images built without a builder are OCI images, and the same program results in the same image."""

from __future__ import annotations

import hashlib
import json
import tarfile
from typing import TYPE_CHECKING, Any

import pytest

from sandbox.cluster import NodeError, node_images
from sandbox.golang import digest

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    program = tmp_path / "program"
    program.write_bytes(b"\x7fELF")
    node_images.pack(program, "pause", tmp_path / "image.tar")
    return tmp_path / "image.tar"


def _blob(tar: tarfile.TarFile, name: str) -> bytes:
    member = tar.extractfile(name)
    assert member is not None
    return member.read()


def _json(tar: tarfile.TarFile, name: str) -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads(_blob(tar, name))
    return parsed


def test_every_digest_in_an_archive_is_that_of_its_blob(archive: Path) -> None:
    with tarfile.open(archive) as tar:
        blobs = [name for name in tar.getnames() if name.startswith("blobs/")]
        assert all(hashlib.sha256(_blob(tar, name)).hexdigest() == name.rpartition("/")[2] for name in blobs)
        manifest = _json(tar, "blobs/" + _json(tar, "index.json")["manifests"][0]["digest"].replace(":", "/"))
        config = _json(tar, "blobs/" + manifest["config"]["digest"].replace(":", "/"))
        assert config["rootfs"]["diff_ids"] == [manifest["layers"][0]["digest"]]
        assert config["config"]["Entrypoint"] == ["/pause"]


def test_the_same_program_gives_the_same_bytes(archive: Path, tmp_path: Path) -> None:
    node_images.pack(tmp_path / "program", "pause", tmp_path / "again.tar")
    assert (tmp_path / "again.tar").read_bytes() == archive.read_bytes()


def test_an_archive_with_several_images_is_refused_before_the_runtime_is_asked(tmp_path: Path) -> None:
    index = tmp_path / "index.json"
    index.write_text(json.dumps({"manifests": [{"digest": "sha256:1"}, {"digest": "sha256:2"}]}))
    with tarfile.open(tmp_path / "two.tar", "w") as tar:
        tar.add(index, "index.json")
    with pytest.raises(NodeError, match="holds 2 images; an archive to import holds exactly one"):
        node_images.import_image(tmp_path / "two.tar", "localhost/a:1")


def test_a_builds_digest_changes_with_its_sources_but_not_with_its_tests(tmp_path: Path) -> None:
    (tmp_path / "main.go").write_text("package main")
    first = digest(tmp_path)
    (tmp_path / "main_test.go").write_text("package main")
    assert digest(tmp_path) == first
    (tmp_path / "main.go").write_text("package main // changed")
    assert digest(tmp_path) != first
