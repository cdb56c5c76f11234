"""The exporter in a pod: the stack is described by a document, and its logins are files."""

from __future__ import annotations

import signal
import threading
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from pipeline.checks.neutral import complain
from pipeline.description.document import UnreadableDocumentError, described, loaded
from pipeline.description.stack import UnansweredError
from pipeline.status.exporter import Exporter
from pipeline.status.looking import Looks
from stack.specification.lateness import Lateness

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from prometheus_client.registry import Collector

    from pipeline.description.stack import Description

Beside: TypeAlias = "Callable[[Mapping[str, Any], Description, threading.Event], Collector]"
"""Starts further work beside the looks, which the event ends, and returns the collector of its figures; takes document and stack."""
ENDED: Final = 0
NOT_STARTED: Final = 1
NOT_UNDERSTOOD: Final = 2
NOT_DESCRIBED: Final = 3


def served(document: Path, secrets: Path, address: str, port: int, every_s: float, beside: Beside | None = None) -> int:
    """Give the figures of a described stack to Prometheus until SIGTERM.

    Args:
        document: The document.
        secrets: Folder with a folder of files for each login.
        address: Address to listen at.
        port: TCP port to listen at.
        every_s: Seconds between two looks.
        beside: Further work, or None.

    Returns:
        0 once it was ended, 1 if the address cannot be listened at, 2 for a document of another version, 3 if it or a login is missing.
    """
    ended = threading.Event()
    # the first process of a container ignores the signal by default
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    try:
        written = loaded(document.read_text(encoding="utf-8"))
        stack = described(written, secrets)
        further = [] if beside is None else [beside(written, stack, ended)]
        Exporter(Looks(stack).look, Lateness.of(stack), every_s).run(port, address, ended, further)
    except UnreadableDocumentError as error:
        complain(f"error: {error}")
        return NOT_UNDERSTOOD
    except (UnansweredError, FileNotFoundError) as error:
        complain(f"error: {error}")
        return NOT_DESCRIBED
    except OSError as error:
        complain(f"error: {address}:{port} cannot be listened at: {error.strerror}")
        return NOT_STARTED
    return ENDED
