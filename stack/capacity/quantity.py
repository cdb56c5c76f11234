"""Conversion of Kubernetes memory quantities to bytes."""

from __future__ import annotations

import re
from decimal import Decimal

MIB = 1024 * 1024

_SUFFIX = {
    "": Decimal(1),
    "m": Decimal("0.001"),
    **{suffix: Decimal(1000) ** power for power, suffix in enumerate(("k", "M", "G", "T", "P", "E"), start=1)},
    **{suffix: Decimal(1024) ** power for power, suffix in enumerate(("Ki", "Mi", "Gi", "Ti", "Pi", "Ei"), start=1)},
}
_QUANTITY = re.compile(r"^([+-]?(?:\d{1,40}\.?\d{0,40}|\.\d{1,40}))(?:[eE]([+-]?\d{1,2})|([a-zA-Z]{0,2}))$", re.ASCII)


def parse_bytes(quantity: str | float) -> int:
    """Parse a quantity such as ``512Mi``, ``1.5G``, ``2e9`` or ``1024``; return bytes, rounded up as Kubernetes does.

    Raises:
        ValueError: If Kubernetes would refuse it as well.
    """
    match = _QUANTITY.match(str(quantity).strip())
    if not match or (match[3] or "") not in _SUFFIX:
        message = f"{quantity!r} is not a Kubernetes quantity; write for example 512Mi, 1Gi or 536870912"
        raise ValueError(message)
    scale = Decimal(10) ** int(match[2]) if match[2] else _SUFFIX[match[3] or ""]
    exact = Decimal(match[1]) * scale
    whole = int(exact)
    return whole + 1 if exact > whole else whole


def whole_mib(size: int) -> int:
    """Return bytes as whole MiB, rounded up."""
    return -(-size // MIB)
