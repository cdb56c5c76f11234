"""Building the engine: the Pulumi CLI and its plugin for Kubernetes, kept in the cache under a hash of their sources."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sandbox import golang
from sandbox.paths import CACHE

if TYPE_CHECKING:
    from pipeline.checks.progress import Progress, Step

SOURCES: Final = Path(__file__).resolve().parent
BUILDS: Final = CACHE / "engine"

CLI: Final = "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
_SDK: Final = "github.com/pulumi/pulumi/sdk/v3"
_KUBERNETES: Final = "github.com/pulumi/pulumi-kubernetes/provider/v4"
_EMBEDDED: Final = ("schema.json", "terraform-mapping.json")
_EXEC: Final = "pulumi-language-python-exec"


def cli(progress: Progress) -> Path:
    """Return the CLI; beside it lies the SDK's script that runs Python programs. Built when the cache has not these sources.

    Raises:
        CompileError: If there is no Go, or it refuses the sources, with its own words.
    """
    sources, program = SOURCES / "cli", cli_path()
    if not program.exists():
        with progress.step("Building the Pulumi CLI") as step:
            program.parent.mkdir(parents=True, exist_ok=True)
            script = golang.module_folder(sources, _SDK, step) / "python" / "cmd" / _EXEC
            shutil.copy(script, program.with_name(_EXEC))
            version = f"{_SDK}/go/common/version.Version=v{cli_version()}"
            golang.build(sources, CLI, program, link=f"-s -w -X {version}", step=step)
            golang.forget_old(program.parent.parent)
    return program


def kubernetes(progress: Progress, sdk_version: str) -> Path:
    """Return the plugin for Kubernetes; as `cli`.

    Args:
        progress: Where to show the build.
        sdk_version: The version of pulumi-kubernetes' SDK. The plugin says this one, with the day and commit it really is of behind a
            plus sign: the CLI warns of every single resource whose plugin is older than its SDK.

    Raises:
        CompileError: As `cli`.
    """
    sources, program = SOURCES / "kubernetes", kubernetes_path(sdk_version)
    if not program.exists():
        with progress.step("Building the Kubernetes plugin") as step:
            program.parent.mkdir(parents=True, exist_ok=True)
            lay = overlay(sources, program.parent, step)
            link = f"-s -w -X main.version={sdk_version}+{plugin_version()}"
            golang.build(sources, ".", program, link=link, step=step, overlay=lay)
            golang.forget_old(program.parent.parent)
    return program


def cli_version() -> str:
    """Return the CLI's version, which its module file pins."""
    return _required(SOURCES / "cli", "github.com/pulumi/pulumi/pkg/v3")


def plugin_version() -> str:
    """Return day and commit of the plugin's sources, such as `20260115033456.f47bc2d6f199`."""
    return ".".join(_required(SOURCES / "kubernetes", _KUBERNETES).split("-")[1:])


def _required(sources: Path, module: str) -> str:
    found = re.search(rf"^\s*(?:require )?{re.escape(module)} v(\S+)", (sources / "go.mod").read_text(encoding="utf-8"), re.MULTILINE)
    if found is None:
        message = f"{sources / 'go.mod'} does not require {module}"
        raise golang.CompileError(message)
    return found[1]


def cli_path() -> Path:
    """Return where the CLI of these sources lies, or would lie."""
    return BUILDS / "cli" / golang.digest(SOURCES / "cli") / "pulumi"


def kubernetes_path(sdk_version: str) -> Path:
    """Return where the plugin of these sources lies, or would lie."""
    return BUILDS / "kubernetes" / golang.digest(SOURCES / "kubernetes", sdk_version) / "pulumi-resource-kubernetes"


def overlay(sources: Path, folder: Path, step: Step) -> Path:
    """Write the file that lays the module's own two files over our sources, so that they can be embedded."""
    theirs = golang.module_folder(sources, _KUBERNETES, step) / "cmd" / "pulumi-resource-kubernetes"
    lay = folder / "overlay.json"
    lay.write_text(json.dumps({"Replace": {str(sources / name): str(theirs / name) for name in _EMBEDDED}}))
    return lay
