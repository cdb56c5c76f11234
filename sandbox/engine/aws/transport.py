"""What a store that speaks plain HTTP can be told of a policy that forbids plain HTTP.

A bucket that refuses every request without TLS cannot be used over HTTP, on AWS as little as here. moto goes further: it does not know
the condition ``aws:SecureTransport`` and takes the statement for a refusal of everything. So a store addressed by ``http://`` is not sent
those statements; the program still declares them, and AWS gets them.
"""

from __future__ import annotations

import json
from typing import Any

_FORBIDS_PLAIN = {"Bool": {"aws:SecureTransport": "false"}}


def sendable(policy: str, endpoint: str) -> str | None:
    """The policy as it is sent to a store.

    Args:
        policy: A bucket policy as JSON.
        endpoint: Address of the store.

    Returns:
        The policy; without the statements that only forbid plain HTTP if the store is addressed by it; None when nothing is left to send.
    """
    if not endpoint.startswith("http://"):
        return policy
    document: dict[str, Any] = json.loads(policy)
    kept = [statement for statement in document["Statement"] if statement.get("Condition") != _FORBIDS_PLAIN]
    return json.dumps({**document, "Statement": kept}) if kept else None
