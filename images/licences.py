"""The licences that a package names itself, as it names them: nothing here maps one name to another. Pure."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from email.message import Message

_LICENCES: Final = re.compile(r"<licenses>(.*?)</licenses>", re.DOTALL)
_NAME: Final = re.compile(r"<license>(?:(?!</license>).)*?<name>(.*?)</name>", re.DOTALL)
_FOLDED: Final = re.compile(r"\r?\n ")
_BUNDLE: Final = re.compile(r"^Bundle-License: *(.*?)\s*$", re.MULTILINE)
# Licences are separated by commas outside of quotation marks, and each may have attributes behind a semicolon; many authors write a comma
# within a name nevertheless: Apache License, Version 2.0
_SEPARATOR: Final = re.compile(r',(?!\s*[vV]ersion)(?=(?:[^"]*"[^"]*")*[^"]*$)')
_CLASSIFIER: Final = "License :: "
# Longer texts in the field are whole licences
_LONGEST: Final = 100


class Licence(NamedTuple):
    """A licence.

    Attributes:
        name: Its name, or an expression of such names.
        expression: True if the name is an expression of SPDX.
    """

    name: str
    expression: bool = False


def of_pom(text: str) -> tuple[Licence, ...]:
    """Return the licences of a Maven project, without those of its parent."""
    block = _LICENCES.search(text)
    return tuple(Licence(" ".join(html.unescape(name).split())) for name in _NAME.findall(block[1])) if block else ()


def of_manifest(text: str) -> tuple[Licence, ...]:
    """Return the licences in a jar's manifest, by OSGi's ``Bundle-License``."""
    line = _BUNDLE.search(_FOLDED.sub("", text))
    found = [one.partition(";")[0].strip().strip('"') for one in _SEPARATOR.split(line[1])] if line else []
    return tuple(Licence(name) for name in dict.fromkeys(found) if name)


def of_python(metadata: Message) -> tuple[Licence, ...]:
    """Return the licences of a Python package: its expression, else its classifiers, else its field ``License``."""
    expression, field = metadata.get("License-Expression"), str(metadata.get("License", "UNKNOWN"))
    if expression:
        return (Licence(str(expression), expression=True),)
    classified = [str(text).rpartition(" :: ")[2] for text in metadata.get_all("Classifier", []) if str(text).startswith(_CLASSIFIER)]
    short = field != "UNKNOWN" and field.strip() and len(field) <= _LONGEST and "\n" not in field
    return tuple(map(Licence, classified)) or ((Licence(field),) if short else ())
