"""A command that only prints a flag of Java starts no Java; one that runs what it prints, or Java itself, does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from policy.brokers import is_broker
from stack.capacity.jvm import memory
from stack.capacity.jvm_flags import FlagError, is_java

if TYPE_CHECKING:
    from collections.abc import Callable

GIB = 2**30


def shell(script: str, *arguments: str) -> dict[str, Any]:
    """Return a container that runs a script."""
    return {"name": "c", "image": "i:1", "command": ["sh", "-c", script, *arguments]}


PRINTS: dict[str, dict[str, Any]] = {
    "echo": {"command": ["echo", "java", "-Xmx9g"]},
    "echo with its words as arguments": {"command": ["/bin/echo"], "args": ["java -Xmx9g"]},
    "behind a front program": {"command": ["tini", "--", "echo", "java -Xmx9g"]},
    "a shell": shell("echo java -Xmx9g"),
    "a shell behind tini": {"command": ["tini", "--", "sh", "-ec", "echo java -Xmx9g"]},
    "a script as argument": {"command": ["sh"], "args": ["-c", "echo 'java -Xmx9g'"]},
    "quotes": shell('echo "run it with: java -Xmx9g -jar app.jar; or with less"'),
    "printf": shell("printf '%s\\n' 'java -Xmx9g'; sleep 5"),
    "to the log of errors": shell("echo 'set -Xmx9g' >&2; exit 1"),
    "to the log of the pod": shell("echo java -Xmx9g > /proc/1/fd/1 2>/dev/null"),
    "a condition": shell("test -f /a || echo java -Xmx9g"),
    "lines": shell("set -e\necho java -Xmx9g\nsleep 5\n"),
    "before another program": shell("echo 'no java -Xmx9g here'; exec node server.js"),
    "a variable": {**shell("echo $(HINT)"), "env": [{"name": "HINT", "value": "java"}]},
    "a broker's name": shell("echo kafka-server-start kafka.Kafka -Xmx9g"),
}
STARTS: dict[str, dict[str, Any]] = {
    "exec": shell("exec java -Xmx9g -jar a.jar"),
    "behind a print": shell("echo x; java -Xmx9g -jar a.jar"),
    "behind a print of the same": shell("echo java -Xmx9g && exec java -Xmx9g -jar a.jar"),
    "beside a print": shell("echo x & exec java -Xmx9g -jar a.jar"),
    "in a line of its own": shell("echo x\nexec java -Xmx9g -jar a.jar\n"),
    "a pipe to a shell": shell("echo java -Xmx9g -jar a.jar | sh"),
    "a file that is run": shell("echo java -Xmx9g -jar a.jar > /tmp/a; sh /tmp/a"),
    "a file of flags": shell("echo -Xmx9g >> /opt/jvm.options; exec /opt/run.sh"),
    "tee": shell("echo -Xmx9g | tee /opt/jvm.options; exec /opt/run.sh"),
    "a substitution": shell("exec java $(echo -Xmx9g) -jar a.jar"),
    "old marks of a substitution": shell("exec /opt/run.sh `echo -Xmx9g`"),
    "a substitution in a print": shell('echo "$(java -Xmx9g -version)"'),
    "eval": shell('eval "$(echo java -Xmx9g)"'),
    "a variable from a print": shell("printf -v OPTS %s -Xmx9g; exec /opt/run.sh $OPTS"),
    "a variable": shell('OPTS="-Xmx9g"; echo x; exec /opt/run.sh $OPTS'),
    "an assignment": shell("JAVA_OPTS=-Xmx9g exec /opt/run.sh; echo x"),
    "arguments of the script": shell('"$@"; echo "$@"', "x", "java", "-Xmx9g"),
    "a program among the arguments": shell('echo x; exec "$0" "$@"', "java", "-Xmx9g"),
    "a here document": shell("sh <<END\necho x\njava -Xmx9g -jar a.jar\nEND\n"),
    "another program": shell("echo x; /opt/run.sh -Xmx9g"),
    "the image's entry point": {"image": "i:1", "args": ["echo", "java", "-Xmx9g"]},
    "the environment": {**shell("echo x; exec /opt/run.sh"), "env": [{"name": "JAVA_OPTS", "value": "-Xmx9g"}]},
    "an option of env": {"command": ["env", "-S", "java -Xmx9g -jar a.jar"]},
    "a function": shell('echo() { java "$@"; }; echo -Xmx9g'),
    "a loop over arguments": shell("echo x; for one; do $one; done", "x", "java -Xmx9g"),
}


def counts(container: dict[str, Any]) -> bool:
    """Return whether the heap of 9 GiB is counted, or refused since it cannot be followed."""
    try:
        return memory(container, GIB).heap >= 9 * GIB
    except FlagError:
        return True


@pytest.mark.parametrize("way", PRINTS)
def test_what_only_prints_a_flag_is_no_java_and_no_broker(way: str, tally: Callable[[str, str, int, int], None]) -> None:
    tally("printed flags", "harmless", 1, int(is_java({"name": "c", **PRINTS[way]})))
    assert not is_java({"name": "c", **PRINTS[way]})
    assert not is_broker({"name": "c", **PRINTS[way]})


@pytest.mark.parametrize("way", STARTS)
@pytest.mark.adversary("harmful")
def test_java_beside_a_print_counts_with_its_heap(way: str) -> None:
    container = {"name": "c", **STARTS[way]}
    assert is_java(container)
    assert counts(container)
