"""A base image is pinned by the digest of its first use; using another requires an explicit choice."""

from __future__ import annotations

import pytest

from images import bases
from images.bases import BaseError
from images.references import LAPTOP, REFERENCES
from pipeline.recording.recorder import ROOT

DIGEST = f"sha256:{'5a' * 32}"


def test_every_image_has_a_base_a_name_and_a_dockerfile() -> None:
    folders = {path.parent.name for path in (ROOT / "images").glob("*/Dockerfile")}
    assert set(bases.BASES) == set(REFERENCES) == folders
    assert set(LAPTOP) <= folders


def test_no_base_has_the_tag_latest() -> None:
    assert all(":" in base and not base.endswith(":latest") for base in bases.BASES.values())


def test_a_written_lock_can_be_read() -> None:
    pinned = {"postgres:17-trixie": DIGEST, "an/image:1": DIGEST}
    assert bases.parse(bases.render(pinned)) == pinned


def test_the_committed_lock_can_be_read_if_there_is_one() -> None:
    if bases.LOCK.exists():
        assert set(bases.parse(bases.LOCK.read_text(encoding="utf-8"))) <= set(bases.BASES.values())


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("postgres:17-trixie", "expected `sha256:"),
        (f"{DIGEST[:-1]}  postgres:17-trixie", "expected `sha256:"),
        (f"{DIGEST}  a:1\n{DIGEST}  a:1", "listed twice"),
    ],
)
def test_a_line_that_pins_nothing_is_refused(text: str, rule: str) -> None:
    with pytest.raises(BaseError, match=rule):
        bases.parse(text)


@pytest.mark.parametrize(
    ("reference", "told"),
    [
        ("postgres:17-trixie", f"postgres@{DIGEST}"),
        ("postgres:17-trixie", f"docker.io/library/postgres@{DIGEST}"),
        ("an/image:1", f"docker.io/an/image@{DIGEST}"),
        ("localhost:5000/image:1", f"localhost:5000/image@{DIGEST}"),
    ],
)
def test_the_digest_is_that_of_the_image_by_its_own_name(reference: str, told: str) -> None:
    assert bases.digest_of(reference, [f"another@sha256:{'0' * 64}", told]) == DIGEST


@pytest.mark.parametrize("told", [[], [f"another/postgres@{DIGEST}"], ["postgres@"]])
def test_an_image_that_was_not_pulled_is_no_base_by_itself(told: list[str]) -> None:
    with pytest.raises(BaseError, match=r"postgres:17-trixie has no digest: .* pass it by --base"):
        bases.digest_of("postgres:17-trixie", told)


def test_other_bases_are_given_by_image() -> None:
    assert bases.overrides(["kafka=apache/kafka:4.3.1", "connect=a=b"]) == {"kafka": "apache/kafka:4.3.1", "connect": "a=b"}


@pytest.mark.parametrize("word", ["kafka", "kafka=", "broker=apache/kafka:4.3.1"])
def test_a_base_of_no_image_is_refused_with_the_form(word: str) -> None:
    with pytest.raises(BaseError, match=r"expected IMAGE=REFERENCE with IMAGE one of postgres, "):
        bases.overrides([word])
