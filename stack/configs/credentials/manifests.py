"""Manifests of Kubernetes Secrets in texts: every value of one is secret, whatever its name and look."""

from __future__ import annotations

import re
from typing import Final

SECRETS: Final = frozenset({"Secret", "SecretPatch", "SecretList"})
"""Kinds of objects whose values are secret, whatever their API group."""

# The kind in YAML, in JSON and in JSON within JSON, also with a tag, an anchor or on the next line
_KIND: Final = re.compile(r"kind\W{1,40}(?:[!&][\w!]{0,40}\W{1,40})?Secret(?:Patch|List)?(?![\w.-])")
# The fields with the values: data and stringData
_DATA: Final = re.compile("data", re.IGNORECASE)
# What stands before the values of a manifest within a sentence
_BEGINNING: Final = re.compile(r"[{\[]|apiVersion|kind|metadata|data|stringData|items")


def shows_secret(text: str) -> bool:
    """Return whether a text contains the manifest of a Secret with values; one that only refers to a Secret has none."""
    return "Secret" in text and bool(_KIND.search(text)) and bool(_DATA.search(text.replace("metadata", "")))


def without_secret(message: str, mask: str) -> str:
    """Return a message up to the manifest of a Secret in it, and the mask in the place of the rest.

    Args:
        message: A message for people.
        mask: What stands for the rest.
    """
    begins = _BEGINNING.search(message) if shows_secret(message) else None
    return message if begins is None else f"{message[: begins.start()]}{mask}"
