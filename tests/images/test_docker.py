"""Images are built by plain ``docker build`` commands, for any laptop's processor."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from images import docker, staging, tool
from images.docker import ForeignError
from images.lock import Entry
from images.references import LAPTOP, REFERENCES
from images.tool import ToolError
from pipeline.recording.recorder import ROOT
from stack.settings.images import REGISTRY_IMAGES, ImageSettings

if TYPE_CHECKING:
    from pathlib import Path

IMAGES = ROOT / "images"


def test_pods_run_what_is_built() -> None:
    images = ImageSettings()
    assert {"postgres": images.postgres, "kafka": images.kafka, "connect": images.connect}.items() <= REFERENCES.items()
    assert {"confluent": REFERENCES["registry-confluent"], "apicurio": REFERENCES["registry"]} == REGISTRY_IMAGES


def test_an_image_is_built_from_its_folder_over_its_base(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    command = tool.line(docker.command(IMAGES / "kafka", "a/base:1"), docker.ENVIRONMENT)
    build = "BUILDX_NO_DEFAULT_ATTESTATIONS=1 docker build --network none"
    assert command == f"{build} --tag {REFERENCES['kafka']} --build-arg BASE=a/base:1 images/kafka"


@pytest.mark.parametrize("architecture", ["amd64", "arm64"])
def test_a_laptops_images_hold_nothing_that_another_processor_cannot_run(architecture: str) -> None:
    for name in [*LAPTOP, "registry"]:
        docker.refuse_foreign(name, staging.entries_of(IMAGES / name), architecture)


def test_wheels_for_another_processor_are_refused_before_anything_is_built() -> None:
    entries = staging.entries_of(IMAGES / "object-store")
    docker.refuse_foreign("object-store", entries, "amd64")
    with pytest.raises(ForeignError, match=r"object-store: wheels/.*x86_64\.whl is not for arm64.*leave this image out"):
        docker.refuse_foreign("object-store", entries, "arm64")


def test_a_name_is_judged_by_its_file_alone() -> None:
    docker.refuse_foreign("x", [Entry(target="x86_64/a.jar", source="maven:g:a:jar:1", sha256="0" * 64)], "arm64")


def test_a_tools_line_is_printed_before_its_output(capfd: pytest.CaptureFixture[str]) -> None:
    tool.run([sys.executable, "-c", "print('a word')"], {"A": "b c"})
    first, second = capfd.readouterr().out.splitlines()
    assert first.startswith("$ A='b c' ")
    assert first.endswith("""-c 'print('"'"'a word'"'"')'""")
    assert second == "a word"


def test_a_query_prints_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    assert tool.ask([sys.executable, "-c", "print(1)"]) == "1\n"
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("start", [tool.run, tool.ask])
def test_a_tool_that_fails_is_named(start: object) -> None:
    with pytest.raises(ToolError, match=r"failed"):
        start([sys.executable, "-c", "raise SystemExit('a reason')"])  # type: ignore[operator]


@pytest.mark.parametrize("start", [tool.run, tool.ask])
def test_a_tool_that_is_missing_is_named_with_its_cure(start: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolError, match=r"the command kind is not on PATH: install Kind 0\.24 or newer"):
        start(["kind", "version"])  # type: ignore[operator]
