"""Checks of the Pulumi CLI: version, plugins, backend."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from pipeline.checks.check import failure, fine, unseen, warning
from pipeline.checks.version import parsed, shown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipeline.checks.check import Finding
    from pipeline.checks.tool import Answer

# The published providers that the program uses; Pulumi starts its own two from the project's folder
PLUGINS: Final = ("aws", "kafka", "kubernetes", "random", "tls")

_MISSING: Final = "pulumi is not on PATH"


def version(answer: Answer | None, sdk: str) -> Finding:
    """Check whether the CLI is at least as new as the SDK.

    Args:
        answer: Output of ``pulumi version``.
        sdk: Version of the pinned SDK.
    """
    wanted = parsed(sdk) or ()
    if answer is None:
        return failure(_MISSING, "https://www.pulumi.com/docs/install/, then open a new terminal")
    installed = parsed(answer.out)
    if installed is None:
        return failure(f"'pulumi version' printed {answer.last_words!r}", "reinstall it: https://www.pulumi.com/docs/install/")
    if installed < wanted:
        return failure(f"{shown(installed)} is older than the SDK, {shown(wanted)}", f"install {shown(wanted)} or newer")
    return fine(f"{shown(installed)}, the SDK is {shown(wanted)}")


def plugins(answer: Answer | None, pinned: Mapping[str, str]) -> Finding:
    """Check whether the plugins are installed; the CLI downloads missing ones when it first needs them.

    Args:
        answer: Output of ``pulumi plugin ls --json``.
        pinned: Package to version, from the requirements.
    """
    if answer is None:
        return unseen(_MISSING)
    try:
        listed = json.loads(answer.out or "[]")
    except json.JSONDecodeError:
        return warning(f"'pulumi plugin ls' printed {answer.last_words!r}", "pulumi plugin ls")
    installed = {
        (plugin["name"], str(plugin.get("version", "")).removeprefix("v")) for plugin in listed if plugin.get("kind") == "resource"
    }
    missing = [(name, pinned[f"pulumi-{name}"]) for name in PLUGINS if (name, pinned[f"pulumi-{name}"]) not in installed]
    if missing:
        cure = "\n".join(f"pulumi plugin install resource {name} v{number}" for name, number in missing)
        return warning(f"not installed: {', '.join(' '.join(one) for one in missing)}; 'up' downloads them", cure)
    return fine(", ".join(f"{name} {pinned[f'pulumi-{name}']}" for name in PLUGINS))


def backend(answer: Answer | None) -> Finding:
    """Check whether the CLI is logged in to a backend for the state.

    Args:
        answer: Output of ``pulumi whoami --verbose --json``.
    """
    if answer is None:
        return unseen(_MISSING)
    try:
        url = str(json.loads(answer.out)["url"])
    except (json.JSONDecodeError, KeyError, TypeError):
        return failure(f"not logged in to a backend ({answer.last_words})", "pulumi login --local, or pulumi login s3://<bucket>")
    return fine(f"the state is at {url}")
