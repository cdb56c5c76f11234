"""Cost of cold builds of the sandbox's Go programs, by compiler flags and by shared caches.

Every row begins with an empty cache of builds of its own, in a scratch folder that is removed; modules are fetched before. Processor time
is user and system time of the compiler and everything that it starts. The last column divides by the first row's.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sandbox import golang
from sandbox.bench.figures import Figures, FiguresError, Grid
from sandbox.cluster import binary
from sandbox.pulumi import build

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipeline.checks.progress import Progress, Step

_CLI: Final = (build.SOURCES / "cli", build.CLI)
_PLUGIN: Final = (build.SOURCES / "kubernetes", ".")
_NODE: Final = (binary.SOURCES, ".")
_PLAIN: Final = ("-trimpath",)


@dataclass(frozen=True, slots=True)
class Variant:
    """One row: programs built one after the other into one empty cache.

    Attributes:
        programs: Module folder and package of each.
        flags: The compiler's.
        gogc: GOGC of the compiler; 100 is Go's own default.
    """

    programs: tuple[tuple[Path, str], ...]
    flags: tuple[str, ...] = golang.COMPILE
    gogc: str = golang.GOGC


VARIANTS: Final[Mapping[str, Variant]] = {
    "CLI alone, Go's defaults": Variant((_CLI,), _PLAIN, "100"),
    "CLI alone, GOGC=400": Variant((_CLI,), _PLAIN),
    "CLI alone, GOGC=400 and no debug information, as make engine does": Variant((_CLI,)),
    "CLI alone, the same and no inlining": Variant((_CLI,), ("-trimpath", "-gcflags=all=-dwarf=false -l")),
    "plugin alone": Variant((_PLUGIN,)),
    "CLI, then plugin, as make engine does": Variant((_CLI, _PLUGIN)),
    "node alone": Variant((_NODE,)),
    "node, CLI, plugin": Variant((_NODE, _CLI, _PLUGIN)),
}


def measure(progress: Progress, wanted: str = "") -> Figures:
    """Build every variant.

    Args:
        progress: Shows what is built.
        wanted: Only variants whose name begins so.

    Raises:
        FiguresError: If one does not build, or none is called so.
    """
    variants = {name: variant for name, variant in VARIANTS.items() if name.startswith(wanted)}
    if not variants:
        message = f"no build is called {wanted!r}; there are {', '.join(VARIANTS)}"
        raise FiguresError(message)
    found: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory(prefix="builds-") as scratch, progress.step("Building from empty caches") as step:
        folder = Path(scratch)
        overlay = build.overlay(_PLUGIN[0], folder, step)
        for name, variant in variants.items():
            step.waiting(name)
            found[name] = _built(variant, folder, overlay, step)
    return Figures("Cold builds of the Go programs", str(__doc__), (table(found),), found)


def _built(variant: Variant, folder: Path, overlay: Path, step: Step) -> dict[str, float]:
    cache = folder / "cache"
    shutil.rmtree(cache, ignore_errors=True)
    environment = {**golang.environment(), "GOCACHE": str(cache), "GOGC": variant.gogc}
    used, wall = os.times(), time.monotonic()
    for sources, package in variant.programs:
        lay = ["-overlay", str(overlay)] if sources == _PLUGIN[0] else []
        command = [golang.compiler(), "build", *variant.flags, *lay, "-ldflags", "-s -w", "-o", str(folder / "program"), package]
        done = subprocess.run(command, cwd=sources, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            message = f"{sources.name} does not build: {done.stderr.strip()[-500:]}"
            raise FiguresError(message)
        step.waiting(f"{sources.name} is built")
    after = os.times()
    processor = after.children_user + after.children_system - used.children_user - used.children_system
    size = sum(path.stat().st_size for path in cache.rglob("*") if path.is_file())
    return {"processor_s": processor, "wall_s": time.monotonic() - wall, "cache_mib": size / 2**20}


def table(found: Mapping[str, Mapping[str, float]]) -> Grid:
    """One row for each variant."""
    base = next(iter(found.values()))["processor_s"]
    rows = [
        (name, *(f"{item[key]:.0f}" for key in ("processor_s", "wall_s", "cache_mib")), f"{item['processor_s'] / base:.2f}")
        for name, item in found.items()
    ]
    return Grid(("what", "processor seconds", "seconds by the clock", "cache in MiB", "times the first row"), tuple(rows))
