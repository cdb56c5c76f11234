"""Signatures of images: what cosign's exit codes say, and cosign itself against a registry on this machine."""

from __future__ import annotations

import hashlib
import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import requests
import yaml

from pipeline.checks.check import Level
from pipeline.checks.tool import Answer
from pipeline.doctor import signatures
from pipeline.doctor.stack import checks
from pipeline.doctor.stack_settings import Stack
from pipeline.recording.recorder import ROOT
from providers.waiting import Patience
from stack.specification.stack import Specification
from tests.debian_programs import program
from tests.declared import variant
from tests.existing_database.server import free_port
from tests.judgement.test_signing import DIGESTED, KEY

if TYPE_CHECKING:
    from collections.abc import Iterator

IMAGE = f"registry.example.com/it:1@sha256:{'a' * 64}"


@pytest.mark.parametrize(
    ("answer", "level", "said"),
    [
        (Answer(0, "[]", "WARNING: Skipping tlog"), Level.FINE, "is signed by images.signedBy"),
        (Answer(10, "", "Error: no signatures found"), Level.FAILURE, "has no signature"),
        (Answer(12, "", "Error: no matching signatures"), Level.FAILURE, "is by images.signedBy"),
        (Answer(1, "", "Error: unauthorized"), Level.FAILURE, "cannot be verified: Error: unauthorized"),
        (None, Level.FAILURE, "cosign is not on PATH"),
    ],
)
def test_only_a_signature_by_the_key_is_fine(answer: Answer | None, level: Level, said: str) -> None:
    finding = signatures.signed(answer, IMAGE)
    assert finding.level == level
    assert said in finding.found
    assert bool(finding.cure) == (level is not Level.FINE)


def test_every_image_of_a_signed_stack_is_asked_for_and_none_of_another() -> None:
    def names(**images: Any) -> list[str]:
        specification = Specification.of(variant("dev", images=images).settings)
        return [check.name for check in checks(Stack("dev", specification, ROOT)) if check.group == "Images"]

    assert names() == []
    assert sorted(names(**DIGESTED, signedBy=KEY)) == [f"signature of {name}" for name in ("connect", "kafka", "postgres", "registry")]


@dataclass(frozen=True)
class Registry:
    """A registry on this machine, and a folder for keys."""

    address: str
    folder: Path

    def pushed(self) -> str:
        """Push an image of no layers, and return its reference."""
        config = b'{"architecture":"amd64","os":"linux","config":{},"rootfs":{"type":"layers","diff_ids":[]}}'
        digest = f"sha256:{hashlib.sha256(config).hexdigest()}"
        begun = requests.post(f"http://{self.address}/v2/it/blobs/uploads/", timeout=10)
        requests.put(f"{begun.headers['Location']}&digest={digest}", data=config, timeout=10).raise_for_status()
        kind = "application/vnd.oci.image.manifest.v1+json"
        described = {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": digest, "size": len(config)}
        manifest = json.dumps({"schemaVersion": 2, "mediaType": kind, "config": described, "layers": []})
        put = requests.put(f"http://{self.address}/v2/it/manifests/1", data=manifest, headers={"Content-Type": kind}, timeout=10)
        put.raise_for_status()
        return f"{self.address}/it:1@{put.headers['Docker-Content-Digest']}"

    def pair(self, name: str) -> str:
        """Make a pair of keys, and return the public one."""
        self.cosign("generate-key-pair", "--output-key-prefix", name)
        return (self.folder / f"{name}.pub").read_text(encoding="utf-8")

    def cosign(self, *words: str) -> None:
        environment = {"COSIGN_PASSWORD": "", "HOME": str(self.folder), "PATH": "/usr/bin:/bin"}
        subprocess.run([program("cosign"), *words], cwd=self.folder, env=environment, check=True, capture_output=True, timeout=60)


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[Registry]:
    address = f"127.0.0.1:{free_port()}"
    content = {"version": 0.1, "storage": {"filesystem": {"rootdirectory": str(tmp_path / "store")}}, "http": {"addr": address}}
    (tmp_path / "registry.yml").write_text(yaml.safe_dump(content), encoding="utf-8")
    command = [program("docker-registry"), "serve", str(tmp_path / "registry.yml")]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as running:
        try:
            patience = Patience(30)
            while not _answers(address):
                assert patience.go_on("the registry", 0.1)
            yield Registry(address, tmp_path)
        finally:
            running.terminate()


def _answers(address: str) -> bool:
    try:
        return requests.get(f"http://{address}/v2/", timeout=5).ok
    except requests.ConnectionError:
        return False


@pytest.mark.sandbox
def test_cosign_tells_a_signature_by_the_key_from_none_and_from_anothers(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", f"{Path(program('cosign')).parent}:/usr/bin:/bin")
    image, key, other = registry.pushed(), registry.pair("cosign"), registry.pair("other")

    def found(key: str) -> tuple[Level, str]:
        finding = signatures.signed(signatures.look(image, key), image)
        return finding.level, finding.found

    assert found(key) == (Level.FAILURE, f"{image} has no signature")
    registry.cosign("sign", "--key", "cosign.key", "--tlog-upload=false", "--yes", image)
    assert found(key) == (Level.FINE, f"{image} is signed by images.signedBy")
    assert found(other) == (Level.FAILURE, f"no signature of {image} is by images.signedBy")
