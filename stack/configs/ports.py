"""TCP ports as text, as they stand behind a host: in addresses, URLs and references of images."""

from __future__ import annotations

import re
from typing import Final

HIGHEST_PORT: Final = 65535
_DIGITS: Final = re.compile("[1-9][0-9]{0,4}")


def is_port(text: str) -> bool:
    """Return whether a text is the number of a port, from 1 to 65535 and without leading zeros."""
    return bool(_DIGITS.fullmatch(text)) and int(text) <= HIGHEST_PORT
