"""Rule for grants of PostgreSQL: nothing gives PUBLIC, which is every role of the server, rights on what is captured or on its slot."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from policy.captured import captured_servers
from policy.fit_rules import sources
from policy.postgres_sessions import is_of_provider
from policy.postgres_statements import is_commented, texts
from policy.public_grants import DEFAULT, FUNCTION, PARAMETER, SCHEMA, TABLE, Grant, grants
from policy.rule import Rule, nothing
from stack.capacity import pods
from stack.configs.rules import listed
from stack.problem import Problem
from stack.unknown import Unknown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from policy.declared import Declared, Record

# Functions that PostgreSQL itself keeps from PUBLIC: files of the server, its log and its standing
_KEPT: Final = re.compile(
    r"lo_(import|export)|pg_read_(binary_)?file|pg_stat_file|pg_ls_\w+|pg_current_logfile|pg_hba_file_rules|pg_ident_file_mappings"
    r"|pg_show_all_file_settings|pg_file_(write|unlink|rename|sync)|pg_promote|pg_reload_conf|pg_rotate_logfile|pg_switch_wal"
    r"|pg_backup_(start|stop)|pg_wal_replay_(pause|resume)|pg_create_restore_point|pg_replication_origin_\w+|pg_get_wal_\w+|pg_stat_reset\w*"
)
# Functions by which a slot loses what Debezium has not read yet
_OF_SLOTS: Final = re.compile(
    r"\b(pg_drop_replication_slot|pg_replication_slot_advance|pg_logical_slot_(?:get|peek)_(?:binary_)?changes)\b", re.IGNORECASE
)
_FUNCTION: Final = re.compile(r"\bcreate\s+(?:or\s+replace\s+)?(?:function|procedure)\b", re.IGNORECASE)
_DEFINER: Final = re.compile(r"\bsecurity\s+definer\b", re.IGNORECASE)
_TAKEN: Final = re.compile(r"\bfrom\s+\"?public\b(?!\s*\.)", re.IGNORECASE)
# A name that a program, a shell or psql computes
_COMPUTED: Final = re.compile(r"[^\w.$ -]|\$[{(\w]|^\?|\?$")
_CURE: Final = "name the roles that need it in the place of PUBLIC"


@dataclass(frozen=True, slots=True)
class _Held:
    """Captured tables with their schema, databases with captured tables or a catalog, and roles that create tables in them.

    A set that is None is not known, so that everything may be in it.
    """

    tables: frozenset[str] | None
    databases: frozenset[str] | None
    creators: frozenset[str] | None

    def has(self, table: str) -> bool:
        """Return whether a table, with or without its schema, is or may be captured."""
        if self.tables is None or _COMPUTED.search(table):
            return True
        return any(table in {one, one.partition(".")[2]} for one in self.tables)

    def has_schema(self, schema: str) -> bool:
        """Return whether captured tables are, or may be, in a schema."""
        return self.tables is None or bool(_COMPUTED.search(schema)) or any(one.startswith(f"{schema}.") for one in self.tables)


def _held(record: Record) -> _Held:
    stack, configs = record.limits.specification, sources(record)
    if stack is None:
        named = [listed(config, "table.include.list") for config in configs]
        tables = frozenset(one.replace("\\", "") for names in named for one in names)
        return _Held(tables or None, None, None)
    names, has_catalog = stack.settings.names, stack.settings.archive.has_catalog_database
    catalog = {"public.iceberg_tables", "public.iceberg_namespace_properties"} if has_catalog else set[str]()
    created = {names.owner_role, names.app_role, names.debezium_role, "postgres", "current_user", "current_role", "session_user"}
    return _Held(
        tables=frozenset({*(one.in_database for one in stack.settings.source.tables), names.heartbeat_table, *catalog}),
        databases=frozenset({stack.source.database, *([names.catalog_database] if has_catalog else [])}),
        creators=frozenset({*created, *([names.catalog_role] if has_catalog else [])}) if stack.settings.source.is_managed else None,
    )


def _at_end(record: Record) -> Iterator[tuple[Declared | None, Problem]]:
    near = {server.namespace for server in captured_servers(record)}
    if sources(record) and record.limits.own:
        near.add(record.limits.own)
    if not near:
        return
    held = _held(record)
    for resource in _writing(record, near):
        for grant in grants(resource):
            what = _given(grant, held)
            if what:
                yield resource, Problem(about="a grant", rule=f"gives every role of the server {what}", cure=_CURE)
        for function in _wrapped(resource):
            yield (
                resource,
                Problem(
                    about="a function with SECURITY DEFINER",
                    rule=f"lets every role of the server call {function}, by which changes that are not captured yet are lost",
                    cure="remove it, or revoke its execution from PUBLIC in the same script",
                ),
            )


def _writing(record: Record, near: set[str | Unknown]) -> Iterator[Declared]:
    """Yield the resources whose statements may be run on a captured server: those beside it, those that name it, and the provider's."""
    addresses = {address for config in sources(record) for address in _addresses(config, record)}
    candidates = record.of_kind("ConfigMap", "Secret", *pods.POD_KINDS)
    asking = {one.namespace for one in candidates if one.namespace not in near and any(a in text for a in addresses for text in texts(one))}
    yield from (one for one in candidates if one.namespace in near | asking or isinstance(one.namespace, Unknown))
    yield from (one for one in record.resources.values() if is_of_provider(one))


def _addresses(config: Mapping[str, object], record: Record) -> Iterator[str]:
    """Yield what other namespaces have in their texts to reach the server of a source connector."""
    host = str(config.get("database.hostname") or "").lower()
    first, _, rest = host.partition(".")
    if host and not rest:
        yield f"{first}.{record.limits.own}"
    elif host and "$" not in host:
        yield f"{first}.{rest.partition('.')[0]}" if ".svc" in host else host


def _given(grant: Grant, held: _Held) -> str:
    """Return what everybody gets by a grant, for messages; empty where it has nothing to do with the pipeline."""
    if grant.database and held.databases is not None and grant.database not in held.databases:
        return ""
    found = ""
    if grant.kind == TABLE:
        found = next((f"rights on the captured table {one}" for one in grant.names if held.has(one)), "")
    elif grant.kind in {SCHEMA, DEFAULT}:
        later = "tables that are created later" if grant.kind == DEFAULT else "all tables"
        ours = grant.kind == SCHEMA or held.creators is None or not grant.creators or bool(held.creators & {*grant.creators})
        schema = "" if not grant.names else next((f" in schema {one}" for one in grant.names if held.has_schema(one)), None)
        found = f"rights on {later}{schema}, captured ones among them" if ours and schema is not None else ""
    elif grant.kind == FUNCTION:
        found = next((f"the function {one}, which reads or changes the server itself" for one in grant.names if _is_kept(one)), "")
    elif grant.kind == PARAMETER:
        found = f"the right to set {', '.join(grant.names)}"
    return found


def _is_kept(function: str) -> bool:
    return _KEPT.fullmatch(function.rpartition(".")[2]) is not None


def _wrapped(resource: Declared) -> Iterator[str]:
    """Yield the functions about slots that a function with the rights of its owner gives to everybody."""
    if is_of_provider(resource):
        body = str(resource.inputs.get("body"))
        found = _OF_SLOTS.search(body) if resource.kind == "Function" and resource.inputs.get("securityDefiner") else None
        yield from [found[1]] if found else []
        return
    for text in texts(resource):
        if not _DEFINER.search(text) or ("revoke" in text.lower() and _TAKEN.search(text)):
            continue
        begins = [one.start() for one in _FUNCTION.finditer(text) if not is_commented(text, one.start())]
        for at, end in zip(begins, [*begins[1:], len(text)], strict=True):
            found = _OF_SLOTS.search(text, at, end)
            if found and _DEFINER.search(text, at, end):
                yield found[1]


RULES = (
    Rule(
        name="grants-exact",
        says="No statement or resource gives PUBLIC, every role of a server, rights on captured tables, slots or the server itself.",
        check=nothing,
        at_end=_at_end,
        severity="critical",
    ),
)
