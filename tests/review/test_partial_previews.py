"""No preview ends in a traceback, whatever is unknown, secret or of another type in it; what is not shown is not called kept."""

from __future__ import annotations

import copy
import json
import random
from typing import TYPE_CHECKING, Any

import pytest

from pipeline.checks.terminal import plain as shown
from pipeline.review.digest import digest
from pipeline.review.findings import Findings
from pipeline.review.markdown import LeadTooLongError, markdown
from pipeline.review.plain import plain
from pipeline.review.preview import UnreadablePreviewError
from pipeline.review.reading import read
from tests.review.previews import text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SIGNATURE = "4dabf18193072939515e22adb298388d"
UNKNOWN_ON_THE_WIRE = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
SECRET = {SIGNATURE: "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "cipher-marker"}
# What the CLI may write in the place of any property, and what only a broken file has there
SEALED: list[Any] = [UNKNOWN_ON_THE_WIRE, SECRET, {SIGNATURE: "c44067f5952c0a294b673a41bacd8c17", "path": "a"}]
OTHER: list[Any] = [None, True, -1, 0.5, 1e400, "", "x", [], {}, [[]], {"": None}, "\ud800", [None], {"name": [], "value": {}}, 10**400]
Path = tuple[Any, ...]
# Length of the path of a property two levels below ``inputs``
TOP = 6


def resources() -> dict[str, dict[str, Any]]:
    """Return one changed resource of every type in the stored previews, as each of the engine's operations."""
    found: dict[str, dict[str, Any]] = {}
    for name in ("namespace-renamed.json", "bucket-renamed.json", "drift.json"):
        for step in json.loads(text(name))["steps"]:
            if step.get("newState") and step["op"] != "same":
                found.setdefault(step["urn"].split("::")[2].rpartition("$")[2], step)
    return {f"{kind} {operation}": {**step, "op": operation} for kind, step in found.items() for operation in OPERATIONS}


OPERATIONS = ("replace", "update", "delete", "create", "same")
RESOURCES = resources()
FRAMES = {
    "document": {"steps": [RESOURCES["kafka:index/topic:Topic update"]], "changeSummary": {"update": 1}, "diagnostics": []},
    **{
        name: [
            event
            for event in map(json.loads, text(name).splitlines())
            if event.get("resourcePreEvent", {}).get("metadata", {}).get("op") != "same"
        ]
        for name in ("topic-replaced.jsonl", "violations.jsonl")
    },
}


def nodes(value: Any, path: Path = ()) -> Iterator[Path]:
    """Yield the path of everything within a value."""
    if path:
        yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from nodes(item, (*path, key))


def replaced(whole: Any, path: Path, by: Any) -> Any:
    """Return a copy with one node replaced; only the way to it is copied."""
    made = copy.copy(whole)
    made[path[0]] = replaced(made[path[0]], path[1:], by) if len(path) > 1 else by
    return made


def written(document: Any) -> str:
    """Return a document as the CLI would write it."""
    return "\n".join(json.dumps(event) for event in document) if isinstance(document, list) else json.dumps(document)


def digested(source: str) -> str:
    """Return both forms of the comment."""
    found = Findings.of(read(source))
    whole = digest(found, found.preview.stack or "p/s")
    return f"{shown(plain(whole))}\n{markdown(whole, 10_000_000)}"


def attempt(document: Any, path: Path, by: Any) -> str | None:
    """Return the comment, or None for a preview that is refused; the reason of any other end names the place."""
    try:
        return digested(written(replaced(document, path, by)))
    except (UnreadablePreviewError, LeadTooLongError):
        return None
    except Exception as error:
        message = f"{'.'.join(map(str, path))} replaced by {by!r:.60}: {error!r}"
        raise AssertionError(message) from error


def once(document: Any, wanted: Callable[[Path], bool] = lambda _path: True) -> list[Path]:
    """Return one path for every kind of place: one of several list items, and one of several resources."""
    chosen: dict[str, Path] = {}
    for path in nodes(document):
        if wanted(path):
            chosen.setdefault(".".join("*" if isinstance(part, int) else str(part) for part in path), path)
    return list(chosen.values())


@pytest.mark.parametrize("name", RESOURCES)
@pytest.mark.adversary("inputs")
def test_an_unknown_or_secret_value_anywhere_is_a_comment(name: str) -> None:
    """Seeded, so that every run tries the same; a comment shows neither the ciphertext nor the marks of the engine."""
    document = {"steps": [RESOURCES[name]], "changeSummary": {"x": 1}}
    found = once(document, lambda path: "inputs" in path)
    chosen = random.Random(name).sample(found, min(len(found), 5))  # noqa: S311 - a sample, not a secret
    for path in (*(path for path in found if len(path) <= TOP), *chosen):
        for by in SEALED:
            comment = attempt(document, path, by)
            assert comment is not None, path
            assert not any(mark in comment for mark in ("cipher-marker", SIGNATURE, UNKNOWN_ON_THE_WIRE))


@pytest.mark.parametrize("name", RESOURCES)
@pytest.mark.adversary("inputs")
def test_a_broken_resource_is_refused_or_commented_and_never_a_traceback(name: str) -> None:
    document = {"steps": [RESOURCES[name]], "changeSummary": {"x": 1}}
    found, generator = once(document), random.Random(f"broken {name}")  # noqa: S311 - a sample, not a secret
    for path in generator.sample(found, min(len(found), 14)):
        attempt(document, path, generator.choice([*SEALED, *OTHER]))


def together() -> dict[str, Any]:
    """Return the preview of a namespace with its guards and pods, whose values are read together."""
    steps = json.loads(text("bucket-renamed.json"))["steps"]
    kinds = ("ResourceQuota", "LimitRange", "StatefulSet", "Deployment", "kafka:index/topic:Topic", "kafkaconnect:index:Connector")
    first = {kind: next(step for step in steps if f"{kind}::" in step["urn"]) for kind in kinds}
    return {"steps": list(first.values()), "changeSummary": {"same": len(first)}}


TOGETHER = together()
# Amounts that Kubernetes, Kafka or PostgreSQL refuse
AMOUNTS = ["4096Mi lots", "9" * 400, "1e999", "-1Gi", "\x00", "${x}", {"name": None}, "NaN", [{}]]


@pytest.mark.parametrize("kind", [step["urn"].split("::")[2].rpartition("$")[2] for step in TOGETHER["steps"]])
@pytest.mark.adversary("inputs")
def test_a_broken_value_beside_whole_resources_of_its_namespace_is_never_a_traceback(kind: str) -> None:
    at = next(at for at, step in enumerate(TOGETHER["steps"]) if kind in step["urn"])
    found = once(TOGETHER, lambda path: path[:3] == ("steps", at, "newState") and "inputs" in path)
    generator = random.Random(f"together {kind}")  # noqa: S311 - a sample, not a secret
    for path in (*(path for path in found if "memory" in str(path[-1])), *generator.sample(found, min(len(found), 20))):
        for by in generator.sample([*SEALED, *OTHER, *AMOUNTS], 5):
            attempt(TOGETHER, path, by)
    for path in found:
        if path[-1] == "limits.memory":
            assert all(attempt(TOGETHER, path, by) is not None for by in AMOUNTS)


@pytest.mark.parametrize("name", FRAMES)
@pytest.mark.adversary("inputs")
def test_a_broken_frame_is_refused_or_commented_and_never_a_traceback(name: str) -> None:
    document, generator = FRAMES[name], random.Random(f"frame {name}")  # noqa: S311 - a sample, not a secret
    for path in once(document, lambda path: "inputs" not in path):
        for by in generator.sample([*SEALED, *OTHER], 4):
            attempt(document, path, by)


@pytest.mark.parametrize(
    "source", ["[]", "1", "null", '"x"', "[1]", "{}", '{"steps": 1}', "[" * 100_000, '{"a":' * 100_000, "1" * 5000, '{"steps": NaN}']
)
@pytest.mark.adversary("inputs")
def test_anything_else_is_refused_with_the_command(source: str) -> None:
    with pytest.raises(UnreadablePreviewError, match="standard output of PULUMI_ENABLE_STREAMING_JSON_PREVIEW=1 pulumi preview --json"):
        read(source)


@pytest.mark.parametrize("depth", [10, 100, 200, 300, 400, 600, 800, 900])
@pytest.mark.adversary("inputs")
def test_a_deep_property_is_commented_or_refused(depth: int) -> None:
    for opening, closing in (('{"a":', "}"), ("[", "]")):
        deep = json.loads(opening * depth + "1" + closing * depth)
        kind = "kubernetes:core/v1:ConfigMap update"
        attempt({"steps": [RESOURCES[kind]]}, ("steps", 0, "newState", "inputs", "data"), deep)
