"""This machine's clock compared with a server's: AWS refuses requests signed with a clock minutes off."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Final

from pipeline.checks.check import Refused, failure, fine, warning

if TYPE_CHECKING:
    from pipeline.checks.check import Finding

_SECONDS: Final = 8
_TOLERATED_S: Final = 30
# STS accepts a signature for five minutes, S3 for fifteen
_REFUSED_S: Final = 5 * 60


@dataclass(frozen=True, slots=True)
class Answered:
    """Answer of an HTTP server.

    Attributes:
        url: Address of the server.
        status: HTTP status.
        skew_s: Seconds by which this machine's clock is ahead of the server's; None when the server sends no date.
    """

    url: str
    status: int
    skew_s: float | None


def look(url: str) -> Answered | Refused:
    """Send an empty request without credentials, and note the server's time."""
    import requests  # noqa: PLC0415 - missing packages are a finding of their own

    try:
        answer = requests.head(url, timeout=_SECONDS, allow_redirects=False)
    except requests.RequestException as error:
        return Refused(f"nothing answers at {url} ({type(error).__name__})", f"curl --head {url}")
    now, date = datetime.now(UTC), answer.headers.get("Date")
    skew = (now - parsedate_to_datetime(date)).total_seconds() if date else None
    return Answered(url, answer.status_code, skew)


def endpoint(answer: Answered) -> Finding:
    """Report that the server answers; any status counts."""
    return fine(f"{answer.url} answers")


def skew(answer: Answered) -> Finding:
    """Check whether the server will accept signatures made with this machine's clock."""
    if answer.skew_s is None:
        return warning(f"{answer.url} sends no date", "run date --utc and compare manually")
    off = abs(answer.skew_s)
    words = f"this clock is {off:.0f} s {'ahead of' if answer.skew_s > 0 else 'behind'} {answer.url}"
    cure = "sudo timedatectl set-ntp true (Windows with WSL2: wsl --shutdown; macOS: sudo sntp -sS time.apple.com)"
    if off > _REFUSED_S:
        return failure(f"{words}; AWS refuses signatures {_REFUSED_S // 60} minutes off", cure)
    if off > _TOLERATED_S:
        return warning(words, cure)
    return fine(f"agrees with {answer.url} within {_TOLERATED_S} s")
