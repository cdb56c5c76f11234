"""Names in a text that may stand before a credential, found once for every reader: no reader scans the text by itself for them."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from stack.configs.credentials.names import Sense, may_be_secret, sense

if TYPE_CHECKING:
    from collections.abc import Iterator

# Parts of every name that says credential, in lower case; a search for them costs the least of all scans
_CANDIDATE: Final = re.compile(
    r"pas|pw|ps[wk]|secret|token|key|cred|auth|jaas|info|dsn|salt|seed|cookie|signature|sas|pat|pin|otp|senha|wort|wacht|contrase|clave|"
    r"parola|haslo|heslo|mdp|sifre|lozinka|salasana|losen|jelszo|adgangs|bearer|jw[te]|pepper|mnemonic|phrase|connstr|conn(?:ection)?[._-]?str"
)
# and of other scripts, only searched for where there is one
_FOREIGN: Final = re.compile(_CANDIDATE.pattern + r"|парол|密[码碼]|口令|パスワード|비밀번호|암호|סיסמה|hasło|lösen|jelszó|şifre")
_WORD: Final = re.compile(r"[\w.-]*+")
_BARE_KEY: Final = re.compile(r"[Kk](?:ey|EY)s?\d{0,9}")
_ANCHOR: Final = re.compile(r"(?<=[ \t])&([\w-]+)")
_LONGEST_NAME: Final = 200
_OF_A_PROGRAM: Final = re.compile(r"\.(?:pyi?|[mc]?js|[jt]sx?|go|java|kt|scala|rb|php|rs|cs|cpp|c|h)$")
# A program begins with comments and then declares something
_PROGRAM: Final = re.compile(
    r"(?>[ \t]*+(?:(?:#|//)[^\n]*+|/\*(?:(?!\*/).){0,4000}\*/|(\"{3}|'{3})(?:(?!\1).){0,4000}\1|['\"]use strict['\"];?)?[ \t]*+\n){0,200}+"
    r"(?:import [\w{*\"'(]|from \S+ import |package [\w.]+;?\n|(?:const|let|var) [\w{}, ]+ = |(?:async )?def \w+\(|class \w+[(:{ ]|"
    r"(?:export )?(?:async )?function |func [\w(]|module\.exports|using [\w.]+;|public )",
    re.DOTALL,
)


class Name(NamedTuple):
    """One name in a text.

    Attributes:
        start: Position of its first character.
        end: Position behind its last one.
        word: The name.
    """

    start: int
    end: int
    word: str


@dataclass(frozen=True, slots=True)
class Reading:
    """A text with what every reader needs of it.

    Attributes:
        text: A file, a command, a value or a message.
        lowered: The text in lower case, with every character at its place.
        backwards: The text from its end to its beginning: what stands before a place is matched there, without a search.
        names: Names that may stand before a credential, in their order.
        program: Whether the text is the source of a program, in which a literal stands in quotes.
        anchors: Names of YAML's anchors, to which an alias refers.
    """

    text: str
    lowered: str
    backwards: str
    names: tuple[Name, ...]
    program: bool
    anchors: frozenset[str]

    def before(self, pattern: re.Pattern[str], at: int) -> str | None:
        """Return what a pattern of the reversed text matches right before a position, in reversed order."""
        found = pattern.match(self.backwards, len(self.text) - at)
        return found[0] if found else None


def read(text: str, file: str = "") -> Reading:
    """Find the names in a text.

    Args:
        text: A file, a command, a value or a message.
        file: Name of the file, where there is one.
    """
    lowered = text.lower()
    if len(lowered) != len(text):  # a capital I with a dot becomes two characters
        lowered = "".join(sign if len(sign.lower()) > 1 else sign.lower() for sign in text)
    backwards = text[::-1]
    anchors = frozenset(_ANCHOR.findall(text) if "*" in text and "&" in text else ())
    program = bool(_OF_A_PROGRAM.search(file) or _PROGRAM.match(text))
    return Reading(text, lowered, backwards, tuple(_names(text, lowered, backwards)), program, anchors)


def _names(text: str, lowered: str, backwards: str) -> Iterator[Name]:
    done, length = 0, len(text)
    for hit in (_CANDIDATE if lowered.isascii() else _FOREIGN).finditer(lowered):
        at = hit.start()
        if at < done:
            continue
        before, behind = _WORD.match(backwards, length - at), _WORD.match(text, at)
        if before is None or behind is None:
            continue
        start, done = length - before.end(), behind.end()
        if done - start <= _LONGEST_NAME and _tells(name := text[start:done]):
            yield Name(start, done, name)


@functools.lru_cache(maxsize=8192)
def _tells(name: str) -> bool:
    """Return whether the value under a name may have to be hidden; what chance writes under ``key`` shows without its name."""
    return not _BARE_KEY.fullmatch(name) and (sense(name) not in {Sense.NONE, Sense.ABOUT} or may_be_secret(name))
