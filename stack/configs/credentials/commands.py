"""Credentials in command lines: arguments of known programs, and flags with the name of a credential."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from stack.configs.credentials.judging import is_credential, may_be_credential
from stack.configs.credentials.spans import Span
from stack.configs.credentials.values import bare, is_elsewhere, is_referred

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


def _each(programs: str, *flags: str) -> dict[str, tuple[str, ...]]:
    return dict.fromkeys(programs.split(), flags)


# Programs whose -p is a password behind the word login only
_WITH_LOGIN: Final = frozenset(["docker", "podman", "skopeo", "buildah", "helm", "az", "oc", "crane", "nerdctl"])
# Short flags, by program, whose argument is a password; attached to the flag or as the next word
_SHORT: Final = {
    **_each("redis-cli valkey-cli keydb-cli", "-a"),
    **_each("mongo mongosh mongodump mongorestore mongoexport mongoimport sshpass cqlsh rabbitmqadmin beeline snowsql influx 7z 7za", "-p"),
    **dict.fromkeys(_WITH_LOGIN, ("-p",)),
    **_each("sqlcmd bcp zip unzip mosquitto_pub mosquitto_sub ipmitool isql osql", "-P"),
    **_each("ldapsearch ldapmodify ldapadd ldapwhoami ldappasswd ldapdelete kadmin", "-w"),
    **_each("slappasswd", "-s"),
    **_each("useradd usermod", "-p"),
    **_each("keytool jarsigner", "-storepass", "-keypass", "-srcstorepass", "-deststorepass", "-srckeypass", "-destkeypass"),
    **_each("openssl", "-k", "-K"),
    **_each("snmpwalk snmpget", "-A", "-X"),
}
# Programs that take a password only attached to the flag; as a word of its own, it is something else
_ATTACHED: Final = {
    **_each("mysql mysqldump mysqladmin mysqlimport mysqlcheck mysqlshow mysqlsh mycli mariadb mariadb-dump mariadb-admin", "-p"),
    **_each("7z 7za", "-p"),
}
# Flags, by program, whose argument is user:password
_LOGINS: Final = {
    **_each("curl", "-u", "-U", "--user", "--proxy-user"),
    **_each("http https xh", "-a", "--auth"),
    **_each("etcdctl consul vault nats influx kcat", "--user", "-u"),
    **_each("smbclient", "-U"),
    **_each("lftp", "-u"),
    **_each("wget ab hey wrk siege", "-A", "--auth", "-a"),
}
# Words before a user's password, by program
_BEHIND: Final = {
    "rabbitmqctl": ("add_user", "change_password", "authenticate_user"),
    "htpasswd": ("-b", "-nb", "-bn", "-cb", "-bc", "-nbB", "-bnB", "-Bbn", "-nbm", "-bB", "-Bb", "-cbB"),
    "mc": ("set", "add"),
}
_PROGRAMS: Final = {*_SHORT, *_ATTACHED, *_LOGINS, *_BEHIND, "sqlplus", "aws", "openssl", "echo", "printf"}
# Programs whose flags are words: -keyout is not -k, and -storepass:env names a variable
_WITH_WORDS: Final = frozenset(["openssl", "keytool", "jarsigner"])
_COMMAND = re.compile(rf"(?:{'|'.join(sorted(map(re.escape, _PROGRAMS), key=len, reverse=True))})(?![\w.-])(?=[ \t\"'])")
_FLAG = re.compile(r"--?[A-Za-z][\w.-]*")
_END = re.compile(r"[;\n]|&&|\|\||\|")
_SHELL_WORD = re.compile(r"\"(?:\\.|[^\"\\\n])*+\"?|'[^'\n]*+'?|[^\s\"'|;&]++(?:\"[^\"\n]*+\"|'[^'\n]*+'|[^\s\"'|;&]++)*+")
_INSIDE = re.compile(r"[\w.-]")
_SPLIT: Final = 4000


def telling_words(words: Sequence[str], *, doubtful: bool = False) -> list[int]:
    """Return the positions, in a command, of the words with a credential that shows by the flag or the command before it.

    Args:
        words: Words of the command.
        doubtful: Whether words that may be credentials count.
    """
    program = next((name for word in words if (name := word.rpartition("/")[2]) in _PROGRAMS), "")
    found = set(_of_program(program, words)) if program else set()
    judge = may_be_credential if doubtful else is_credential
    for at, (word, after) in enumerate(pairwise(words)):
        if not _FLAG.fullmatch(word) or after.startswith("-") or not after or is_elsewhere(after):
            continue
        if (word.startswith("--") or len(word) > _A_WORD) and judge(word.lstrip("-"), after) and "=" not in after.strip("="):
            found.add(at + 1)
        if (
            doubtful
            and ((word == "-p" and not after.startswith("/")) or (word in _LOGINS["curl"] and ":" in after))
            and not is_referred(after)
        ):
            found.add(at + 1)
    # the password of the JDK's own store of public certificates, on every machine
    return sorted(at for at in found if not (words[at] == "changeit" and words[at - 1].endswith("storepass")))


_A_WORD: Final = 3


def _of_program(program: str, words: Sequence[str]) -> Iterator[int]:  # noqa: C901 - one line for each kind of program
    if program in _WITH_LOGIN and "login" not in words:
        return
    for at, word in enumerate(words):
        after = words[at + 1] if at + 1 < len(words) else ""
        for flag in _SHORT.get(program, ()):
            attached = program not in _WITH_WORDS and _attached(word, flag)
            yield from ([at + 1] if word == flag and _literal(after) else [at] if attached else [])
        for flag in _ATTACHED.get(program, ()):
            yield from [at] if _attached(word, flag) else []
        separator = "," if program == "lftp" else "%"
        for flag in _LOGINS.get(program, ()):
            if word == flag and _is_login(after, separator):
                yield at + 1
            elif word.startswith(flag) and word != flag and _is_login(word.removeprefix(flag).lstrip("="), separator):
                yield at
        if word in _BEHIND.get(program, ()) and len(words) > at + 2:
            last = len(words) - 1 if program == "htpasswd" else min(at + (4 if program == "mc" else 2), len(words) - 1)
            yield from [last] if _literal(words[last]) else []
        if (program == "sqlplus" and re.match(r"\w+/[^\s@/]{3,}@", word)) or (program == "openssl" and _pass_argument(word)):
            yield at
        if program == "aws" and word in {"aws_secret_access_key", "aws_session_token"} and _literal(after):
            yield at + 1
        if program in {"echo", "printf"} and "chpasswd" in words and re.match(r"\w+:\S+", bare(word)):
            yield at


def _pass_argument(word: str) -> bool:
    return word.startswith("pass:") and _literal(word.removeprefix("pass:"))


def _attached(word: str, flag: str) -> bool:
    return word.startswith(flag) and not word.startswith("--") and len(word) > len(flag) + 1 and _literal(word.removeprefix(flag))


def _is_login(word: str, separator: str = "%") -> bool:
    user, sign, password = word.partition(":") if ":" in word else word.partition(separator)
    return bool(sign and password and "/" not in user) and not is_elsewhere(password)


def _literal(word: str) -> bool:
    return bool(word) and not word.startswith("-") and not is_elsewhere(word)


def spans(text: str) -> Iterator[Span]:
    """Yield the credentials in the command lines of a text, such as a script's."""
    at = 0
    changes_passwords = "chpasswd" in text
    while begins := _COMMAND.search(text, at):
        if _INSIDE.match(text, max(begins.start() - 1, 0), begins.start()):
            at = begins.end()
            continue
        if begins[0] in {"echo", "printf"} and not changes_passwords:
            at = begins.end()
            continue
        ends = _END.search(text, begins.start(), begins.start() + _SPLIT)
        stop = ends.start() if ends else min(len(text), begins.start() + _SPLIT)
        if begins[0] in {"echo", "printf"} and "chpasswd" not in text[stop : stop + 40]:
            at = begins.end()
            continue
        found = [(word.start(), word.end()) for word in _SHELL_WORD.finditer(text, begins.start(), stop)]
        words = [bare(text[start:end]) for start, end in found] + (["chpasswd"] if begins[0] in {"echo", "printf"} else [])
        for position in set(telling_words(words)):
            start, end = found[position]
            yield Span(start, end)
        at = max(stop, begins.end())
