"""Image building's pure parts: apt sources, archives, mounts, and which changes make an image new."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from pathlib import Path

import pytest

from sandbox import base_image, images, mounts, oci


def test_this_machines_debian_mirrors_serve_the_bases_suite() -> None:
    made = base_image.sources(
        [
            "Debian|Debian|http://mirror/debian/|bookworm|main",
            "Debian|Debian|http://mirror/debian/|bookworm-updates|main",
            "Debian|Debian-Security|http://mirror/security/|stable-security|main",
        ]
    )
    assert [line.split("] ")[1] for line in made] == [
        "http://mirror/debian/ trixie main",
        "http://mirror/debian/ trixie-updates main",
        "http://mirror/security/ trixie-security main",
    ]


@pytest.mark.parametrize(
    "target",
    [
        "Other|Vendor|http://vendor/|bookworm|main",
        "Debian|Debian|http://mirror/debian/|bookworm|non-free",
        "Debian|Debian Backports|http://mirror/debian/|bookworm-backports|main",
    ],
)
def test_other_archives_have_no_part_in_the_base(target: str) -> None:
    assert base_image.sources([target]) == []


def test_a_mirror_named_twice_is_asked_once() -> None:
    assert len(base_image.sources(["Debian|Debian|http://mirror/|bookworm|main"] * 2)) == 1


def test_a_root_file_system_becomes_an_image_of_one_layer(tmp_path: Path) -> None:
    root = tmp_path / "root.tar"
    root.write_bytes(b"a root file system")
    oci.layout(root, "amd64", tmp_path / "layout")
    (described,) = json.loads((tmp_path / "layout/index.json").read_text())["manifests"]
    manifest = json.loads(_blob(tmp_path / "layout", described))
    config = json.loads(_blob(tmp_path / "layout", manifest["config"]))
    assert _blob(tmp_path / "layout", manifest["layers"][0]) == b"a root file system"
    assert config["rootfs"]["diff_ids"] == [manifest["layers"][0]["digest"]]


def _blob(layout: Path, described: dict[str, str]) -> bytes:
    content = (layout / "blobs" / described["digest"].replace(":", "/")).read_bytes()
    assert f"sha256:{hashlib.sha256(content).hexdigest()}" == described["digest"]
    return content


def test_an_archive_holds_one_image_under_its_reference_with_every_blob(tmp_path: Path) -> None:
    exported = tmp_path / "exported"
    exported.mkdir()
    parts = {}
    for content in (b"config", b"layer"):
        digest = hashlib.sha256(content).hexdigest()
        (exported / digest).write_bytes(content)
        parts[content] = {"digest": f"sha256:{digest}", "size": len(content)}
    manifest = {"config": parts[b"config"], "layers": [parts[b"layer"], parts[b"layer"]]}
    (exported / "manifest.json").write_text(json.dumps(manifest))
    oci.pack(exported, "localhost/x:1", tmp_path / "x.tar")
    with tarfile.open(tmp_path / "x.tar") as tar:
        names = tar.getnames()
        (described,) = json.load(tar.extractfile("index.json") or io.BytesIO())["manifests"]
    assert described["annotations"]["org.opencontainers.image.ref.name"] == "localhost/x:1"
    assert len(names) == len(set(names)) == 5
    assert f"blobs/{described['digest'].replace(':', '/')}" in names


def test_mounts_below_a_folder_are_listed_innermost_first_and_others_never() -> None:
    table = (
        "21 1 0:1 / / rw - ext4 /dev/vda rw\n"
        "22 21 0:2 / /cache rw - tmpfs none rw\n"
        "23 22 0:3 / /cache/a\\040b rw - overlay overlay rw\n"
        "24 23 0:4 / /cache/a\\040b/proc rw - proc proc rw\n"
        "25 21 0:5 / /cachet rw - tmpfs none rw\n"
    )
    assert mounts.below(Path("/cache"), table) == [Path("/cache/a b/proc"), Path("/cache/a b")]


@pytest.fixture
def image(tmp_path: Path) -> Path:
    folder = tmp_path / "kafka"
    (folder / "contents").mkdir(parents=True)
    (folder / "Dockerfile").write_text("FROM ${BASE}")
    (folder / "contents" / "staged.jar").write_text("jar")
    return folder


def test_an_image_is_new_when_a_file_of_its_folder_changes_and_not_when_it_was_staged(image: Path) -> None:
    before = images._key(image)
    (image / "contents" / "staged.jar").write_text("another")
    assert images._key(image) == before
    (image / "contents.lock").write_text("pinned")
    assert images._key(image) != before


def test_complete_archives_are_used_as_they_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(images, "_FOLDER", tmp_path)
    for name in images.REFERENCES:
        (tmp_path / f"{name}-{images._key(images._SOURCES / name)}.tar").touch()
    built = images.build(progress=None)  # type: ignore[arg-type]
    assert set(built) == set(images.REFERENCES.values())
    assert all(archive.exists() for archive in built.values())
