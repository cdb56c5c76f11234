"""The image's transform refuses a row exactly where Iceberg's sink fails at a value or changes it, and names the rule, no value."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, NamedTuple

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

pytestmark = pytest.mark.sandbox

TIMES = (
    "2026-01-02T03:04:05.123456",
    "1500-03-01T00:00:00.000001",
    "-4713-11-24T00:00:00.000001",
    "+12026-01-01T00:00:00.000001",
    "+294246-12-31T23:59:59.999999",
)
ENDLESS = ("+294276-12-31T23:59:59.999999", "infinity", "-infinity")
# days since 1970, among them the first and the last of PostgreSQL
DAYS = {0: "1970-01-01", -171609: "1500-02-25", -2440588: "-4713-11-24", 2145042905: "+5874897-12-31"}
AMOUNTS = {"0.00": "0.00", "99999999.99": "99999999.99", "-99999999.99": "-99999999.99", "0.1": "0.10", "0.1000": "0.10"}
TOO_LARGE = ("-100000000.00", "123456789.00", "0.001")
SPECIAL, UNFITTING, UNAVAILABLE = "SpecialValueException", "UnfittingValueException", "UnavailableValueException"
PLACEHOLDER = "__debezium_unavailable_value"


class Outcome(NamedTuple):
    """What became of a value: by the transform, and by the sink alone."""

    judged: str
    kept: str


@pytest.fixture(scope="module")
def outcomes(staged: Path, compiled: Callable[[str, list[Path]], str], tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Outcome]:
    """Run the probe against the image's own jars, and return the outcomes by type and value."""
    path = compiled("sink", [*staged.glob("plugins/iceberg/*.jar")])
    days = [*DAYS, 2**31 - 1, -(2**31)]
    amounts = [*AMOUNTS, *TOO_LARGE, "100000000.00"]
    given = ["|".join(map(str, values)) for values in ([*TIMES, *ENDLESS], days, amounts)]
    probe = "org.apache.iceberg.connect.data.ValuesProbe"
    command = ["java", "-XX:TieredStopAtLevel=1", "-cp", path, probe, str(tmp_path_factory.mktemp("warehouse")), *given]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=True)
    lines = (line.removeprefix("RESULT ").split("|") for line in done.stdout.splitlines() if line.startswith("RESULT "))
    return {name: Outcome(judged, kept) for name, judged, kept in lines}


def milliseconds(days: int) -> int:
    return days * 86_400_000


@pytest.mark.parametrize("time", TIMES)
def test_times_pass_and_are_kept_to_the_microsecond_also_before_the_year_1_and_after_9999(
    outcomes: Mapping[str, Outcome], time: str
) -> None:
    assert outcomes[f"timestamp {time}"] == ("passes", time)
    assert outcomes[f"timestamptz {time}Z"] == ("passes", f"{time}Z")


@pytest.mark.parametrize("time", ENDLESS)
def test_a_time_that_64_bits_of_microseconds_do_not_hold_is_refused_where_the_sinks_task_would_fail(
    outcomes: Mapping[str, Outcome], time: str
) -> None:
    for name in (f"timestamp {time}", f"timestamptz {time}" if time.endswith("infinity") else f"timestamptz {time}Z"):
        assert outcomes[name].judged.startswith(f"{SPECIAL}: Column x of shop.public.t holds infinity or a time after the year 294246")
        assert outcomes[name].kept.startswith("fails")


def test_days_pass_and_are_kept_and_infinite_ones_are_refused(outcomes: Mapping[str, Outcome]) -> None:
    assert {number: outcomes[f"date {milliseconds(number)}"] for number in DAYS} == {n: ("passes", day) for n, day in DAYS.items()}
    for number, name in ((2**31 - 1, "infinity"), (-(2**31), "-infinity")):
        refused = f"{SPECIAL}: Column x of shop.public.t holds {name}, for which the archive has no value"
        assert outcomes[f"date {milliseconds(number)}"].judged == refused


def test_amounts_pass_and_are_kept_and_what_does_not_fit_is_refused_instead_of_rounded(outcomes: Mapping[str, Outcome]) -> None:
    assert {text: outcomes[f"decimal(10,2) {text}"] for text in AMOUNTS} == {text: ("passes", kept) for text, kept in AMOUNTS.items()}
    for text in TOO_LARGE:
        assert outcomes[f"decimal(10,2) {text}"].judged.startswith(f"{UNFITTING}: Column x of shop.public.t holds more digits ")
    assert outcomes["decimal(10,2) 0.001"].kept == "0.00", "what the sink makes of it"
    assert (
        outcomes["decimal(10,2) 100000000.00"].judged
        == f"{SPECIAL}: Column x of shop.public.t holds NaN, for which the archive has no value"
    )


def test_every_other_value_passes_if_and_only_if_the_sink_keeps_it(outcomes: Mapping[str, Outcome]) -> None:
    passing = {
        "float NaN": "NaN",
        "double -Infinity": "-Infinity",
        "double 0.5": "0.5",
        "int 7": "7",
        "long 8": "8",
        "boolean true": "true",
        "string seven": "seven",
        "binary x00ff07": "x00ff07",
        "binary x": "x",
        "timestamp 1767323045123": "2026-01-02T03:04:05.123",
        "decimal(10,2) 7": "7.00",
    }
    assert {name: outcomes[name] for name in passing} == {name: ("passes", kept) for name, kept in passing.items()}
    refused = [
        "float 16777217",
        "int 7.5",
        "int seven",
        "long 7",
        "boolean t",
        "string 0",
        "string bytes",
        "binary c2V2",
        "binary 7",
        "date 90000000",
        "date tomorrow",
        "timestamp 1767323045123456",
        "timestamp 2026-01-02T03:04:05+02:00",
        "timestamptz 2026-01-02T03:04:05",
        "timestamptz soon",
        "decimal(10,2) seven",
    ]
    assert {name: outcomes[name].judged.split(":")[0] for name in refused} == dict.fromkeys(refused, UNFITTING)
    assert outcomes["timestamp 9223372036825200000"].judged.startswith(SPECIAL), "an infinite time as Debezium writes it"
    for name in refused:
        value = name.split(" ", 1)[1]
        assert value not in outcomes[name].judged or value in {"7", "0", "t", "bytes"}, "no value in a log"


def test_without_types_only_what_no_format_holds_is_refused(outcomes: Mapping[str, Outcome]) -> None:
    judged = {name: found.judged.split(":")[0] for name, found in outcomes.items() if name.startswith(" ")}
    assert judged == {
        " 100000000.00": SPECIAL,
        " 99999999.99": "passes",
        f" {milliseconds(2**31 - 1)}": SPECIAL,
        " infinity": "passes",
        f" {PLACEHOLDER}": UNAVAILABLE,
    }


def test_a_long_value_that_the_log_does_not_have_is_refused_instead_of_its_placeholder(outcomes: Mapping[str, Outcome]) -> None:
    what = "Column x of shop.public.t holds a long value that the change left as it was, and the log does not have it"
    for name in (f" {PLACEHOLDER}", f"binary x{PLACEHOLDER.encode().hex()}"):
        assert outcomes[name].judged == f"{UNAVAILABLE}: {what}"
    assert outcomes[f"string {PLACEHOLDER}s"] == ("passes", f"{PLACEHOLDER}s")
