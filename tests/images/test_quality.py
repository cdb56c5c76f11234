"""The image's transform judges rows by the program's own keys, in the chain that a worker builds, and loses and harms none."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from stack.settings.archive import ArchiveSettings
from stack.settings.names import Names
from stack.settings.quality import QualitySettings
from stack.settings.tables import Column, Table
from stack.specification.archive import sink
from stack.specification.services import Address

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

pytestmark = pytest.mark.sandbox

TOPIC = "postgres.public.things"
GOOD = {
    "id": "1",
    "price": "4.50",
    "quantity": "3",
    "ratio": "0.5",
    "amount": "12.5",
    "born": "2001-02-03",
    "noted": "2026-01-02T03:04:05.123456",
    "seen": "2026-01-02T03:04:05.123456Z",
    "status": "shipped, late",
    "email": "ada@example.com",
    "note": "four",
}
THINGS = Table(
    name="things",
    columns=(
        Column(name="id", type="integer"),
        Column(name="price", type="numeric(10,2)", nullable=True, constraint="CHECK (price > 0)"),
        Column(name="quantity", type="integer", nullable=True, quality={"oneOf": [1, 3]}),
        Column(name="ratio", type="double precision", nullable=True, quality={"max": 1}),
        Column(name="amount", type="numeric", nullable=True, quality={"min": "-1e3", "max": "1e3"}),
        Column(name="born", type="date", nullable=True, quality={"min": "0999-12-31", "max": "2026-12-31"}),
        Column(name="noted", type="timestamp", nullable=True, quality={"min": "2000-01-01T00:00", "max": "2100-01-01T00:00:00"}),
        Column(name="seen", type="timestamptz", nullable=True, quality={"max": "2026-01-02T04:04:06+01:00"}),
        Column(name="status", type="varchar(50)", nullable=True, quality={"oneOf": ["open", "shipped, late", "50 % +"]}),
        Column(name="email", type="text", nullable=True, quality={"pattern": r"[^@\s]+@[^@\s]+\.[a-z]{2,}", "notNull": True}),
        Column(name="note", type="text", nullable=True, quality={"maxLength": 4, "notNull": True}),
    ),
)
OTHERS = Table(name="others", columns=(Column(name="id", type="integer"),))
# name of the case: the values that differ from the good row's, and the rules that they break
CASES: dict[str, tuple[dict[str, str], str]] = {
    "good": ({}, ""),
    "every NULL but two": (dict.fromkeys(GOOD, "null") | {"email": "a@b.cd", "note": ""}, ""),
    "an operation as good": ({"price": "0.01", "ratio": "1", "born": "2026-12-31", "seen": "2026-01-02T03:04:06Z", "status": "50 % +"}, ""),
    "letters beyond 16 bits": ({"note": "\U0001f600" * 4}, ""),
    "price": ({"price": "0.00"}, "price.min"),
    "two rules": ({"price": "-1.00", "status": "lost"}, "price.min status.oneOf"),
    "quantity": ({"quantity": "2"}, "quantity.oneOf"),
    "ratio": ({"ratio": "1.0000001"}, "ratio.max"),
    "a number that is none": ({"ratio": "NaN", "amount": "NaN"}, "amount.max ratio.max"),
    "a text that is no number": ({"amount": "many"}, "amount.max amount.min"),
    "long ago": ({"born": "0999-12-30"}, "born.min"),
    "far ahead": ({"born": "2027-01-01", "noted": "2100-01-01T00:00:00.000001"}, "born.max noted.max"),
    "a local time": ({"noted": "1999-12-31T23:59:59.999999"}, "noted.min"),
    "a time with an offset": ({"seen": "2026-01-02T03:04:06.000001Z"}, "seen.max"),
    "a pattern in a longer text": ({"email": "ada@example.com and more"}, "email.pattern"),
    "a column that is gone": ({"note": "absent"}, "note.notNull"),
    "too long": ({"note": "fives"}, "note.maxLength"),
    "NULL": ({"email": "null"}, "email.notNull"),
}
BAD = {name for name, (_, rules) in CASES.items() if rules}


def lines() -> list[str]:
    found = []
    for name, (changed, _) in CASES.items():
        values = "\t".join(f"{column}={value}" for column, value in (GOOD | changed).items())
        found += [f"{name}{kind}\t{TOPIC}\t{op}\t{values}" for kind, op in (("", "u"), (" read", "r"), (" gone", "d"), (" cut", "t"))]
    bad = "\t".join(f"{column}={value}" for column, value in (GOOD | {"price": "-1.00"}).items())
    return [*found, f"tombstone\t{TOPIC}\ttombstone", f"unjudged\tpostgres.public.others\tc\t{bad}"]


@pytest.fixture(scope="module")
def run(staged: Path, compiled: Callable[[str, list[Path]], str], tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], list[str]]:
    """Return a function that gives the rows to the chain of a stack with an action, and returns what the probe prints."""
    path, known = compiled("quality", []), dict[str, list[str]]()

    def of_action(action: str) -> list[str]:
        if action not in known:
            folder = tmp_path_factory.mktemp(action)
            quality = QualitySettings.model_validate({"enabled": True, "action": action})
            archive, database = ArchiveSettings(bucket="archive", catalog="jdbc"), Address(host="database", port=5432)
            config = sink.iceberg_config(Names(), (THINGS, OTHERS), archive, "http://registry", database, quality=quality)
            chosen = {key: value for key, value in config.items() if key.startswith(("transforms", "topics"))}
            chosen |= {"name": "sink", "connector.class": config["connector.class"]}
            text = "".join("{}={}\n".format(key, value.replace("\\", "\\\\")) for key, value in chosen.items())
            (folder / "config").write_text(text, encoding="utf-8")
            (folder / "cases").write_text("\n".join(lines()), encoding="utf-8")
            given = [str(folder / "config"), str(staged / "plugins"), str(folder / "cases")]
            command = ["java", "-XX:TieredStopAtLevel=1", "-Dfile.encoding=UTF-8", "-cp", path, "QualityProbe", *given]
            done = subprocess.run(command, capture_output=True, text=True, timeout=170, check=False)
            assert done.returncode == 0, done.stderr[-3000:]
            known[action] = done.stdout.splitlines()
        return known[action]

    return of_action


def outcomes(printed: list[str]) -> Mapping[str, str]:
    return dict(line.removeprefix("RESULT ").split("|", 1) for line in printed if line.startswith("RESULT "))


def counters(printed: list[str], when: str) -> dict[tuple[str, str], float]:
    """Return the counters by table and rule; a table's checked rows have an empty one."""
    found = {}
    for line in printed:
        if line.startswith(f"{when} kafka.connect:"):
            bean, attribute, value = line.removeprefix(f"{when} kafka.connect:").split("|")
            tags = dict(part.split("=", 1) for part in bean.split(","))
            assert (tags["type"], tags["connector"], tags["task"], tags["transformation"]) == ("plugins", "sink", "0", "quality")
            found[tags["table"], tags.get("rule", "")] = float(value)
            assert attribute == ("rows-invalid-total" if "rule" in tags else "rows-checked-total")
    return found


@pytest.mark.parametrize(("name", "kind"), [(name, kind) for name in CASES for kind in ("", " read")])
def test_a_row_that_breaks_a_rule_is_routed_to_quarantine_with_the_names_of_its_rules(
    run: Callable[[str], list[str]], name: str, kind: str
) -> None:
    rules = CASES[name][1]
    expected = f"{TOPIC}/quarantine rules={rules}" if rules else f"{TOPIC} rules=-"
    assert outcomes(run("quarantine"))[name + kind] == expected


@pytest.mark.parametrize("action", ["quarantine", "mark", "deadLetter"])
def test_deletions_marks_of_truncates_tombstones_and_tables_without_rules_pass_unharmed(
    run: Callable[[str], list[str]], action: str
) -> None:
    found = outcomes(run(action))
    plain = f"{TOPIC} rules={'null' if action == 'mark' else '-'}"
    assert {found[f"{name}{kind}"] for name in CASES for kind in (" gone", " cut")} == {plain}
    assert found["tombstone"] == "no row"
    assert found["unjudged"] == "postgres.public.others rules=-"


@pytest.mark.parametrize("name", CASES)
def test_a_marked_row_stays_in_its_table(run: Callable[[str], list[str]], name: str) -> None:
    assert outcomes(run("mark"))[name] == f"{TOPIC} rules={CASES[name][1] or 'null'}"


@pytest.mark.parametrize("name", CASES)
def test_a_refused_row_is_told_by_table_and_rule_and_never_by_value(run: Callable[[str], list[str]], name: str) -> None:
    changed, rules = CASES[name]
    told = outcomes(run("deadLetter"))[name]
    assert told == (f"BrokenRuleException: Row of public.things breaks {rules}" if rules else f"{TOPIC} rules=-")
    assert not any(value in told for value in changed.values() if rules and len(value) > 4)


@pytest.mark.parametrize("action", ["quarantine", "mark", "deadLetter"])
def test_counters_begin_at_zero_and_count_every_judged_row(run: Callable[[str], list[str]], action: str) -> None:
    before, after = counters(run(action), "BEFORE"), counters(run(action), "AFTER")
    rules = {rule.name for rule in THINGS.rules}
    assert before == dict.fromkeys([("public.things", ""), ("public.things", "any"), *(("public.things", rule) for rule in rules)], 0.0)
    # as a change and as read; deletions and marks are not judged
    broken = {rule: 2.0 * sum(rule in told.split() for _, told in CASES.values()) for rule in rules}
    assert after == {("public.things", ""): 2.0 * len(CASES), ("public.things", "any"): 2.0 * len(BAD)} | {
        ("public.things", rule): number for rule, number in broken.items()
    }


def test_each_rule_is_broken_by_some_row() -> None:
    assert {rule.name for rule in THINGS.rules} == {rule for _, told in CASES.values() for rule in told.split()}


def test_the_sinks_own_writer_has_good_and_bad_rows_in_two_tables_with_the_offset_of_both(
    staged: Path, compiled: Callable[[str, list[Path]], str], tmp_path: Path
) -> None:
    """One writer of one task has the files of both, so that one transaction announces them with the offset."""
    table = Table(
        name="things", columns=(Column(name="id", type="integer"), Column(name="price", type="numeric(10,2)", quality={"min": 0}))
    )
    archive, database = ArchiveSettings(bucket="archive", catalog="jdbc"), Address(host="database", port=5432)
    quality = QualitySettings.model_validate({"enabled": True})
    config = sink.iceberg_config(Names(), (table,), archive, "http://registry", database, quality=quality)
    chosen = {key: value for key, value in config.items() if key.startswith(("transforms.quality.", "iceberg.table", "topics"))}
    chosen["iceberg.catalog.type"] = "hadoop"
    (tmp_path / "config").write_text("".join("{}={}\n".format(key, value.replace("\\", "\\\\")) for key, value in chosen.items()))
    path = compiled("sink", [*staged.glob("plugins/iceberg/*.jar")])
    probe = ["dataingestion.connect.QuarantineProbe", str(tmp_path / "config"), str(tmp_path / "warehouse"), TOPIC]
    done = subprocess.run(
        ["java", "-XX:TieredStopAtLevel=1", "-cp", path, *probe], capture_output=True, text=True, timeout=170, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found = dict(line.removeprefix("FOUND ").split("|") for line in done.stdout.splitlines() if line.startswith("FOUND "))
    assert found == {
        "archive.things": "4 columns",
        "archive.things 0": f"1.00 {TOPIC} -",
        "archive.things 2": f"2.00 {TOPIC} -",
        "archive.things 3": f"-2.00 {TOPIC} -",
        "archive.things_quarantine": "5 columns",
        "archive.things_quarantine 1": f"-1.00 {TOPIC}/quarantine price.min",
    }
    assert f"OFFSET {TOPIC}-3 4" in done.stdout
