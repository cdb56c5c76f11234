"""Bounds of the heaps of Go, Node.js and .NET, as the runtimes read them; Node.js is asked where it is installed."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import Any, Final

import pytest

from stack.capacity.quantity import MIB
from stack.capacity.runtimes import Bound, bounds
from stack.unknown import UNKNOWN

NODE: Final = shutil.which("node")
GIB: Final = 1024 * MIB


def found(*command: str, **variables: Any) -> list[Bound]:
    """Return the bounds of a container."""
    env = [{"name": name, "value": value} for name, value in variables.items()]
    return [*bounds({"name": "c", "image": "i:1", "command": list(command), "env": env})]


def size(*command: str, **variables: Any) -> int | None:
    """Return the one bound of a container, in bytes."""
    (bound,) = found(*command, **variables)
    return bound.size


GO: Final = {
    "100": 100,
    "100B": 100,
    "100KiB": 100 * 1024,
    "100MiB": 100 * MIB,
    "3GiB": 3 * GIB,
    "1TiB": 1024 * GIB,
    **dict.fromkeys(("100M", "1e9", "100 MiB", "-1", "1.5GiB", "99999999999999999999", "9223372036854775808", "8388608TiB", "mib"), None),
}


@pytest.mark.parametrize("text", GO)
def test_a_limit_of_go_is_read_as_go_reads_it(text: str) -> None:
    """Go 1.26 gave the same answers, by ``go version`` with the variable."""
    assert size("/app", GOMEMLIMIT=text) == GO[text]


@pytest.mark.parametrize("text", ["", "off", "$(LIMIT)", None, UNKNOWN])
def test_no_limit_of_go_is_no_bound(text: Any) -> None:
    assert found("/app", GOMEMLIMIT=text) == []


# Flags of V8, with the bound of Node.js 20 in MiB
V8: Final = {
    "--max-old-space-size=128": 176,
    "--max_old_space_size=128": 176,
    '--max-old-space-size="128"': 176,
    "--max-old-space-size=128 --max-semi-space-size=64": 320,
    "--max-old-space-size=1024": 1072,
    "--max-old-space-size=64 --max-old-space-size=256": 304,
    "--max-old-space-size=128 --max-semi-space-size=65": 512,
    "--max-old-space-size=128 --max-semi-space-size=16": 176,
    "--max-old-space-size=128 --max-semi-space-size=1": 131,
}


@pytest.mark.parametrize("flags", V8)
def test_flags_of_v8_give_the_bound_of_node(flags: str) -> None:
    assert size("npm", "start", NODE_OPTIONS=flags) == V8[flags] * MIB
    assert size("node", *flags.replace('"', "").split(), "a.js") == V8[flags] * MIB
    if NODE is not None:
        asked = [NODE, "-p", "v8.getHeapStatistics().heap_size_limit"]
        told = subprocess.run(asked, env={**os.environ, "NODE_OPTIONS": flags}, capture_output=True, text=True, check=True)
        # other major versions differ by their young generation only
        assert abs(V8[flags] * MIB - int(told.stdout)) <= 48 * MIB


def test_the_command_line_counts_behind_the_variable_and_a_scripts_arguments_do_not() -> None:
    assert size("node", "--max-old-space-size=128", "a.js", NODE_OPTIONS="--max-old-space-size=256") == 176 * MIB
    assert size("node", "--max-old-space-size", "128", "a.js") == 176 * MIB
    assert found("node", "a.js", "--max-old-space-size=128") == []
    assert found("echo", "node", "--max-old-space-size=128") == []
    assert size("sh", "-c", "exec node --max-old-space-size=128 a.js") == 176 * MIB
    assert found("npm", "start", NODE_OPTIONS="--max-old-space-size=0 --enable-source-maps") == []


NET: Final = {
    "C800000": 200 * MIB,
    "0xC800000": 200 * MIB,
    "c800000": 200 * MIB,
    "209715200": 0x209715200,
}


@pytest.mark.parametrize("text", NET)
@pytest.mark.parametrize("name", ["DOTNET_GCHeapHardLimit", "COMPlus_GCHeapHardLimit"])
def test_a_limit_of_net_is_hexadecimal(name: str, text: str) -> None:
    assert size("/app", **{name: text}) == NET[text]


def test_parts_of_nets_heap_count_together_and_the_whole_counts_before_them() -> None:
    parts = {"DOTNET_GCHeapHardLimitSOH": "C800000", "DOTNET_GCHeapHardLimitLOH": "6400000"}
    assert size("/app", **parts) == 300 * MIB
    assert size("/app", **parts, DOTNET_GCHeapHardLimit="100000") == MIB
    assert size("/app", COMPlus_GCHeapHardLimit="C800000", DOTNET_GCHeapHardLimit="100000") == MIB
    assert found("/app", DOTNET_GCHeapHardLimit="200MB") == []


@pytest.mark.parametrize(
    "variables",
    [
        {"GOMEMLIMIT": "9GiB"},
        {"NODE_OPTIONS": "--max-old-space-size=9000"},
        {"NODE_OPTIONS": "--max-semi-space-size=9000"},
        {"NODE_OPTIONS": "--max-old-space-size=9000 --max-semi-space-size=8"},
        {"DOTNET_GCHeapHardLimit": "209715200"},
        {"DOTNET_GCHeapHardLimitSOH": "209715200", "DOTNET_GCHeapHardLimitPOH": "100000"},
    ],
)
@pytest.mark.parametrize("room", [64 * MIB, 100 * MIB, 1000 * MIB + 7])
def test_the_largest_value_that_is_named_fits_and_the_next_one_does_not(variables: dict[str, str], room: int) -> None:
    (bound,) = found("/app", **variables)
    most = bound.within(room)
    assert most is not None
    key = next(name for name, text in variables.items() if bound.value in text)
    changed = {**variables, key: variables[key].replace(bound.value, most)}
    fitting = size("/app", **changed)
    assert fitting is not None
    assert room // 2 - MIB < fitting <= room


def test_no_value_is_named_where_none_fits() -> None:
    (bound,) = found("/app", NODE_OPTIONS="--max-old-space-size=9000")
    assert bound.within(48 * MIB) is None
