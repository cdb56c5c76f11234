"""The two uses of the detector: ``shows_credential`` for what must be refused, ``hidden`` for what is printed."""

from __future__ import annotations

import base64
import binascii
import functools
import re
from typing import TYPE_CHECKING, Final

from stack.configs.credentials import assignments, commands, declarations, documents, flags, forms, pairs, places, statements, structures
from stack.configs.credentials.manifests import shows_secret, without_secret
from stack.configs.credentials.names import Sense, sense
from stack.configs.credentials.public import is_public
from stack.configs.credentials.reading import Reading, read
from stack.configs.credentials.spans import Span, masked
from stack.configs.credentials.values import SHOWN_AS, bare

if TYPE_CHECKING:
    from collections.abc import Iterator

# Characters up to which a text is shown; no comment and no message shows a longer one whole
_LONGEST_SHOWN: Final = 1_000_000
# Names of credentials up to which a text is judged; no object of Kubernetes has room for as many, so that the answer changes nothing
_MOST_NAMES: Final = 100_000
_BASE64 = re.compile(r"\s*([A-Za-z0-9+/\s]{16,}={0,2})\s*")


def credentials(text: str, file: str = "", *, prose: bool = False, doubtful: bool = True) -> Iterator[Span]:
    """Return every credential of a text, in any order, some of them twice; a text of too many names is one whole.

    Args:
        text: A file, a command, a value or a message.
        file: Name of the file, where there is one.
        prose: Whether the text is a message for people.
        doubtful: Whether flags that only may be followed by a credential count.
    """
    reading = read(text, file)
    if len(reading.names) > _MOST_NAMES:
        return iter((Span(0, len(text)),))
    readers = (
        forms.spans(reading),
        assignments.spans(reading, prose=prose),
        structures.spans(reading),
        pairs.spans(reading),
        declarations.spans(reading),
        places.spans(reading, file),
        statements.spans(reading),
        documents.spans(reading, file),
        commands.spans(text),
        flags.spans(reading, doubtful=doubtful),
    )
    return (
        span
        for reader in readers
        for span in reader
        if not (
            _is_hidden_already(text, span)
            or _is_caption(reading, span)
            or declarations.is_declared(reading, span, file)
            or is_public(text, span.start, span.end)
        )
    )


_CAPTION = re.compile(r"[\"'\s]*(?:[A-Z]|[^\W\d_a-z])[^\W\d_]*(?:[ -][^\W\d_]+){0,3}[\"',;\s]*")
# A field with its own name as caption, or a button
_LABELLED = re.compile(
    r"(?<![\w-])(?:([^\W\d_]{1,20}(?:-[^\W\d_]{1,20})?)[\"']?[ \t]{0,20}[:=>][ \t]{0,20}[\"']?\1(?![\w-])|"
    r"(?:cancel|submit|sign ?in|sign ?out|log ?out)[\"']?[ \t]{0,20}[:=>][ \t]{0,20}[\"']?[^\W\d_])"
)


def _is_caption(reading: Reading, span: Span) -> bool:
    """Return whether a value is the caption of a field, as a file of captions has them: ``username: Username, password: Password``."""
    value = reading.text[span.start : span.end] if span.end - span.start <= _A_CAPTION else ""
    return bool(_CAPTION.fullmatch(value)) and sense(bare(value.rstrip(",; "))) in _ASKED and _captions(reading.lowered)


@functools.lru_cache(maxsize=1)
def _captions(lowered: str) -> bool:
    return any(found[1] is None or (len(found[1]) > _A_LETTER and sense(found[1]) is Sense.NONE) for found in _LABELLED.finditer(lowered))


_A_CAPTION: Final = 40
_ASKED: Final = {Sense.PASSWORD, Sense.EITHER}
_A_LETTER: Final = 2


def _is_hidden_already(text: str, span: Span) -> bool:
    length = len(SHOWN_AS)
    return span.end - span.start <= length + 4 and SHOWN_AS in text[max(span.start - 1, 0) : span.end + 1]


@functools.lru_cache(maxsize=4096)
def shows_credential(text: str, file: str = "") -> bool:
    """Return whether a text certainly contains a credential in plain text, also one in base64.

    Answers are cached: several rules read the same text, and a file that many pods mount is read for each of them.

    Args:
        text: A file, a command or a value.
        file: Name of the file, where there is one.
    """
    return any(span.sure for part in (text, _decoded(text)) for span in credentials(part, file, doubtful=False))


def hidden(text: str, file: str = "") -> str:
    """Replace every credential of a text, and what may be one, by ``[secret]``; references stay, they reveal nothing.

    A text with the manifest of a Kubernetes Secret is hidden whole.

    Args:
        text: A file, a command or a value.
        file: Name of the file, where there is one.
    """
    decoded = _decoded(text)
    if len(text) > _LONGEST_SHOWN or shows_secret(text) or shows_secret(decoded):
        return SHOWN_AS
    if any(span.sure for span in credentials(decoded, file)):
        return SHOWN_AS
    return masked(text, credentials(text, file))


def hidden_in_message(text: str) -> str:
    """Replace every credential of a message; prose such as ``a Secret: valueFrom`` stays."""
    if len(text) > _LONGEST_SHOWN:
        return SHOWN_AS
    shown = without_secret(text, SHOWN_AS)
    return masked(shown, credentials(shown, prose=True))


def _decoded(text: str) -> str:
    """Return the text that a value in base64 means, or an empty one."""
    found = _BASE64.fullmatch(text) if text[:1].isalnum() and " " not in text else None
    if not found:
        return ""
    try:
        return base64.b64decode(re.sub(r"\s", "", found[1]), validate=True).decode()
    except (binascii.Error, ValueError):
        return ""
