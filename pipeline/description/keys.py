"""AWS keys of a pod that reads the archive, for clients that do not find them by themselves."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from botocore.session import Session

from pipeline.description.stack import UnansweredError

if TYPE_CHECKING:
    from pipeline.description.stack import Description


def with_keys(stack: Description) -> Description:
    """Return a stack whose output ``reader`` has the keys of the store.

    Raises:
        UnansweredError: If there are none, or the role cannot be assumed.
    """
    return replace(stack, outputs={**stack.outputs, "reader": {**stack.outputs["reader"], **keys()}})


def keys() -> dict[str, str]:
    """Return the keys of the store as the output ``reader`` names them; those of a role last for an hour.

    Arrow's own client would not assume the role of a profile, as the AWS SDK does by its files.

    Raises:
        UnansweredError: If there are none, or the role cannot be assumed.
    """
    try:
        credentials = Session().get_credentials()
        found = None if credentials is None else credentials.get_frozen_credentials()
    except Exception as error:  # noqa: BLE001 - whatever the SDK raises: an answer of STS, a file, a socket
        message = f"the AWS role of the archive's reader cannot be assumed ({type(error).__name__})"
        raise UnansweredError(message) from None
    if found is None:
        message = "there are no AWS credentials: the Secret for the archive has none in the profile archive"
        raise UnansweredError(message)
    token = {"sessionToken": found.token} if found.token else {}
    return {"accessKeyId": str(found.access_key), "secretAccessKey": str(found.secret_key), **token}
