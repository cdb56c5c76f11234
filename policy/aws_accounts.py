"""Accounts of AWS that a stack shows as its own, and accounts in ARNs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from policy.buckets import keys_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policy.declared import Record

_KEY: Final = re.compile(r"arn:aws[\w-]*:kms:[\w-]*:(\d{12}):key/.+")
_OWN_PROVIDER: Final = re.compile(r"arn:aws[\w-]*:iam::(\d{12}):oidc-provider/")
_ARN: Final = re.compile(r"arn:aws[\w-]*:[\w-]*:[\w-]*:(\d{12}):.+")


def account_of(arn: object) -> str | None:
    """Return the account in an ARN; None where it names none, or is not known."""
    found = _ARN.fullmatch(arn) if isinstance(arn, str) else None
    return found[1] if found else None


def account_of_key(key: object) -> str | None:
    """Return the account of a key of KMS by its ARN; None for any other name of it."""
    found = _KEY.fullmatch(key) if isinstance(key, str) else None
    return found[1] if found else None


def archive_keys(record: Record) -> set[str]:
    """Return the keys that buckets of this program are encrypted with."""
    return record.once(
        "keys of archives",
        lambda: {
            key
            for one in record.resources.values()
            if one.type.startswith(("aws:s3/", "aws-native:s3:"))
            for key in keys_of(one.inputs)
            if isinstance(key, str)
        },
    )


def own_accounts(record: Record) -> set[str]:
    """Return the accounts that the stack shows as its own: of its keys, and of the identity provider that its roles trust."""
    return record.once("own accounts", lambda: {*_by_keys(record), *_by_provider(record)})


def is_foreign(account: str | None, record: Record) -> bool:
    """Return whether an account is known to be another one than the stack's."""
    own = own_accounts(record)
    return account is not None and bool(own) and account not in own


def _by_keys(record: Record) -> Iterator[str]:
    yield from (account for key in archive_keys(record) if (account := account_of_key(key)))


def _by_provider(record: Record) -> Iterator[str]:
    for role in record.of_type("aws:iam/role:Role"):
        yield from _OWN_PROVIDER.findall(str(role.inputs.get("assumeRolePolicy")))
