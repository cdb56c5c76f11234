"""The types of pulumi-aws that the program declares, each led to its own few calls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from sandbox.engine.aws import buckets, identities
from sandbox.engine.aws.clients import Clients, reason
from sandbox.engine.failures import RefusedError
from sandbox.engine.family import Change, Converged, automatic_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.engine.family import Step, Wanted
    from sandbox.engine.journal import Entry

_NAMED: Final = {"Bucket": "bucket", "User": "name", "Role": "name"}
_ASKED_AGAIN: Final = "#"
"""Between the user of a key and what the key was asked for with; in no name of a user."""
_INLINE: Final = {"RolePolicy": "role", "UserPolicy": "user"}


class AwsResources:
    """Acts for S3 and IAM types; others are refused."""

    def __init__(self) -> None:
        """Connect to nothing yet."""
        self._clients = Clients()

    def identity(self, wanted: Wanted) -> str:
        """Name a thing as the API addresses it: `bucket`, `user`, `role`, `owner:policy`; a key by its user and trigger."""
        kind, inputs = wanted.type_name, wanted.inputs
        if kind in _NAMED:
            return str(inputs.get(_NAMED[kind]) or automatic_name(wanted))
        if kind in _INLINE:
            own = inputs.get("name") or automatic_name(wanted).rpartition(":")[2]
            return f"{inputs[_INLINE[kind]]}:{own}"
        if kind in buckets.SETTINGS:
            return str(inputs["bucket"])
        if kind == "AccessKey":
            trigger = wanted.resource.replacement_trigger
            return f"{inputs['user']}{_ASKED_AGAIN}{trigger}" if trigger else str(inputs["user"])
        message = f"the sandbox does not make {wanted.resource.type}"
        raise RefusedError(message)

    def kept(self, wanted: Wanted, identity: str) -> dict[str, Any]:  # noqa: ARG002 of the protocol
        """Keep whether a bucket may be deleted with its objects."""
        return {"forceDestroy": bool(wanted.inputs.get("forceDestroy"))} if wanted.type_name == "Bucket" else {}

    def converge(self, wanted: Wanted, identity: str, step: Step) -> Converged:  # noqa: ARG002 of the protocol
        """Make or correct the thing. Raises RuntimeError with the service's own words."""
        try:
            return self._converge(wanted, identity)
        except (ClientError, BotoCoreError) as error:
            raise RuntimeError(reason(error)) from None

    def delete(self, entry: Entry, provider: Mapping[str, Any], step: Step) -> None:  # noqa: ARG002 of the protocol
        """Delete the thing. Raises RuntimeError with the service's own words."""
        try:
            self._delete(entry, provider)
        except (ClientError, BotoCoreError) as error:
            raise RuntimeError(reason(error)) from None

    def _converge(self, wanted: Wanted, identity: str) -> Converged:
        kind, inputs = wanted.type_name, wanted.inputs
        if kind == "Bucket":
            s3 = self._clients.get(wanted.provider, "s3")
            change = buckets.ensure_bucket(s3, identity)
            return _converged(identity, inputs, buckets.bucket_outputs(s3, identity), change)
        if kind in buckets.SETTINGS:
            s3 = self._clients.get(wanted.provider, "s3")
            return _converged(identity, inputs, {}, buckets.SETTINGS[kind].ensure(s3, identity, inputs))
        iam = self._clients.get(wanted.provider, "iam")
        if kind in _INLINE:
            owner, _, name = identity.partition(":")
            change = identities.ensure_inline_policy(iam, _INLINE[kind], owner, name, inputs["policy"])
            return _converged(identity, inputs, {"name": name}, change)
        if kind == "AccessKey":
            remembered = wanted.known.outputs if wanted.known is not None else None
            change, outputs = identities.ensure_access_key(iam, inputs["user"], remembered)
            return Converged(id=outputs["id"], outputs={**inputs, **outputs}, change=change, remember=outputs)
        ensure = identities.ensure_user if kind == "User" else identities.ensure_role
        change, outputs = ensure(iam, identity, inputs)
        return _converged(identity, inputs, outputs, change)

    def _delete(self, entry: Entry, provider: Mapping[str, Any]) -> None:
        kind = entry.type.rpartition(":")[2]
        if kind == "Bucket":
            s3 = self._clients.get(provider, "s3")
            buckets.delete_bucket(s3, entry.identity, with_contents=bool(entry.kept.get("forceDestroy")))
        elif kind in buckets.SETTINGS:
            buckets.SETTINGS[kind].remove(self._clients.get(provider, "s3"), entry.identity)
        elif kind in _INLINE:
            owner, _, name = entry.identity.partition(":")
            identities.delete_inline_policy(self._clients.get(provider, "iam"), _INLINE[kind], owner, name)
        elif kind == "AccessKey":
            if entry.outputs:
                identities.delete_access_key(
                    self._clients.get(provider, "iam"), entry.identity.partition(_ASKED_AGAIN)[0], entry.outputs["id"]
                )
        elif kind == "User":
            identities.delete_user(self._clients.get(provider, "iam"), entry.identity)
        else:
            identities.delete_role(self._clients.get(provider, "iam"), entry.identity)


def _converged(identity: str, inputs: Mapping[str, Any], outputs: Mapping[str, Any], change: Change) -> Converged:
    return Converged(id=identity, outputs={**inputs, **outputs}, change=change)
