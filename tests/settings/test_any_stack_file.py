"""Any stack file is answered by a specification or by problems: no traceback, no hang, no credential, and cures that work."""

from __future__ import annotations

import json
import os
import random
import re
import time
from typing import TYPE_CHECKING, Any, Final

import pytest
import yaml

from pipeline.recording.recorder import ROOT
from pipeline.recording.stackfile import StackFileError, stack_config
from stack.judgement.stack import SettingsError, parse, specify, specify_text
from stack.settings import parsing, yaml_file
from stack.settings.model import Settings
from stack.settings.section import Section
from tests.declared import STACK_FILES

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from stack.problem import Problem

# for one file, on a busy machine
LONGEST_S: Final = 10.0
BASE: Final[dict[str, Any]] = {"archive": {"bucket": "archive"}}
EXISTING: Final[dict[str, Any]] = {
    "archive": {"bucket": "archive", "existingBucket": True},
    "cluster": {"existingNamespace": True},
    "source": {"kind": "external", "external": {"host": "db", "addresses": ["10.0.0.0/8"], "secret": "db"}},
    "streaming": {
        "kafka": {"kind": "external", "external": {"bootstrapServers": ["b-1:9096"], "addresses": ["10.0.0.0/8"], "secret": "msk"}},
        "registry": {"kind": "external", "external": {"url": "http://schemas:8081", "addresses": ["10.0.0.0/8"], "secret": "schemas"}},
    },
}
ODD: Final[tuple[Any, ...]] = (
    *(
        None,
        True,
        False,
        0,
        -1,
        1,
        2**31,
        2**63,
        10**40,
        1.5,
        float("inf"),
        "",
        " ",
        "x",
        "a\nb",
        "a\\b",
        "a\0b",
        "\u202e",
        "\ud83d",
        "yes",
    ),
    *(
        "0.0.0.0",  # noqa: S104 - nothing binds to it
        "256.1.1.1",
        "http://u:hunter2@h",
        "hunter2@h",
        "a,EXTERNAL://b",
        "h\u00f6st",
        "*",
        "-",
        ".",
        "a..b",
        "a" * 10_000,
        "1\u0660",
    ),
    *([], {}, [[]], [None], ["x"], {"a": 1}, {"": ""}, {"a\nb": "c"}, [{}], {"x": {"y": {"z": []}}}, {"password": "hunter2"}, ["hunter2"]),
)


def answer(values: dict[str, Any]) -> list[str]:
    """Return the problems of a stack, none for a valid one; anything else is raised."""
    problems = refusal(lambda: specify(values))
    assert all(problem.rule for problem in problems)
    lines = [str(problem) for problem in problems]
    assert all(part.isprintable() for line in lines for part in line.split("\n"))
    return lines


def refusal(make: Callable[[], object]) -> tuple[Problem, ...]:
    """Return the problems of a stack; every other error is raised."""
    try:
        make()
    except SettingsError as error:
        return error.problems
    return ()


def places(section: type[Section] = Settings, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Return the path of every setting and section."""
    found = []
    for name, field in section.model_fields.items():
        here = (*path, field.alias or name)
        below = field.annotation
        found += [here, *(places(below, here) if isinstance(below, type) and issubclass(below, Section) else [])]
    return found


def put(values: dict[str, Any], path: tuple[str, ...], value: Any) -> dict[str, Any]:
    """Return a copy of a stack with one value."""
    key, *rest = path
    inner = values.get(key)
    return {**values, key: put(inner if isinstance(inner, dict) else {}, tuple(rest), value) if rest else value}


@pytest.mark.full
@pytest.mark.parametrize("base", [BASE, EXISTING], ids=["managed", "existing"])
def test_any_value_of_any_setting_is_accepted_or_named(base: dict[str, Any], tally: Callable[[str, str, int, int], None]) -> None:
    """With its path and without a word of Pydantic's or a pattern."""
    for path in places():
        for value in ODD:
            for line in answer(put(base, path, value)):
                assert "Input should" not in line, (path, value)
                assert "match pattern" not in line, (path, value)
                assert "valid dictionary" not in line, (path, value)
                assert "hunter2" not in line or "@" not in str(value), (path, value)
    tally("any stack file", "inputs", len(places()) * len(ODD), 0)


@pytest.mark.parametrize("seed", range(30))
def test_any_number_of_odd_values_together_is_answered(seed: int, tally: Callable[[str, str, int, int], None]) -> None:
    chance = random.Random(seed)  # noqa: S311 - a test
    for _ in range(20):
        values: dict[str, Any] = chance.choice([BASE, EXISTING])
        for path in chance.sample(places(), 6):
            values = put(values, path, chance.choice(ODD))
        answer(values)
        texts = {f"data-ingestion:{key}": value if isinstance(value, str) else json.dumps(value) for key, value in values.items()}
        refusal(lambda: specify_text(texts))  # noqa: B023 - called at once
    tally("any stack file", "inputs", 20, 0)


FILES: Final[dict[str, bytes]] = {
    "a list": b"config: [a]",
    "a word": b"config: a",
    "a number": b"config: 1",
    "keys that are no text": b"config:\n  1: a\n",
    "a word of YAML 1.1 as key": b"config:\n  on: a\n  ~: b\n",
    "a key of a section that is no text": b"config:\n  data-ingestion:host: {annotations: {1: x, a: y}}\n",
    "a list as key": b"config:\n  ? [a]\n  : b\n",
    "an anchor that holds itself": b"config: &a\n  data-ingestion:source: *a\n",
    "an unknown anchor": b"config: *a\n",
    "500 brackets": b"config:\n  data-ingestion:source: " + b"[" * 500 + b"]" * 500,
    "100,000 brackets": b"config: " + b"[" * 100_000,
    "100,000 braces": b"config: " + b"{a: " * 100_000,
    "deep blocks": b"\n".join(b" " * depth + b"a:" for depth in range(2000)),
    "a bomb": b"a: &a [x,x,x,x,x,x,x,x,x]\n"
    + b"".join(b"%c: &%c [%s]\n" % (k + 1, k + 1, b",".join([b"*%c" % k] * 9)) for k in range(97, 117)),
    "a bomb of merges": b"a: &a {x: 1}\n"
    + b"".join(b"%c: &%c {<<: [%s]}\n" % (k + 1, k + 1, b",".join([b"*%c" % k] * 9)) for k in range(97, 117)),
    "a number of 5000 digits": b"config:\n  data-ingestion:archive: {tasks: " + b"9" * 5000 + b"}",
    "numbers that are none": b"config:\n  data-ingestion:archive: {tasks: .nan, flushRecords: .inf, expireNoncurrentDays: 0x}",
    "a date": b"config:\n  data-ingestion:rotation: {app: 2026-11-28}",
    "a key twice": b"config:\n  data-ingestion:archive: {bucket: abc}\n  data-ingestion:archive: {bucket: abd}\n",
    "another document": b"config: {}\n---\nconfig: {}\n",
    "no UTF-8": "config: {data-ingestion:environment: caf\u00e9}".encode("latin-1"),
    "UTF-16": "config: {}".encode("utf-16"),
    "NUL": b"config: {a: \0}",
    "control characters": b"config: {a: \x07\x1b[31m}",
    "a tag": b"config: {data-ingestion:environment: !!python/object/apply:os.system [id]}",
    "binary": b"config: {data-ingestion:environment: !!binary aGk=}",
    "a tab": b"config:\n\tdata-ingestion:environment: dev\n",
    "5 MiB": b"# " + b"x" * 5 * 1024 * 1024,
    "many lines": b"config:\n  data-ingestion:source:\n    tables:\n" + b"    - {name: t, columns: [{name: id, type: bigint}]}\n" * 70_000,
    "many keys": b"config:\n" + b"".join(b"  data-ingestion:k%d: 1\n" % n for n in range(20_000)),
    "a byte order mark": b"\xef\xbb\xbfconfig: {data-ingestion:environment: dve}",
    "nothing": b"",
    "only comments in a section": b"config:\n  data-ingestion:source:\n    # memoryMib: 1\n"
    b"  data-ingestion:archive: {bucket: abc, region: x}\n",
}


@pytest.mark.full
@pytest.mark.parametrize("kind", FILES)
@pytest.mark.adversary("scans")
def test_any_file_is_answered_in_time(kind: str, tmp_path: Path) -> None:
    (tmp_path / "Pulumi.yaml").write_bytes((ROOT / "Pulumi.yaml").read_bytes())
    (tmp_path / "Pulumi.dev.yaml").write_bytes(FILES[kind])
    began = time.monotonic()
    with pytest.raises((StackFileError, SettingsError)) as caught:
        specify_text(stack_config(tmp_path, "dev").values)
    assert time.monotonic() - began < LONGEST_S
    assert "Pulumi.dev.yaml" in str(caught.value) or "data-ingestion:" in str(caught.value)


@pytest.mark.parametrize("kind", ["a pipe", "a device", "a circle", "a long name", "a NUL", "a bomb", "500 brackets", "200,000 tables"])
@pytest.mark.adversary("scans")
def test_any_path_of_tables_is_answered_in_time(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parsing, "_ROOT", tmp_path)
    path = tmp_path / "tables.yaml"
    if kind == "a pipe":
        os.mkfifo(path)
    elif kind in {"a device", "a circle"}:
        path.symlink_to("/dev/zero" if kind == "a device" else "tables.yaml")
    elif kind in FILES:
        path.write_bytes(FILES[kind])
    elif kind == "200,000 tables":
        path.write_bytes(b"- {name: t, columns: [{name: id, type: bigint}]}\n" * 200_000)
    named = {"a long name": "x" * 5000, "a NUL": "a\0b"}.get(kind, path.name)
    began = time.monotonic()
    (line,) = answer({**BASE, "source": {"tables": named}})
    assert line.startswith("source.tables: ")
    assert len(line) < 500
    assert time.monotonic() - began < LONGEST_S


@pytest.mark.full
def test_many_tables_take_time_in_proportion_to_their_number() -> None:
    def seconds(number: int) -> float:
        tables = [{"name": f"t{n}", "columns": [{"name": "id", "type": "bigint"}]} for n in range(number)]
        began = time.process_time()
        answer({**BASE, "source": {"tables": tables}})
        return time.process_time() - began

    seconds(10)
    assert seconds(2000) < 40 * seconds(200) + 0.5
    assert seconds(200_000) < LONGEST_S


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *(("yes", "yes"), ("on", "on"), ("true", True), ("False", False), ("~", None), ("", None), ("010", 8), ("0o10", 8), ("0x1f", 31)),
        *(("1_000", 1000), ("1e3", 1000), ("0.5", 0.5), ("'1'", "1"), ("1:30", "1:30"), ("-1", -1), ("=", "="), ("+1", 1), ("0b11", 3)),
    ],
)
def test_words_are_read_as_pulumi_reads_them(text: str, value: Any) -> None:
    assert yaml_file.parse(f"a: {text}") == {"a": value}


@pytest.mark.parametrize("word", ["on", "yes", "true", True, "3", 3.5, None])
def test_a_number_is_a_number(word: Any) -> None:
    """Otherwise ``workers: on`` is one worker."""
    lines = answer({**BASE, "streaming": {"connect": {"workers": word}}})
    assert [line.split(": ")[1] for line in lines] == ([] if word is None else [lines[0].split(": ")[1]])
    assert all("must be a whole number" in line for line in lines)


@pytest.mark.parametrize("word", [True, "yes", "on", "TRUE"])
def test_the_words_of_yaml_are_switches(word: Any) -> None:
    assert parse({**BASE, "protect": word}).protect is True
    assert answer({**BASE, "protect": 1}) == ["protect: must be true or false; write one of them (got 1)"]


CURES: Final[dict[str, tuple[dict[str, Any], tuple[str, ...], str]]] = {
    "at least": ({"source": {"maxConnections": 3}}, ("source", "maxConnections"), r"set it to (\d+) or more"),
    "at most": ({"archive": {"bucket": "abc", "tasks": 99, "format": "parquet"}}, ("archive", "tasks"), r"set it to (\d+) or less"),
    "a budget": ({"budget": {"memoryMib": 16}}, ("budget", "memoryMib"), r"raise it to (\d+)$"),
    "metaspace": (
        {"streaming": {"kafka": {"jvm": {"metaspaceMib": 8}}}},
        ("streaming", "kafka", "jvm", "metaspaceMib"),
        r"set it to (\d+)",
    ),
    "code cache": (
        {"streaming": {"connect": {"jvm": {"codeCacheMib": 1}}}},
        ("streaming", "connect", "jvm", "codeCacheMib"),
        r"set it to (\d+)",
    ),
    "a word": ({"environment": "prd"}, ("environment",), r"did you mean (\w+)\?"),
    "a reserved word": ({"names": {"slot": "user"}}, ("names", "slot"), r"for example (\w+)"),
    "a heartbeat": ({"names": {"heartbeatTable": "ops.beat"}}, ("names", "heartbeatTable"), r"name it (\S+)"),
    "a budget of disk": ({"budget": {"diskMib": 15000}}, ("budget", "diskMib"), r"raise the budget to (\d+)"),
}


@pytest.mark.parametrize("kind", CURES)
def test_a_cure_that_is_followed_to_the_letter_leads_to_an_accepted_stack(kind: str) -> None:
    changes, path, pattern = CURES[kind]
    (line,) = answer({**BASE, **changes})
    found = re.search(pattern, line)
    assert found, line
    word = found[1]
    assert answer(put({**BASE, **changes}, path, int(word) if word.isdigit() else word)) == []


@pytest.mark.parametrize("part", ["kafka", "registry", "connect"])
@pytest.mark.parametrize("size", [33, 200, 400])
def test_memory_is_raised_as_the_cure_says(part: str, size: int) -> None:
    """Where the heap alone cannot be lowered that far, the cure does not say so."""
    values = {**BASE, "budget": {"memoryMib": 100_000}, "streaming": {part: {"memoryMib": size}}}
    (line,) = [line for line in answer(values) if line.startswith(f"streaming.{part}.jvm: ")]
    more = re.search(r"raise streaming\.\w+\.memoryMib by (\d+)", line)
    assert more
    assert answer(put(values, ("streaming", part, "memoryMib"), size + int(more[1]))) == []
    less = re.search(r"lower heapMib by (\d+)", line)
    heap = getattr(Settings.model_validate(BASE).streaming, part).jvm.heap_mib
    assert less is None or int(less[1]) < heap


def test_every_fault_of_several_sections_is_told_at_once() -> None:
    """A contradiction in one section, a wrong value in another, and a size elsewhere that does not fit."""
    lines = answer(
        {
            "archive": {"bucket": "abc", "destroyWithStack": True, "existingBucket": True, "region": "cn-north-1"},
            "host": {"exposure": "loadBalancer", "postgres": {"node": 30083, "host": 1}},
            "source": {"slotWalKeepMib": 4000},
            "names": {"debeziumRole": "public", "database": "template0"},
        }
    )
    assert len(lines) == 8, lines


BUCKETS = [
    "a-.b",
    "a.-b",
    "xn--abc",
    "abc-s3alias",
    "abc--x-s3",
    "abc--ol-s3",
    "abc.mrap",
    "sthree-abc",
    "ab",
    "a..b",
    "10.0.0.1",
    "Abc",
    "abc-",
]


@pytest.mark.parametrize("bucket", BUCKETS)
def test_a_name_that_s3_refuses_is_refused(bucket: str) -> None:
    (line,) = answer({"archive": {"bucket": bucket}})
    assert line.startswith("archive.bucket: ")


@pytest.mark.parametrize("bucket", ["abc", "my.bucket.example.com", "a-b-c", "123", "logs-2026", "x--n"])
def test_the_name_of_a_bucket_is_accepted(bucket: str) -> None:
    assert answer({"archive": {"bucket": bucket}}) == []


GOOD = ["localhost", "db", "db.example.com", "10.0.0.1", "kafka-1", "a.b.c.d.e", "1a.example", "XY.example"]
BAD = [
    "0.0.0.0",  # noqa: S104 - nothing binds to it
    "256.1.1.1",
    "1.2.3",
    "http://a",
    "a:1",
    "my host",
    "h\u00f6st",
    "*",
    "a,b",
    "-a",
    "a-",
    "a..b",
    "",
    "a" * 64,
    "a\n",
    "224.0.0.1",
]


@pytest.mark.parametrize("host", GOOD)
def test_an_address_that_clients_can_connect_to_is_accepted(host: str) -> None:
    assert answer({**BASE, "host": {"address": host}}) == []


@pytest.mark.parametrize("host", BAD)
def test_an_address_that_nobody_can_connect_to_is_refused(host: str) -> None:
    (line,) = answer({**BASE, "host": {"address": host}})
    assert line.startswith("host.address: ")
    assert answer(put(EXISTING, ("streaming", "kafka", "external", "bootstrapServers"), [f"{host}:9092"]))


IMAGES = {
    "accepted": [
        "kafka:1",
        "r.example.com:5000/a/b_c:v1.2",
        "a/b@sha256:" + "0" * 64,
        "a:1@sha256:" + "f" * 64,
        "localhost/a:1",
        "ghcr.io/x/y:1",
    ],
    "refused": [
        "kafka",
        "kafka:latest",
        "a b:1",
        "A/b:1",
        "u:hunter2@r/a:1",
        "a@sha256:12",
        "a@sha256:" + "G" * 64,
        "https://r/a:1",
        "a:",
        ":1",
        "a//b:1",
    ],
}


@pytest.mark.parametrize("image", IMAGES["accepted"])
def test_references_of_images_are_accepted(image: str) -> None:
    assert answer({**BASE, "images": {"kafka": image}}) == []


@pytest.mark.parametrize("image", IMAGES["refused"])
def test_what_no_runtime_takes_as_an_image_is_refused(image: str) -> None:
    (line,) = answer({**BASE, "images": {"kafka": image}})
    assert line.startswith("images.kafka: ")
    assert "hunter2" not in line


def test_topics_that_kafka_takes_for_one_are_refused() -> None:
    column = [{"name": "id", "type": "bigint"}]
    tables = [
        {"name": "x_y", "columns": column},
        {"name": "y", "databaseSchema": "public_x", "columns": column},
    ]
    lines = answer(put(EXISTING, ("source", "tables"), tables))
    assert any("differ in dots and underscores only" in line for line in lines), lines


def test_an_address_outside_of_its_ranges_is_refused() -> None:
    (line,) = answer(put(EXISTING, ("source", "external", "host"), "192.168.1.1"))
    assert line.startswith("source.external.host: is at 192.168.1.1, but the worker may connect to 10.0.0.0/8 only; add 192.168.1.1/32")


@pytest.mark.parametrize("key", ["source", "streaming", "host", "names"])
def test_a_section_without_keys_is_its_default(key: str) -> None:
    """Such as one whose keys are all comments."""
    assert answer({**BASE, key: None}) == []
    assert not isinstance(specify_text({"data-ingestion:archive": json.dumps(BASE["archive"]), f"data-ingestion:{key}": ""}), Exception)


def test_shipped_files_are_read_alike_by_both_readers() -> None:
    for path in [ROOT / "Pulumi.yaml", *STACK_FILES]:
        assert yaml_file.read(path) == yaml.safe_load(path.read_text(encoding="utf-8"))
