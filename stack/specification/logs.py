"""Log lines of the pipeline's processes: one format, one level, and neither a credential nor a value of a row in them.

A line is ``2026-11-29 22:15:01.250 UTC [part] LEVEL: message``; one that does not begin with a time continues the line before, such as
the trace of an exception. Java's processes are given the pattern, PostgreSQL a prefix before its own ``LEVEL:  message``, in which the
role and the address of a session stand between part and level.

The trail of who changed or read what is lines of the same logs, which come at every level (docs/adr/0040).
"""

from __future__ import annotations

import re
from typing import Final

from stack.settings.logs import LogSettings

# A line that continues none. RE2 and Rust's expressions, which Promtail and Vector have, are written alike; docs/logs.md says it too.
LINE: Final = re.compile(
    r"^(?P<time>\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}\.\d{3}) UTC \[(?P<part>[^\]]+)\] "
    r"(?:(?P<who>\S+@\S+) )?(?P<level>[A-Z0-9]+): +(?P<message>.*)"
)
USUAL_LOGS: Final = LogSettings()
LOG4J_FILE: Final = "log4j2.properties"
# What `date` of GNU makes of the same time.
SHELL_TIME: Final = "%Y-%m-%d %H:%M:%S.%3N UTC"

# Loggers of the trail: Connect's is of the image's own extension, and Apicurio's registry brings one.
_OF_CONNECT: Final = "dataingestion.trail"
_OF_APICURIO: Final = "io.apicurio.registry.logging.audit"
_TIME = "yyyy-MM-dd HH:mm:ss.SSS"
# Least level of messages, in the words of PostgreSQL: LOG lies above ERROR there, so its lines of start and stop come with each.
_OF_POSTGRESQL: Final = {"error": "error", "warn": "warning", "info": "warning"}


def log4j(logs: LogSettings, further: str = "") -> str:
    """Return the file for Log4j 2, whose lines go to standard output.

    There is neither an access log, which probes would fill, nor a listing of configuration, which holds logins.

    Args:
        logs: The level, and whether there is a trail.
        further: Lines of a process's own loggers.
    """
    return f"""\
status = error
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d{{{_TIME}}}{{UTC}} UTC [%c{{1}}] %p: %m%n
rootLogger.level = {logs.level}
rootLogger.appenderRef.console.ref = console
logger.rest.name = org.apache.kafka.connect.runtime.rest.RestServer
logger.rest.level = {_at_most_warn(logs)}
logger.values.name = org.apache.kafka.common.config.AbstractConfig
logger.values.level = {_at_most_warn(logs)}
logger.trail.name = {_OF_CONNECT}
logger.trail.level = {"info" if logs.trail else "off"}
{further}"""


def quarkus(logs: LogSettings) -> dict[str, str]:
    """Return the properties of a Quarkus program, such as Apicurio's registry; its container has the time of UTC."""
    return {
        "quarkus.log.level": logs.level.upper(),
        "quarkus.log.console.format": f"%d{{{_TIME}}} UTC [%c{{1}}] %p: %s%e%n",
        "quarkus.log.console.color": "false",
        "quarkus.banner.enabled": "false",
        "quarkus.http.access-log.enabled": "false",
        f'quarkus.log.category."{_OF_APICURIO}".level': "INFO" if logs.trail else "OFF",
    }


def postgresql(logs: LogSettings) -> dict[str, str]:
    """Return the parameters of PostgreSQL.

    By default an application's failed statement is logged with its text and the key that it violated, both of them values of rows.
    """
    return {
        "log_destination": "'stderr'",
        "logging_collector": "off",
        "log_timezone": "'UTC'",
        # %q: what follows is of sessions only
        "log_line_prefix": "'%m [%b] %q%u@%h '",
        "log_min_messages": _OF_POSTGRESQL[logs.level],
        "log_min_error_statement": "panic",
        "log_error_verbosity": "terse",
        "log_parameter_max_length": "0",
        "log_checkpoints": "off",
    }


def flag(logs: LogSettings) -> str:
    """Return the flag of Prometheus' programs, whose lines are logfmt."""
    return f"--log.level={logs.level}"


def _at_most_warn(logs: LogSettings) -> str:
    return "error" if logs.level == "error" else "warn"
