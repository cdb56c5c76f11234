"""Home of the CLI: the CLI, the language host, five plugins and the state; published programs where they are installed."""

from __future__ import annotations

import os
import re
import secrets
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sandbox.paths import CHECKOUT
from sandbox.pulumi import build

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipeline.checks.progress import Progress

STAND_INS: Final = ("aws", "kafka", "random", "tls")
"""Plugins that no package registry serves."""
KUBERNETES: Final = "kubernetes"

OLDEST_CLI: Final = (3, 208)
"""The first release that reads any option from PULUMI_OPTION_<NAME>, by which the policy pack is given."""

_MODULE: Final = (
    "import runpy, sys; sys.path.insert(0, sys.argv.pop(1)); runpy.run_module(sys.argv.pop(1), run_name='__main__', alter_sys=True)"
)


@dataclass(frozen=True)
class Home:
    """The CLI with everything around it.

    Attributes:
        pulumi: The CLI.
        variables: What it has to be started with, beside the caller's own environment.
        parts: What each part is, for people: `aws`: `stand-in (python -m sandbox.standins aws)`.
    """

    pulumi: Path
    variables: Mapping[str, str]
    parts: Mapping[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        """The caller's environment with the variables over it; a passphrase in the caller's would go before the state's own."""
        caller = {name: value for name, value in os.environ.items() if name != "PULUMI_CONFIG_PASSPHRASE"}
        return {**caller, **self.variables}

    @property
    def summary(self) -> str:
        """Parts of the engine, in one line."""
        kinds: dict[str, list[str]] = {}
        for name, what in self.parts.items():
            kinds.setdefault(what, []).append(name)
        return "; ".join(f"{', '.join(names)}: {what}" for what, names in kinds.items())


def prepare(folder: Path, progress: Progress) -> Home:
    """Lay out the CLI's home under `folder`, building what has to be built; what is right already is left as it is.

    Raises:
        CompileError: If the CLI or the Kubernetes plugin has to be built and cannot be.
    """
    home, programs, backend = folder / "home", folder / "bin", folder / "backend"
    for place in (home / "plugins", programs, backend):
        place.mkdir(parents=True, exist_ok=True, mode=0o700)
    parts: dict[str, str] = {}
    pulumi = _cli(programs, parts, progress)
    for name in (KUBERNETES, *STAND_INS):
        parts[name] = _plugin(home / "plugins", name, progress)
    own = {
        "PATH": os.pathsep.join([str(programs), os.environ.get("PATH", os.defpath)]),
        "PULUMI_HOME": str(home),
        # Without files of attributes beside the state's own: those are not written whole, and a run that is killed leaves an empty one,
        # which no later run can read.
        "PULUMI_BACKEND_URL": f"file://{backend}?metadata=skip",
        "PULUMI_CONFIG_PASSPHRASE_FILE": str(_passphrase(folder / "passphrase")),
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        "PULUMI_OPTION_POLICY_PACK": os.environ.get("PULUMI_OPTION_POLICY_PACK", "policy"),
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    return Home(pulumi, own, parts)


def is_built() -> bool:
    """Tell whether nothing would have to be compiled: each part is in the cache, or a published one is installed."""
    cli = build.cli_path().exists() or published_cli() is not None
    return cli and (build.kubernetes_path(_version(KUBERNETES)).exists() or _published(KUBERNETES) is not None)


def build_missing(progress: Progress) -> None:
    """Compile what is neither in the cache nor installed. Raises CompileError."""
    if published_cli() is None:
        build.cli(progress)
    if _published(KUBERNETES) is None:
        build.kubernetes(progress, _version(KUBERNETES))


def published_cli() -> Path | None:
    """Return the CLI on PATH when it is new enough and has a language host of its own beside it or on PATH."""
    elsewhere = os.pathsep.join(place for place in os.environ.get("PATH", os.defpath).split(os.pathsep) if not _is_ours(Path(place)))
    found, host = shutil.which("pulumi", path=elsewhere), shutil.which("pulumi-language-python", path=elsewhere)
    if found is None or host is None:
        return None
    told = re.search(r"v(\d+)\.(\d+)", subprocess.run([found, "version"], capture_output=True, text=True, check=False).stdout)
    return Path(found) if told and (int(told[1]), int(told[2])) >= OLDEST_CLI else None


def _cli(programs: Path, parts: dict[str, str], progress: Progress) -> Path:
    found = published_cli()
    if found is not None:
        parts["pulumi"] = parts["language host"] = f"the one on PATH ({found})"
        # The Automation API looks for a CLI in a folder bin, and not every installation has one.
        _link(programs / "pulumi", found)
        (programs / "pulumi-language-python").unlink(missing_ok=True)
        return programs / "pulumi"
    built = build.cli(progress)
    _place(programs / "pulumi", built)
    script = built.with_name("pulumi-language-python-exec")
    _wrap(programs / "pulumi-language-python", "sandbox.pulumi.language_host", "--script", str(script))
    parts["pulumi"] = f"v{build.cli_version()}, built from Go modules"
    parts["language host"] = "the project's own (sandbox/pulumi/language_host.py)"
    return programs / "pulumi"


def _plugin(plugins: Path, name: str, progress: Progress) -> str:
    """Put one plugin in its place, and say what it is."""
    version = _version(name)
    folder, program = f"resource-{name}-v{version}", f"pulumi-resource-{name}"
    published, place = _published(name), plugins / folder
    if published is not None:
        if place.is_dir() and not place.is_symlink():
            shutil.rmtree(place)
        if published.is_dir():
            _link(place, published)
        return f"the published plugin ({published})"
    if place.is_symlink():
        place.unlink()
    place.mkdir(exist_ok=True)
    if name == KUBERNETES:
        _link(place / program, build.kubernetes(progress, version))
        return f"built from Go modules, sources of {build.plugin_version()}"
    _wrap(place / program, "sandbox.standins", name)
    return "a stand-in (sandbox/standins)"


def _published(name: str) -> Path | None:
    """Return the program of a published plugin on PATH, or the folder of the installed one that fits the SDK."""
    on_path = shutil.which(f"pulumi-resource-{name}")
    installed = _user_home() / "plugins" / f"resource-{name}-v{_version(name)}"
    if on_path is not None:
        return Path(on_path)
    return installed if installed.is_dir() else None


def _version(name: str) -> str:
    """Return the version of an installed SDK, which is the version of the plugin that it asks for."""
    return metadata.version(f"pulumi-{name}")


def _user_home() -> Path:
    told = os.environ.get("PULUMI_HOME")
    return Path(told) if told and not _is_ours(Path(told)) else Path.home() / ".pulumi"


def _is_ours(place: Path) -> bool:
    """Tell whether a folder is part of a home that was laid out here: whoever has its environment finds it again."""
    return (place.parent / "passphrase").exists() and (place.parent / "backend").is_dir()


def _passphrase(path: Path) -> Path:
    """Make the passphrase of the state's secrets once, readable by its owner alone."""
    if not path.exists():
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(secrets.token_urlsafe(32))
    return path


def _link(place: Path, target: Path) -> None:
    if place.is_symlink() or place.exists():
        place.unlink()
    place.symlink_to(target)


def _place(place: Path, program: Path) -> None:
    """Put a program somewhere as a file of its own: the CLI warns of a language host that does not lie beside its real place."""
    if (
        not place.is_symlink()
        and place.exists()
        and place.stat().st_size == program.stat().st_size
        and place.stat().st_mtime == program.stat().st_mtime
    ):
        return
    place.unlink(missing_ok=True)
    try:
        place.hardlink_to(program)
    except OSError:
        shutil.copy2(program, place)


def _wrap(place: Path, module: str, *arguments: str) -> None:
    """Write a program that runs a module of this checkout with this interpreter, wherever it is started and whatever lies there."""
    command = shlex.join([sys.executable, "-P", "-c", _MODULE, str(CHECKOUT), module, *arguments])
    place.write_text(f'#!/bin/sh\nexec {command} "$@"\n', encoding="utf-8")
    place.chmod(0o755)
