"""Session in which PostgreSQL writes values as the archive has them: the source connector's, and that of whoever compares with it."""

from __future__ import annotations

from typing import Final

_SETTINGS: Final = {"IntervalStyle": "iso_8601", "TimeZone": "UTC", "DateStyle": "ISO", "extra_float_digits": "3", "bytea_output": "hex"}

OPTIONS: Final = " ".join(f"-c {name}={value}" for name, value in _SETTINGS.items())
"""Options of a connection, for libpq and for the JDBC driver; they win over the defaults of server, database and role."""

SOURCE: Final = {
    # values of types that Debezium does not know would be NULL
    "include.unknown.datatypes": "true",
    # the driver would spell binary numbers in its own way
    "driver.binaryTransfer": "false",
    "driver.options": OPTIONS,
}
"""Keys of Debezium's connector by which values of every type reach the converter as the server writes them."""
