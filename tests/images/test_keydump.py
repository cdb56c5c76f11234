"""The tables of keys agree with the jars and the server: a slow test reads them again."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from images.keydump import postgres, tables
from images.keydump.asked import TABLES
from images.keydump.tables import FOLDER, KeysError
from images.layers import ArchiveError
from images.lock import Entry
from images.store import Store
from pipeline.recording.recorder import ROOT
from sandbox import images as sandbox_images
from sandbox.paths import CACHE

HAND_MADE = {"s3-sink"}


def _lock(*sources: str) -> list[Entry]:
    return [Entry(target=f"libs/{number}.jar", source=source, sha256="a" * 64) for number, source in enumerate(sources)]


def test_every_committed_table_is_asked_for_or_hand_made() -> None:
    committed = {path.stem for path in FOLDER.glob("*.json")}
    assert committed == {asked.table for asked in TABLES} | {"postgresql"} | HAND_MADE


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.json")), ids=lambda path: path.stem)
def test_a_table_contains_no_copied_text_and_equals_the_generators_format(path: Path) -> None:
    table = json.loads(path.read_text(encoding="utf-8"))
    assert path.read_text(encoding="utf-8") == tables.render(table)
    assert set(table) <= {"source", "keys", "classes"}
    entries = [entry for keys in [table.get("keys", {}), *table.get("classes", {}).values()] for entry in keys.values()]
    known = {"type", "default", "required", "valid", "anyCase", "min", "max", "secret", "deprecated", "unit", "context"}
    assert not {key for entry in entries for key in entry} - known


def test_versions_come_from_the_lock_file() -> None:
    entries = _lock(
        "maven:org.example:thing:jar:1.2", "maven:org.example:other:tar.gz:plugin:3.4.Final", "pypi:p==1#libs/inside-7.0.16.jar"
    )
    assert [tables.version_of(name, entries) for name in ("thing", "other", "inside")] == [
        "thing:1.2",
        "other:3.4.Final",
        "inside:7.0.16",
    ]
    with pytest.raises(KeysError, match="no lock file has thin; correct the table's artifacts"):
        tables.version_of("thin", entries)


def test_the_servers_answer_becomes_a_table() -> None:
    answer = (
        "name,vartype,unit,context,boot_val,min_val,max_val,array_to_json,current_setting\n"
        'wal_level,enum,,postmaster,replica,,,"[""minimal"",""replica"",""logical""]",17.4 (Debian)\n'
        "work_mem,integer,kB,user,4096,64,2147483647,,17.4 (Debian)\n"
    )
    assert postgres.table(answer) == {
        "source": "postgresql:17.4",
        "keys": {
            "wal_level": {
                "type": "enum",
                "default": "replica",
                "required": False,
                "context": "postmaster",
                "valid": ["minimal", "replica", "logical"],
            },
            "work_mem": {
                "type": "integer",
                "default": "4096",
                "required": False,
                "context": "user",
                "unit": "kB",
                "min": 64,
                "max": 2147483647,
            },
        },
    }


def _archive(path: Path, members: dict[str, bytes]) -> Path:
    with tarfile.open(path, "w") as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path


def test_layers_that_one_archive_leaves_out_are_taken_from_another(tmp_path: Path) -> None:
    layer = _archive(tmp_path / "layer.tar", {"etc/motd": b"hello"}).read_bytes()
    index = json.dumps({"manifests": [{"digest": "sha256:m"}]}).encode()
    manifest = json.dumps({"layers": [{"digest": "sha256:l"}]}).encode()
    image = _archive(tmp_path / "image.tar", {"index.json": index, "blobs/sha256/m": manifest})
    base = _archive(tmp_path / "base.tar", {"blobs/sha256/l": layer})
    postgres.unpack([image, base], tmp_path / "root")
    assert (tmp_path / "root/etc/motd").read_bytes() == b"hello"
    with pytest.raises(ArchiveError, match="pass the archive of the base image too"):
        postgres.unpack([image], tmp_path / "again")


@pytest.mark.sandbox
def test_the_jars_still_say_what_is_committed() -> None:
    """After a new version: ``python -m pipeline images keys``, and read the difference."""
    for name, table in tables.generate(ROOT / "images", Store(CACHE / "jars")).items():
        assert tables.render(table) == (FOLDER / f"{name}.json").read_text(encoding="utf-8"), name


@pytest.mark.sandbox
def test_the_server_still_says_what_is_committed() -> None:
    """From PostgreSQL of the sandbox's own image; a minor version changes only the source."""
    archives = [sandbox_images._archives()["postgres"], sandbox_images._base_archive()]
    committed = json.loads((FOLDER / "postgresql.json").read_text(encoding="utf-8"))
    with TemporaryDirectory(dir=CACHE) as root:
        assert postgres.dump(archives, Path(root))["keys"] == committed["keys"]
