"""Time of the detector over dense shapes: it grows as the text does, whatever the text repeats."""

from __future__ import annotations

import itertools
import time
from typing import TYPE_CHECKING

import pytest

from configs.credentials.detector import hidden, hidden_in_message, shows_credential

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_SHORT, _LONG = 50_000, 100_000
# a quadratic scan takes four times as long for twice the text, a linear one twice; processors of CI vary
_RATIO, _SLACK_S = 3.0, 0.03
_LARGE = 5_000_000


def shapes() -> Iterator[str]:
    """Yield units whose repetition is dense in what the detector looks for."""
    names, signs, values = ("token", "key", "a"), ("=", ": ", '="', ":\n  ", "=[", ": {", "?", "\t"), ("a", "${X}", "")
    for name, sign, value in itertools.product(names, signs, values):
        yield f"{name}{sign}{value}\n"
        yield f"{name}{sign}{value} "
    yield from ("?key=", "?token=${a}&", "key:", "a:1:", "://", "://@", "://a:b", "://a:b@c ", "a@b.c:", "@", "user:a@b ")
    yield from ('"', "'", "`", "''", '\\"', "{", "[", "(", "[[{", "}}", "{{", "${", "#{", "%{", "$(", " ", "\t", "\n", " " * 40 + "a: b\n")
    yield from ("<a>", "<token>", "<token><a>", "<!-- a -->", '<a b="c">d</a>', "<![CDATA[", "<name>token</name><value>${a}</value>")
    yield from ('{"name": "token", "value": "${a}"},', "name: token value: a ", "value: a name: token ", "content=", 'value="a" name="b" ')
    yield from (
        "# comment\n",
        "// x\n",
        "/* x */",
        "- ",
        "- - ",
        "--password ",
        "--password x ",
        "-p x ",
        "-u a:b ",
        "curl -u a ",
        "echo a:b ",
    )
    yield from (
        "0123456789abcdef",
        "aB3/x+9",
        "A" * 76 + "\n",
        "eyJ",
        "AKIA",
        "$1$",
        "-----BEGIN PRIVATE KEY",
        "bearer ",
        "authorization: ",
    )
    yield from (
        "authorization: ",
        "identified by ",
        "insert into t (",
        "password '",
        "crypt(",
        "machine a login b ",
        "x('a', 'b')",
        "withToken('",
        "pass ",
    )
    yield from ("x: &a b\npassword: *a\n", "password: >-\n  ${a}\n", 'token = """\na"""\n', "é", "\u0130password: ${a}\n")


def spent(judge: Callable[[str], object], unit: str, length: int) -> float:
    """Return the seconds of the processor that a text of one unit takes."""
    text = (unit * (length // len(unit) + 1))[:length]
    begun = time.process_time()
    judge(text)
    return time.process_time() - begun


@pytest.mark.parametrize("judge", [shows_credential, hidden, hidden_in_message])
def test_time_grows_as_the_text_does(judge: Callable[[str], object], figure: Callable[[str], None]) -> None:
    taken = {unit: (spent(judge, unit, _SHORT), spent(judge, unit, _LONG)) for unit in shapes()}
    slow = {unit: times for unit, times in taken.items() if times[1] > _RATIO * (times[0] + _SLACK_S)}
    assert slow == {}
    worst = max(taken, key=lambda unit: taken[unit][1])
    longest = sorted(times[1] for times in taken.values())
    figure(
        f"{judge.__name__}: {len(taken)} shapes of 100 kB, half of them in {longest[len(longest) // 2] * 1000:.0f} ms, "
        f"the worst ({worst!r}) in {longest[-1] * 1000:.0f} ms"
    )


@pytest.mark.parametrize("unit", ["token: a\n", "key:", "?token=${a}&", "{", "'", "aB3/x+9", "-p x ", "tokens: [a, b]\n"], ids=repr)
def test_a_large_text_takes_fifty_times_as_long(unit: str, figure: Callable[[str], None]) -> None:
    short, long = spent(shows_credential, unit, _LONG), spent(shows_credential, unit, _LARGE)
    figure(f"5 MB of {unit!r}: {long:.2f} s")
    assert long < _RATIO / 2 * _LARGE / _LONG * (short + _SLACK_S)
