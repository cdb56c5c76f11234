"""Names as PostgreSQL has them, and as SQL writes them."""

from __future__ import annotations

import re
from typing import Final

# Words that PostgreSQL accepts as names only in quotes (PostgreSQL 17, appendix C, "reserved").
RESERVED: Final = re.compile(
    "all|analyse|analyze|and|any|array|as|asc|asymmetric|authorization|binary|both|case|cast|check|collate|collation|column|concurrently|"
    "constraint|create|cross|current_catalog|current_date|current_role|current_schema|current_time|current_timestamp|current_user|default|"
    "deferrable|desc|distinct|do|else|end|except|false|fetch|for|foreign|freeze|from|full|grant|group|having|ilike|in|initially|inner|"
    "intersect|into|is|isnull|join|lateral|leading|left|like|limit|localtime|localtimestamp|natural|not|notnull|null|offset|on|only|or|order|"
    "outer|overlaps|placing|primary|references|returning|right|select|session_user|similar|some|symmetric|system_user|table|tablesample|then|"
    "to|trailing|true|union|unique|user|using|variadic|verbose|when|where|window|with"
)
PLAIN: Final = re.compile("[a-z_][a-z0-9_]{0,62}")


def needs_quotes(name: str) -> bool:
    """Return whether SQL takes a name only in quotes."""
    return not PLAIN.fullmatch(name) or bool(RESERVED.fullmatch(name))


def in_quotes(name: str) -> str:
    """Return a name for SQL, in quotes."""
    return '"' + name.replace('"', '""') + '"'


def quoted(*parts: str) -> str:
    """Return a name for SQL, its parts joined by dots, each in quotes where it needs them."""
    return ".".join(in_quotes(part) if needs_quotes(part) else part for part in parts)


def text_literal(text: str) -> str:
    """Return text as a literal of SQL, on a server that takes a backslash for itself (standard_conforming_strings)."""
    return "'" + text.replace("'", "''") + "'"


def pattern(name: str) -> str:
    """Return an expression of Debezium for exactly this name; a dot is any character, as in the names of the other tables.

    Debezium splits its lists at commas without a backslash.
    """
    return re.sub(r"([^\w.])", r"\\\1", name)
