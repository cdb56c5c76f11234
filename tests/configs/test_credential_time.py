"""Time of the detector over dense shapes: it grows as the text does, whatever the text repeats."""

from __future__ import annotations

import itertools
import re
import time
from typing import TYPE_CHECKING

import pytest

from stack.configs.credentials.detector import hidden, hidden_in_message, shows_credential

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.full

_SHORT, _LONG, _LARGE = 8_000, 32_000, 1_600_000
# a quadratic scan takes sixteen times as long for four times the text, a linear one four times
_RATIO, _SLACK_S = 9.0, 0.01
# what is slow only while another process empties the caches of the processor is fast in one of the rounds
_ROUNDS = 5


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
        "string password = 4;\n",
        "int32 password = 1;\n",
        "enum A { PASSWORD = 1, ",
        "password = 4 [default=",
        "a: a\npassword: Passwort\n",
    )
    yield from ("Passwort: bitte ", "Passwort: bitte x9\n", "Mot de passe: a a a a\n", "enum A ", "message A ", "jwt=a1,", "dsn: a/b@")
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
        "<%= 'a ",
        "<%='a'%>",
        "a/b@//",
        "/IncomingWebhook/",
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
    yield from (
        "publication ",
        "password ",
        "password=",
        "password: ${X}\n",
        "://a:b",
        'x="',
        "--a ",
        "a=b&",
        "?key=",
        "${a",
        "password={{",
    )
    yield from ("passwords: [\n", "key: key: ", "password:\n  value: a\n", '{"title": "a", "expr": "rate(x_total[5m])", "key": "value"},')
    yield "2026-01-01T00:00:00Z INFO com.example.Foo - user=42 took 15ms status=200\n"
    yield from (
        "ENV A b\n",
        "set a ",
        "set -gx ",
        "read A <<< ",
        ": &a b ",
        'variable "a" {',
        "variable a {default = ",
        "password\n ",
        "password U&'",
    )
    yield from (
        "set password for a = ",
        "auth=('a', ",
        "ConvertTo-SecureString -String ",
        "stats auth a:",
        "user a on ",
        "user a ~b +c ",
        "\\u0061",
    )
    yield from (
        "a\\u0061=",
        "p\\u0061ssword=",
        "p\\u0061ssword=${X}",
        "p\\u0061ssword=$",
        "token: ${X}${Y}",
        "| sudo -S ",
        "echo a | sudo ",
        "echo a ",
        "| x --password-stdin",
        '"kty":"oct",',
        '{"kty":"oct","k":"a"}',
        "[token]\na=b\n",
    )
    yield from (
        "[token]\n",
        "rocommunity a\n",
        "PuTTY-User-Key-File-2: a\n",
        "/api/webhooks/123456/",
        "пароль: ",
        "密码",
        "kind: Secret\n",
        "a1",
    )
    yield from ('{"password":', '{"password": {"a": ', "[{'token': ", "password: [", '{"a":')
    yield from ("x: &a b\npassword: *a\n", "password: >-\n  ${a}\n", 'token = """\na"""\n', "é", "\u0130password: ${a}\n")


def spent(judge: Callable[[str], object], unit: str, length: int, attempt: int = 0) -> float:
    """Return the seconds of the processor that a text of one unit takes; each attempt has a text of its own, since answers are cached."""
    text = f"{(unit * (length // len(unit) + 1))[:length]}\n{attempt}"
    begun = time.process_time()
    judge(text)
    return time.process_time() - begun


def times(judge: Callable[[str], object], unit: str, short: int = _SHORT, long: int = _LONG) -> tuple[float, float, bool]:
    """Return the least seconds for a short and a long text, and whether they grow faster than the text; what is doubtful is repeated."""
    best = (float("inf"), float("inf"))
    for attempt in range(_ROUNDS):
        best = min(best[0], spent(judge, unit, short, attempt)), min(best[1], spent(judge, unit, long, attempt))
        if best[1] <= _RATIO / 4 * long / short * (best[0] + _SLACK_S):
            return *best, False
    return *best, True


@pytest.mark.parametrize("judge", [shows_credential, hidden, hidden_in_message])
def test_time_grows_as_the_text_does(
    judge: Callable[[str], object], figure: Callable[[str], None], tally: Callable[[str, str, int, int], None]
) -> None:
    taken = {unit: times(judge, unit) for unit in shapes()}
    slow = {unit: found for unit, found in taken.items() if found[2]}
    tally("time of the detector", "scans", len(taken), len(slow))
    assert slow == {}
    worst = max(taken, key=lambda unit: taken[unit][1])
    longest = sorted(found[1] for found in taken.values())
    figure(
        f"{judge.__name__}: {len(taken)} shapes of {_LONG // 1000} kB, half of them in {longest[len(longest) // 2] * 1000:.0f} ms, "
        f"the worst ({worst!r}) in {longest[-1] * 1000:.0f} ms"
    )


@pytest.mark.parametrize("unit", ["token: a\n", "key:", "?token=${a}&", "{", "'", "aB3/x+9", "-p x ", "tokens: [a, b]\n"], ids=repr)
@pytest.mark.adversary("scans")
def test_a_large_text_takes_fifty_times_as_long(unit: str, figure: Callable[[str], None]) -> None:
    _, long, slow = times(shows_credential, unit, _LONG, _LARGE)
    figure(f"{_LARGE / 1e6:.1f} MB of {unit!r}: {long:.2f} s")
    assert not slow


@pytest.mark.parametrize("word", ["identified", "authorization", "password", "name: token", "password:", "crypt(", "insert into a"])
@pytest.mark.parametrize("blank", [" ", "\t"], ids=repr)
@pytest.mark.adversary("scans")
def test_time_grows_as_the_blanks_behind_a_word_do(word: str, blank: str) -> None:
    assert not times(lambda text: (hidden(word + text), hidden_in_message(word + text)), blank)[2]


# Each reads the text again for each of its places, as a search without a bound does
QUADRATIC = (r"a.*?b", r"\w+@")


@pytest.mark.parametrize("pattern", QUADRATIC)
def test_the_measure_tells_a_quadratic_pattern(pattern: str) -> None:
    # six times the text is 36 times the time: far above the bound also where a busy machine spoils one measurement
    assert times(re.compile(pattern).findall, "a", _SHORT // 4, _LONG * 3 // 8)[2]
