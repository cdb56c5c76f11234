"""Judgement of the settings that a server, a database or a role gives to the pipeline's sessions, with the SQL that cures them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from pipeline.checks.check import failure, fine, warning

if TYPE_CHECKING:
    from pipeline.checks.check import Finding
    from pipeline.existing_database.facts import Database, SessionSetting
    from pipeline.existing_database.target import Target

_TIMEOUTS: Final = {
    "statement_timeout": "a longer read of the first snapshot, or a wait for the slot, ends with an error",
    "transaction_timeout": "a first snapshot that takes longer ends with an error",
    "idle_in_transaction_session_timeout": "the first snapshot ends with an error where its reader waits for Kafka that long",
    "idle_session_timeout": "the server ends the connection of the heartbeats where they are further apart",
}
_READ_ONLY, _PATH, _SECURITY = "default_transaction_read_only", "search_path", "row_security"
_USUAL_PATH: Final = '"$user", public'


def settings(seen: Database, target: Target) -> Finding:
    """Check whether each session of the pipeline's roles may write, lasts long enough, and finds the names that it means."""
    names, wrong, cures, is_grave = target.names, [], [], False
    databases = {names.debezium_role: names.database, names.catalog_role: names.catalog_database}
    for role, given in seen.session_settings.items():
        for setting in given:
            effect, value = _effect(setting, is_capture=role == names.debezium_role)
            if effect:
                wrong.append(f"{setting.name} is {setting.value} for {role} (set for {_place(setting, role, databases[role])}): {effect}")
                cures.append(f"ALTER ROLE {role} IN DATABASE {databases[role]} SET {setting.name} = {value};")
                is_grave |= setting.name == _READ_ONLY
    if wrong:
        return (failure if is_grave else warning)("; ".join(wrong), "\n".join(cures))
    return fine(f"sessions of {', '.join(seen.session_settings)} may write, and have no time limit")


def _effect(setting: SessionSetting, *, is_capture: bool) -> tuple[str, str]:
    """Return what a setting does to the pipeline, and the value that does not; empty for a harmless one."""
    if setting.name == _READ_ONLY and _is_on(setting.value):
        write = "every heartbeat fails, and the slot stays behind" if is_capture else "no commit of a table succeeds"
        return write, "off"
    if not is_capture:
        return "", ""
    if setting.name in _TIMEOUTS and not re.fullmatch(r"[+-]?0+(\.0*)?\s*[a-z]*", setting.value.strip(" '")):
        return _TIMEOUTS[setting.name], "0"
    if setting.name == _PATH and _first_schemas(setting.value):
        return f"names of types, and text of names, are those of {', '.join(_first_schemas(setting.value))} first", _USUAL_PATH
    return "", ""


def _is_on(value: str) -> bool:
    plain = value.strip(" '").lower()
    return plain in {"on", "1"} or (plain != "" and ("true".startswith(plain) or "yes".startswith(plain)))


def _first_schemas(path: str) -> list[str]:
    """Return the schemas of a search path that are not in the server's own default."""
    listed = [part.strip().strip("\"'") for part in path.split(",")]
    return [schema for schema in listed if schema not in {"", "$user", "public", "pg_catalog"}]


def _place(setting: SessionSetting, role: str, database: str) -> str:
    places = {
        "role and database": f"the role {role} in the database {database}",
        "role": f"the role {role}",
        "database": f"the database {database}",
        "all roles": "all roles",
        "server": "the server",
    }
    return places[setting.scope]


def refuses_hidden_rows(seen: Database, target: Target) -> bool:
    """Return whether ``row_security`` is off: the server then refuses a query of which a policy would hide rows."""
    given = {setting.name: setting.value for setting in seen.session_settings.get(target.names.debezium_role, ())}
    return _SECURITY in given and not _is_on(given[_SECURITY])
