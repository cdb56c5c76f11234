"""The Pulumi CLI: its version, its plugins, its backend."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from checks.check import failure, fine, unseen, warning
from checks.version import parsed, shown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from checks.check import Finding
    from checks.tool import Answer

# The published providers that the program uses; its own two are started from the project's folder
PLUGINS: Final = ("aws", "kafka", "kubernetes", "random", "tls")

_MISSING: Final = "pulumi is not on PATH"


def version(answer: Answer | None, sdk: str) -> Finding:
    """Whether the CLI is as new as the SDK that talks to it.

    Args:
        answer: What ``pulumi version`` printed.
        sdk: Version of the pinned SDK.
    """
    wanted = parsed(sdk) or ()
    if answer is None:
        return failure(_MISSING, "https://www.pulumi.com/docs/install/, then open a new terminal")
    found = parsed(answer.out)
    if found is None:
        return failure(f"'pulumi version' said {answer.last_words!r}", "install it anew: https://www.pulumi.com/docs/install/")
    if found < wanted:
        return failure(f"{shown(found)} is older than the SDK, {shown(wanted)}", f"install {shown(wanted)} or newer")
    return fine(f"{shown(found)}, the SDK is {shown(wanted)}")


def plugins(answer: Answer | None, pinned: Mapping[str, str]) -> Finding:
    """Whether the plugins are here already; the CLI downloads what is missing when it first needs it.

    Args:
        answer: What ``pulumi plugin ls --json`` printed.
        pinned: Version of each package of the requirements.
    """
    if answer is None:
        return unseen(_MISSING)
    try:
        listed = json.loads(answer.out or "[]")
    except json.JSONDecodeError:
        return warning(f"'pulumi plugin ls' said {answer.last_words!r}", "pulumi plugin ls")
    here = {(plugin["name"], str(plugin.get("version", "")).removeprefix("v")) for plugin in listed if plugin.get("kind") == "resource"}
    missing = [(name, pinned[f"pulumi-{name}"]) for name in PLUGINS if (name, pinned[f"pulumi-{name}"]) not in here]
    if missing:
        cure = "\n".join(f"pulumi plugin install resource {name} v{number}" for name, number in missing)
        return warning(f"not here yet: {', '.join(' '.join(one) for one in missing)}; 'up' downloads them", cure)
    return fine(", ".join(f"{name} {pinned[f'pulumi-{name}']}" for name in PLUGINS))


def backend(answer: Answer | None) -> Finding:
    """Whether there is a place for the state.

    Args:
        answer: What ``pulumi whoami --verbose --json`` printed.
    """
    if answer is None:
        return unseen(_MISSING)
    try:
        url = str(json.loads(answer.out)["url"])
    except (json.JSONDecodeError, KeyError, TypeError):
        return failure(f"not logged in to a backend ({answer.last_words})", "pulumi login --local, or pulumi login s3://<bucket>")
    return fine(f"state is kept at {url}")
