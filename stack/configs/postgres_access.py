"""Lines of ``pg_hba.conf`` that let clients in without a proof, in plain text, or by a broken hash."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from stack.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

_TYPES = {"host", "hostssl", "hostnossl", "hostgssenc", "hostnogssenc"}
_EVERYWHERE = {"all", "0.0.0.0/0", "::/0", "0.0.0.0", "::0/0"}  # noqa: S104 - compared, not listened at
_INSIDE = ("127.", "::1", "localhost", "samehost")
_CURE = "write hostssl and scram-sha-256"
_WORDS = 5


def access_problems(text: str) -> Iterator[Problem]:
    """Yield the lines that no captured server should have; connections from inside the pod are left alone.

    Args:
        text: Text of the file.
    """
    for line in text.replace("\\\n", " ").splitlines():
        words = _words(line)
        if len(words) < _WORDS or words[0].lower() not in _TYPES or words[3].startswith(_INSIDE):
            continue
        kind, database, role, address = words[0].lower(), *words[1:4]
        # an address without a length has its mask in a word of its own
        is_masked = "/" not in address and words[4][:1].isdigit() and len(words) > _WORDS
        method = words[5 if is_masked else 4].lower()
        is_wide = address in _EVERYWHERE and "all" in role.split(",") and "all" in database.split(",")
        rule = _rule(kind, method, is_wide=is_wide)
        if rule:
            yield Problem(key=f"{kind} {database} {role} {address}", value=method, rule=rule, cure=_CURE)


def _rule(kind: str, method: str, *, is_wide: bool) -> str:
    if method == "reject":
        return ""
    if kind == "hostnossl":
        return "the connection would be plain text"
    if method == "trust":
        return "everybody at this address would be let in without a password"
    if method == "password":
        return "the server would receive the password itself, not a proof of it"
    if is_wide and method in {"md5", "ident"}:
        return "for all roles from everywhere, an md5 hash or a client's word about itself proves too little"
    return ""


def _words(line: str) -> list[str]:
    try:
        return shlex.split(line, comments=True)
    except ValueError:
        return []
