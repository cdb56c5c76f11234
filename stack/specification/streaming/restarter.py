"""Container that restarts failed tasks: Kafka Connect never restarts a task that ended with an error."""

from __future__ import annotations

from stack.settings.names import CONNECT_PORT
from stack.specification.logs import SHELL_TIME

# Memory limit of a shell and, for moments, curl; measured 2 MiB, and 5 MiB at the peak.
MEMORY_MIB = 16

FIRST_PAUSE_S = 15
LONGEST_PAUSE_S = 240

_SCRIPT = """\
trap 'exit 0' TERM INT
ask() { curl --silent --fail --max-time 10 --config "$LOGIN" "$@"; }
pause=$FIRST_PAUSE_S
while :; do
  sleep $pause & wait $!
  restarted=
  for name in $(ask "$WORKER/connectors" | tr -d '[]" ' | tr , ' '); do
    ask "$WORKER/connectors/$name/status" | grep -q '"state":"FAILED"' || continue
    echo "$(date -u "+$TIME") [restarter] WARN: $name has failed tasks; restarting them"
    ask --request POST "$WORKER/connectors/$name/restart?includeTasks=true&onlyFailed=true" >/dev/null
    restarted=yes
  done
  if [ "$restarted" ]; then pause=$((pause * 2)); else pause=$FIRST_PAUSE_S; fi
  if [ $pause -gt $LONGEST_PAUSE_S ]; then pause=$LONGEST_PAUSE_S; fi
done
"""


def command() -> list[str]:
    """Return the container's command: a check every 15 s, with twice the pause after each check with failed tasks, up to four minutes."""
    return ["sh", "-c", _SCRIPT]


def environment(login: str) -> dict[str, str]:
    """Return the environment variables of the command.

    Args:
        login: Path of the curl configuration with the worker's user and password.
    """
    return {
        "LOGIN": login,
        "TIME": SHELL_TIME,
        "WORKER": f"http://127.0.0.1:{CONNECT_PORT}",
        "FIRST_PAUSE_S": str(FIRST_PAUSE_S),
        "LONGEST_PAUSE_S": str(LONGEST_PAUSE_S),
    }
