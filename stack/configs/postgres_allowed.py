"""Further parameters of the program's own PostgreSQL server: those known to be harmless, by kind, and those refused with their reason.

A parameter in no list is refused. Memory is judged by ``capacity.postgres``, loss of rows by ``configs.postgres_rules``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stack.configs.postgres_numbers import unquoted
from stack.configs.postgres_rules import absent_libraries
from stack.configs.postgres_withheld import VALUES, WITHHELD
from stack.configs.problems import problem
from stack.configs.rules import broken

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stack.problem import Problem


@dataclass(frozen=True, slots=True)
class Harmless:
    """Parameters that are accepted for one reason.

    Attributes:
        reason: Why they can neither lose rows nor take memory that is not counted.
        names: Regular expressions for whole names in lower case.
    """

    reason: str
    names: tuple[str, ...]


ALLOWED = (
    Harmless(
        "counted by the models of memory, of the write-ahead log and of /dev/shm",
        (
            r"(maintenance_|autovacuum_|logical_decoding_)?work_mem",
            r"hash_mem_multiplier|temp_buffers|autovacuum_max_workers|max_worker_processes|max_parallel_\w+|max_sync_workers_per_subscription",
            r"max_(prepared_transactions|connections|locks_per_transaction|pred_locks_per_transaction|wal_senders|replication_slots)",
            r"max_logical_replication_workers|(transaction|subtransaction|commit_timestamp|multixact_(offset|member))_buffers",
            r"(shared|wal|notify|serializable)_buffers|min_dynamic_shared_memory|dynamic_shared_memory_type|track_activity_query_size",
            r"wal_decode_buffer_size|max_stack_depth|(shared|session|local)_preload_libraries",
            r"wal_keep_size|(min|max)_wal_size|max_slot_wal_keep_size",
        ),
    ),
    Harmless(
        "estimates and choices of the planner, which allocate nothing",
        (
            r"enable_\w+|geqo\w*|(cpu_\w+|seq_page|random_page|parallel_\w+)_cost|jit(_\w+_above_cost|_above_cost|_expressions)?",
            r"jit_tuple_deforming|effective_cache_size|default_statistics_target|constraint_exclusion|cursor_tuple_fraction",
            r"plan_cache_mode|(from|join)_collapse_limit|recursive_worktable_factor|min_parallel_(table|index)_scan_size",
            r"parallel_leader_participation|stats_fetch_consistency|compute_query_id",
        ),
    ),
    Harmless(
        "reading and writing of pages, through the counted buffers",
        (
            r"(effective|maintenance)_io_concurrency|io_combine_limit|bgwriter_\w+|backend_flush_after|synchronize_seqscans",
            r"vacuum_buffer_usage_limit|file_extend_method|gin_\w+|temp_file_limit|huge_pages|huge_page_size|shared_memory_type",
            r"max_files_per_process|update_process_title",
        ),
    ),
    Harmless(
        "timing and form of the write-ahead log, which other parameters bound",
        (
            r"checkpoint_\w+|wal_(compression|level|writer_\w+|skip_threshold|log_hints|init_zero|recycle|sync_method|sender_timeout)",
            r"commit_(delay|siblings)|track_commit_timestamp|fsync|full_page_writes|synchronous_commit|zero_damaged_pages",
            r"archive_(mode|timeout)|max_notify_queue_pages|recovery_prefetch",
        ),
    ),
    Harmless(
        "pace of vacuum, and statistics",
        (r"autovacuum(_(analyze|vacuum|freeze|multixact|naptime)\w*)?|vacuum_(?!buffer)\w+|track_(?!activity_query|commit)\w+",),
    ),
    Harmless(
        "messages of the server, which go to the pod's log",
        (
            r"log_(?!timezone)\w+|logging_collector|client_min_messages|cluster_name|application_name|debug_p(rint|retty)_\w+|deadlock_timeout",
            r"trace_\w+|backtrace_functions",
        ),
    ),
    Harmless(
        "limits of time, of connections and of locks",
        (
            r"(statement|lock|transaction|authentication|idle_session|idle_in_transaction_session)_timeout|tcp_\w+",
            r"client_connection_check_interval|(superuser_)?reserved_connections|restart_after_crash|remove_temp_files_after_crash",
            r"max_pred_locks_per_(page|relation)",
        ),
    ),
    Harmless(
        "without an effect on a server that is no standby",
        (r"hot_standby(_feedback)?|max_standby_\w+_delay|wal_receiver_(timeout|status_interval)|wal_retrieve_retry_interval",),
    ),
    Harmless(
        "encryption of connections and of passwords",
        (r"ssl|ssl_(min|max)_protocol_version|ssl_ciphers|ssl_ecdh_curve|ssl_prefer_server_ciphers|password_encryption|scram_iterations",),
    ),
    Harmless(
        "defaults of a session; those that change what the connector reads have values of their own",
        (
            r"default_(transaction_isolation|transaction_deferrable|transaction_read_only|toast_compression|text_search_config)",
            r"default_table_access_method|check_function_bodies|createrole_self_grant|row_security|allow_alter_system",
            r"lc_\w+|timezone|log_timezone|client_encoding|datestyle|intervalstyle|bytea_output|extra_float_digits|xmlbinary|xmloption",
            r"array_nulls|escape_string_warning|standard_conforming_strings|session_replication_role|search_path|quote_all_identifiers",
            r"lo_compat_privileges|event_triggers",
        ),
    ),
)

_HARMLESS = re.compile("|".join(expression for kind in ALLOWED for expression in kind.names))
_WITHHELD = {name: kind for kind in WITHHELD for name in kind.names}
# Names of the time zone database by their first part, and the short and the fixed ones.
_ZONE = re.compile(
    r"(Africa|America|Antarctica|Arctic|Asia|Atlantic|Australia|Europe|Indian|Pacific|Etc|US)(/[A-Z][A-Za-z_]+){1,2}([+-]\d{1,2})?"
    r"|UTC|GMT|UCT|Zulu|[A-Z]{3}(\d[A-Z]{3})?|[+-]?\d{1,2}",
    re.IGNORECASE,
)


def parameter_problems(further: Mapping[str, str]) -> list[Problem]:
    """Check the parameters that a stack adds to the program's own server.

    Args:
        further: Parameters and values as written in the file, quotes included.

    Returns:
        One problem per parameter.
    """
    lowered = {key.lower(): value for key, value in further.items()}
    problems = [item for key in lowered for item in _of_name(lowered, key)]
    return [*problems, *broken(lowered, [rule for rule in VALUES if rule.key in lowered]), *_of_values(lowered)]


def _of_name(lowered: Mapping[str, str], key: str) -> list[Problem]:
    if key.startswith("pgaudit."):
        return [problem(lowered, key, "is the trail's, which must hold no value of a row", "remove it; logs.trail begins and ends it")]
    withheld = _WITHHELD.get(key)
    if withheld:
        return [problem(lowered, key, withheld.rule, withheld.cure)] if lowered[key].strip().strip("'") else []
    # a name with a dot is a parameter of an extension, which the server ignores unless the extension is loaded
    if _HARMLESS.fullmatch(key) or "." in key:
        return []
    return [problem(lowered, key, "is not among the parameters that are known to be harmless to capture and memory", "remove it")]


def _of_values(lowered: Mapping[str, str]) -> list[Problem]:
    problems = [
        problem(lowered, key, "is not the name of a time zone, and the server would not start", "write for example 'Europe/Berlin'")
        for key in ("timezone", "log_timezone")
        if key in lowered and not _ZONE.fullmatch(lowered[key].strip().strip("'"))
    ]
    if "iso" not in lowered.get("datestyle", "iso").lower():
        problems.append(problem(lowered, "datestyle", "the connector reads dates in ISO style only", "set 'ISO, MDY'"))
    schemas = [one.strip().strip("'\"") for one in unquoted(lowered.get("search_path", "public")).split(",")]
    if "public" not in schemas:
        problems.append(problem(lowered, "search_path", "the captured tables are in public", """set '"$user", public'"""))
    return [*problems, *absent_libraries(lowered, ("session_preload_libraries", "local_preload_libraries"))]
