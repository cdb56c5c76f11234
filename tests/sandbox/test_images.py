"""The pure parts of image building: apt sources, archives, mounts, and the changes that make an image new."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from pathlib import Path
from typing import Any

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


def test_names_of_other_archives_may_hold_spaces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = "Debian|Debian Backports|http://mirror/|bookworm-backports|main\nDebian|Debian|http://mirror/|bookworm|main\n"
    (tmp_path / "apt-get").write_text(f"#!/bin/sh\ncat <<'END'\n{told}END\n")
    (tmp_path / "apt-get").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    assert len(base_image.sources(base_image._index_targets())) == 1


def test_a_mirror_named_twice_is_asked_once() -> None:
    assert len(base_image.sources(["Debian|Debian|http://mirror/|bookworm|main"] * 2)) == 1


def blobs(archive: Path) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Return an archive's one image as its index describes it, and all its blobs by digest, each verified."""
    with tarfile.open(archive) as tar:
        content = {name: (tar.extractfile(name) or io.BytesIO()).read() for name in tar.getnames()}
        assert len(tar.getnames()) == len(content)
    (described,) = json.loads(content["index.json"])["manifests"]
    found = {f"sha256:{name.rpartition('/')[2]}": data for name, data in content.items() if name.startswith("blobs/")}
    assert all(f"sha256:{hashlib.sha256(data).hexdigest()}" == digest for digest, data in found.items())
    return described, found


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """Write the archive of a base whose root file system is a few bytes."""
    root = tmp_path / "root.tar"
    root.write_bytes(b"a root file system")
    oci.pack_root(root, "amd64", "localhost/base:1", tmp_path / "base.tar")
    return tmp_path / "base.tar"


def exported(folder: Path, *layers: bytes) -> Path:
    """Write an image as ``buildah push dir:`` does."""
    folder.mkdir()
    parts = []
    for content in (b"config", *layers):
        digest = hashlib.sha256(content).hexdigest()
        (folder / digest).write_bytes(content)
        parts.append({"digest": f"sha256:{digest}", "size": len(content)})
    (folder / "manifest.json").write_text(json.dumps({"config": parts[0], "layers": parts[1:]}))
    return folder


def test_a_root_file_system_becomes_an_image_of_one_layer(base: Path) -> None:
    described, found = blobs(base)
    assert described["annotations"]["org.opencontainers.image.ref.name"] == "localhost/base:1"
    manifest = json.loads(found[described["digest"]])
    (layer,) = manifest["layers"]
    assert found[layer["digest"]] == b"a root file system"
    assert json.loads(found[manifest["config"]["digest"]])["rootfs"]["diff_ids"] == [layer["digest"]]


def test_an_archive_holds_one_image_and_only_the_blobs_its_base_lacks(base: Path, tmp_path: Path) -> None:
    oci.pack(exported(tmp_path / "exported", b"a root file system", b"layer", b"layer"), "localhost/x:1", tmp_path / "x.tar", base)
    described, found = blobs(tmp_path / "x.tar")
    assert described["annotations"]["org.opencontainers.image.ref.name"] == "localhost/x:1"
    assert sorted(data for digest, data in found.items() if digest != described["digest"]) == [b"config", b"layer"]


def test_an_image_of_another_base_is_not_packed_without_it(base: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not built upon"):
        oci.pack(exported(tmp_path / "exported", b"another root", b"layer"), "localhost/x:1", tmp_path / "x.tar", base)


def test_mounts_below_a_folder_are_listed_innermost_first_and_others_never() -> None:
    table = (
        "21 1 0:1 / / rw - ext4 /dev/vda rw\n"
        "22 21 0:2 / /cache rw - tmpfs none rw\n"
        "23 22 0:3 / /cache/a\\040b rw - overlay overlay rw\n"
        "24 23 0:4 / /cache/a\\040b/proc rw - proc proc rw\n"
        "25 21 0:5 / /cachet rw - tmpfs none rw\n"
    )
    assert mounts.below(Path("/cache"), table) == [Path("/cache/a b/proc"), Path("/cache/a b")]
    assert mounts.below(Path("/cache"), table, itself=True)[-1] == Path("/cache")


@pytest.fixture
def image(tmp_path: Path) -> Path:
    folder = tmp_path / "kafka"
    (folder / "contents").mkdir(parents=True)
    (folder / "Dockerfile").write_text("FROM ${BASE}")
    (folder / "contents" / "staged.jar").write_text("jar")
    return folder


def test_an_images_version_depends_on_its_folder_and_not_on_staged_files(image: Path) -> None:
    before = images._key(image)
    (image / "contents" / "staged.jar").write_text("another")
    assert images._key(image) == before
    (image / "contents.lock").write_text("pinned")
    assert images._key(image) != before


def test_complete_archives_are_used_as_they_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(images, "_FOLDER", tmp_path)
    images._base_archive().touch()
    for name in images.REFERENCES:
        (tmp_path / f"{name}-{images._key(images._SOURCES / name)}.tar").touch()
    built = images.build(progress=None)  # type: ignore[arg-type]
    assert list(built) == [images._base_reference(), *images.REFERENCES.values()]
    assert all(archive.exists() for archive in built.values())
