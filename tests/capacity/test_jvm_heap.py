"""The heap by the model and by HotSpot itself, ``java -XX:+PrintFlagsFinal``, over generated command lines and environments."""

from __future__ import annotations

import random
import re
import subprocess
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from stack.capacity.jvm_flags import by_environment, flags_of, heap_of

if TYPE_CHECKING:
    from collections.abc import Callable

MIB = 2**20
LIMIT = 4 * 2**30
# HotSpot rounds up to its own alignment: 2 MiB, or a region of G1
ALIGNED = {"-XX:+UseSerialGC": 2 * MIB, "-XX:+UseParallelGC": 2 * MIB, "-XX:+UseG1GC": 32 * MIB}
SIZES = ("64m", "300M", "512m", "1g", "2G", "1048576k", "786432K", "805306368")
SHARES = ("10", "25.0", "50", "75.5", "100")
FLAGS = (
    *(f"{name}{size}" for name in ("-Xmx", "-mx", "-XX:MaxHeapSize=") for size in SIZES),
    *(f"{name}{size}" for name in ("-Xms", "-ms", "-XX:InitialHeapSize=", "-XX:MinHeapSize=") for size in (*SIZES, "6g")),
    *(f"-XX:{name}RAMPercentage={share}" for name in ("Max", "Min", "Initial") for share in SHARES),
    *(f"{name}{size}" for name in ("-Xmn", "-XX:NewSize=", "-XX:MaxNewSize=", "-XX:OldSize=") for size in ("32m", "2g", "5g")),
    *("-Xms0", "-XX:ErgoHeapSizeLimit=300m", "-XX:+AlwaysPreTouch", "-XX:MaxHeapFreeRatio=80", "-Xss1m"),
)
OF_MACHINE = (
    *(f"-XX:MaxRAM={size}" for size in ("100m", "200m", "253m", "300m", "512M", "1g", "2g", "64G")),
    *("-XX:MaxRAMFraction=1", "-XX:MaxRAMFraction=3", "-XX:MinRAMFraction=1"),
)
PLACES = ("command", "JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS")
GENERATIONS = re.compile(r"-Xmn|-XX:(NewSize|OldSize)=")

Case = tuple[str, dict[str, list[str]]]


def cases() -> list[Case]:
    """Return collectors with flags by place: each flag alone, and several together in several places."""
    random_one = random.Random(21)  # noqa: S311 - reproducible choices
    alone: list[Case] = [("-XX:+UseSerialGC", {"command": [flag]}) for flag in (*FLAGS, *OF_MACHINE)]
    together: list[Case] = []
    for _ in range(90):
        given: dict[str, list[str]] = {}
        for flag in random_one.sample((*FLAGS, *OF_MACHINE), random_one.randint(2, 4)):
            given.setdefault(random_one.choice(PLACES), []).append(flag)
        together.append((random_one.choice(sorted(ALIGNED)), given))
    return [*alone, *together]


def container(case: Case, ram: str) -> dict[str, Any]:
    """Return a container that starts Java so."""
    collector, given = case
    env = [{"name": name, "value": " ".join(flags)} for name, flags in given.items() if name != "command"]
    return {"name": "c", "command": ["java", collector, ram, *given.get("command", []), "-jar", "a.jar"], "env": env}


def said(case: Case) -> int | None:
    """Return the maximum heap that HotSpot says it would use, or None where it does not start."""
    collector, given = case
    # the machine's memory in place of the limit's: before all others, so that a flag of the case counts
    environment = {"PATH": "/usr/bin:/bin", "JAVA_TOOL_OPTIONS": f"-XX:MaxRAM={LIMIT}"}
    for name in PLACES[1:]:
        if name in given:
            environment[name] = " ".join([environment.get(name, ""), *given[name]]).strip()
    command = ["java", collector, *given.get("command", []), "-XX:+PrintFlagsFinal", "-version"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    found = re.search(r"\bMaxHeapSize\s*=\s*(\d+)", done.stdout)
    return int(found[1]) if found and done.returncode == 0 else None


def modelled(case: Case) -> int:
    """Return the maximum heap by the model; flags about the machine are followed here although a policy refuses them."""
    collector, given = case
    ordered = ["JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "command", "_JAVA_OPTIONS"]
    flags = [collector, *(flag for place in ordered for flag in given.get(place, []))]
    return heap_of(flags, LIMIT, raised=by_environment(container(case, "-Xss1m")))[0]


@pytest.mark.sandbox
def test_the_model_is_never_below_hotspot(figure: Callable[[str], None]) -> None:
    made = cases()
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(said, made))
    taken = [(case, answer) for case, answer in zip(made, answers, strict=True) if answer is not None]
    figure(f"Java's heap: {len(taken)} of {len(made)} command lines with which HotSpot starts")
    assert len(taken) >= 100
    for case, answer in taken:
        aligned = ALIGNED[case[0]]
        assert answer - aligned < modelled(case), (case, answer / MIB, modelled(case) / MIB)
        if not any(GENERATIONS.match(flag) for flags in case[1].values() for flag in flags):
            assert modelled(case) <= answer, (case, answer / MIB, modelled(case) / MIB)


def test_the_order_of_the_places_is_that_of_a_container() -> None:
    given = {"JAVA_TOOL_OPTIONS": ["-Xmx1g"], "JDK_JAVA_OPTIONS": ["-Xmx2g"], "command": ["-Xmx3g"], "_JAVA_OPTIONS": ["-Xmx4g"]}
    for number, place in enumerate(("_JAVA_OPTIONS", "command", "JDK_JAVA_OPTIONS", "JAVA_TOOL_OPTIONS")):
        case: Case = ("-XX:+UseSerialGC", given)
        assert heap_of(flags_of(container(case, "-Xss1m")), LIMIT) == ((4 - number) * 1024 * MIB, False)
        del given[place]
