"""Description of the stack for a scheduled audit: the document that every reader in a pod has, with the options of the run."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipeline.audit.options import Options
from pipeline.description.document import described, loaded
from pipeline.description.keys import with_keys

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pipeline.description.stack import Description


@dataclass(frozen=True, slots=True)
class Told:
    """Description of the stack for a scheduled audit.

    Attributes:
        stack: The stack.
        options: Options of the run.
    """

    stack: Description
    options: Options


def told(text: str, secrets: Path) -> Told:
    """Return what a document says.

    Args:
        text: The document.
        secrets: Folder with a folder of files for each login.

    Raises:
        UnreadableDocumentError: If another version of the program has written it, or it is no such document.
        UnansweredError: If a login of the archive is missing.
    """
    document = loaded(text)
    return Told(with_keys(described(document, secrets)), _options(document["options"]))


def _options(said: Mapping[str, Any]) -> Options:
    return Options(
        since_ms=int((time.time() - said["sinceSeconds"]) * 1000),
        seconds=float(said["listenSeconds"]),
        patience_s=float(said["patienceSeconds"]),
        memory=said["memory"],
        threads=said["threads"],
    )
