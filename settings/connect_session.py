"""Session of the source connector in the database."""
SESSION = {
    "include.unknown.datatypes": "true",
    "driver.binaryTransfer": "false",
    "driver.options": "-c intervalstyle=iso_8601 -c bytea_output=hex -c TimeZone=UTC -c extra_float_digits=3",
}
