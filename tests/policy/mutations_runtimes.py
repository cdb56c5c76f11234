"""Bounds of the heaps of Go, Node.js and .NET, above a container's memory or below it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from stack.unknown import UNKNOWN
from tests.policy.workbench import pod_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from policy.declared import Declared
    from tests.policy.workbench import Made, Workbench

# Variables with a value above every container of the stacks
ABOVE: Final = (
    ("GOMEMLIMIT", "9GiB"),
    ("GOMEMLIMIT", "9663676416"),
    ("GOMEMLIMIT", "512M"),
    ("GOMEMLIMIT", "1.5GiB"),
    ("NODE_OPTIONS", "--max-old-space-size=8192"),
    ("NODE_OPTIONS", "--enable-source-maps --max_old_space_size=8192"),
    ("NODE_OPTIONS", "--max-semi-space-size=4096"),
    ("NODE_OPTIONS", "--max-old-space-size=64 --max-old-space-size=8192"),
    ("DENO_V8_FLAGS", "--max-old-space-size=8192,--expose-gc"),
    ("DOTNET_GCHeapHardLimit", "0x200000000"),
    # decimal digits are read as hexadecimal ones
    ("DOTNET_GCHeapHardLimit", "8589934592"),
    ("COMPlus_GCHeapHardLimit", "200000000"),
    ("DOTNET_GCHeapHardLimitLOH", "200000000"),
)
BELOW: Final = (
    ("GOMEMLIMIT", "12MiB"),
    ("GOMEMLIMIT", "12582912"),
    ("GOMEMLIMIT", "12582912B"),
    ("GOMEMLIMIT", "off"),
    ("GOMEMLIMIT", ""),
    ("GOMEMLIMIT", "$(LIMIT)"),
    ("GOMEMLIMIT", UNKNOWN),
    ("NODE_OPTIONS", "--enable-source-maps"),
    ("NODE_OPTIONS", "--max-semi-space-size=1"),
    ("DOTNET_GCHeapHardLimit", "0xC00000"),
    ("DOTNET_GCHeapHardLimitSOH", "400000"),
    ("DOTNET_GCHeapHardLimitPercent", "4B"),
    ("MAX_OLD_SPACE_SIZE", "8192"),
)
_FLAG: Final = "--max-old-space-size=8192"
COMMANDS: Final = (
    ["node", _FLAG, "server.js"],
    ["node", "--max-old-space-size", "8192", "server.js"],
    ["sh", "-c", f"exec node {_FLAG} server.js"],
    ["tini", "--", "/usr/bin/node", "--enable-source-maps", _FLAG, "server.js"],
    ["sh", "-c", "GOMEMLIMIT=9GiB exec /app/server"],
    ["env", "GOMEMLIMIT=9GiB", "/app/server"],
    ["sh", "-c", f"export NODE_OPTIONS={_FLAG}; exec npm start"],
    ["pm2-runtime", "start", "server.js", f"--node-args={_FLAG}"],
)
HARMLESS_COMMANDS: Final = (
    ["node", "server.js", _FLAG],
    ["echo", "node", _FLAG],
    ["node", "--max-old-space-size=8192", "--max-old-space-size=12", "server.js"],
)


# Containers of a Deployment, a StatefulSet and a CronJob
CHANGED: Final = {"exporter", "kafka", "audit"}


def runtimes(bench: Workbench) -> Iterator[Made]:
    """Yield containers with a bound above their memory, by a variable or by a command."""
    yield from _changed(bench, ABOVE, COMMANDS, "runtime-fits")


def harmless(bench: Workbench) -> Iterator[Made]:
    """Yield containers with a bound below their memory, or with none."""
    yield from _changed(bench, BELOW, HARMLESS_COMMANDS, None)


def _changed(bench: Workbench, variables: Sequence[tuple[str, Any]], commands: Sequence[list[str]], rule: str | None) -> Iterator[Made]:
    for workload in bench.with_jobs():
        for place, at, one in bench.containers(workload):
            if one["name"] not in CHANGED:
                continue

            def made(at: int = at, place: str = place, workload: str = workload, **more: Any) -> list[Declared]:
                return bench.changed(workload, lambda inputs: pod_of(inputs)[place][at].update(more))

            where = f"{workload}/{one['name']}"
            for name, value in variables:
                yield f"{where}: {name} {value!r}", rule, made(env=[*(one.get("env") or []), {"name": name, "value": value}])
            # no other rule reads the exporter's command
            for command in commands if one["name"] == "exporter" else ():
                yield f"{where}: {' '.join(command)}", rule, made(command=command)
