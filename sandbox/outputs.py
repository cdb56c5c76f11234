"""The outputs of the sandbox: those of the program, and the access data of its archive; this machine reaches every address."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from stack.settings.names import Names
from stack.specification.archive.sink import CATALOG

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.reader import Reader

_COMPLETE: Final = ("postgres", "kafka", "registry", "connect", "archive", "catalog", "tables")


class IncompleteStackError(Exception):
    """The stack lacks an output that a complete one has."""


def collect(stack: Mapping[str, Any], reader: Reader) -> dict[str, Any]:
    """Return the program's own outputs, and under ``reader`` the access data of the archive.

    Args:
        stack: The program's outputs, secrets in clear.
        reader: An identity that may only read the archive.

    Raises:
        IncompleteStackError: If an output is missing.
    """
    missing = [name for name in _COMPLETE if name not in stack]
    if missing:
        message = f"the stack has no output {', '.join(missing)} yet"
        raise IncompleteStackError(message)
    return {
        **stack,
        "reader": {
            "endpoint": reader.endpoint,
            "region": reader.region,
            "accessKeyId": reader.access_key_id,
            "secretAccessKey": reader.secret_access_key,
            "catalog": CATALOG,
            "namespace": Names.archive_namespace,
        },
    }
