"""Parameters that a stack may not set on the program's own PostgreSQL server, each group with its reason and cure."""

from __future__ import annotations

from dataclasses import dataclass

from stack.configs.rules import OneOf

_OFF = ("off", "false", "no", "0")
_ON = ("on", "true", "yes", "1")
_COPIED = "the server would keep its write-ahead log on the volume until this has copied it, without a bound"
_LOCALES = ("", "c", "posix", "c.utf-8", "c.utf8")


@dataclass(frozen=True, slots=True)
class Withheld:
    """Parameters that are refused for one reason, unless their value is empty.

    Attributes:
        rule: Why a value is wrong.
        cure: What to do.
        names: Names in lower case.
    """

    rule: str
    cure: str
    names: tuple[str, ...]


# What other parts of the program depend on; an empty value is none for them either.
FIXED = Withheld(
    "is fixed: other parts of the program depend on it",
    "remove it",
    (
        *("listen_addresses", "port", "unix_socket_directories", "hba_file", "ident_file", "data_directory", "ssl_cert_file"),
        "ssl_key_file",
    ),
)

WITHHELD = (
    FIXED,
    Withheld(
        "every commit would wait for a standby server, and this stack has none",
        "remove it",
        ("synchronous_standby_names", "synchronized_standby_slots"),
    ),
    Withheld(
        "this server is no standby and is never restored from an archive, so it has no effect",
        "remove it",
        (
            *("primary_conninfo", "primary_slot_name", "restore_command", "archive_cleanup_command", "recovery_end_command"),
            *("recovery_target", "recovery_target_action", "recovery_target_inclusive", "recovery_target_lsn", "recovery_target_name"),
            *("recovery_target_time", "recovery_target_timeline", "recovery_target_xid", "recovery_min_apply_delay"),
            *("wal_receiver_create_temp_slot", "sync_replication_slots"),
        ),
    ),
    Withheld(
        _COPIED,
        "remove it; the archive of this pipeline is filled by the connector",
        ("archive_command", "archive_library"),
    ),
    Withheld(
        "summaries of the write-ahead log would stay on the volume, where nothing counts them",
        "remove it",
        ("summarize_wal", "wal_summary_keep_time"),
    ),
    Withheld(
        "names a file, a folder, an account or an address that the pod does not have or that the program sets",
        "remove it",
        (
            *(
                "config_file",
                "external_pid_file",
                "ssl_ca_file",
                "ssl_crl_dir",
                "ssl_crl_file",
                "ssl_dh_params_file",
                "ssl_passphrase_command",
            ),
            *("ssl_passphrase_command_supports_reload", "krb_server_keyfile", "krb_caseins_users", "gss_accept_delegation"),
            *("dynamic_library_path", "extension_destdir", "jit_provider", "timezone_abbreviations", "default_tablespace"),
            *(
                "temp_tablespaces",
                "allow_in_place_tablespaces",
                "unix_socket_group",
                "unix_socket_permissions",
                "bonjour",
                "bonjour_name",
                "event_source",
                "output_plugin_libraries",
            ),
            *("syslog_facility", "syslog_ident", "syslog_sequence_numbers", "syslog_split_messages"),
        ),
    ),
    Withheld(
        "is for the developers of PostgreSQL, or for one session, and can damage, hide or slow down rows",
        "remove it",
        (
            *("allow_system_table_mods", "data_sync_retry", "debug_discard_caches", "debug_io_direct", "debug_parallel_query"),
            *("debug_logical_replication_streaming", "exit_on_error", "ignore_checksum_failure", "ignore_invalid_pages"),
            *("ignore_system_indexes", "jit_debugging_support", "jit_dump_bitcode", "jit_profiling_support", "post_auth_delay"),
            *("pre_auth_delay", "restrict_nonsystem_relation_kind", "send_abort_for_crash", "send_abort_for_kill"),
            *("transaction_deferrable", "transaction_isolation", "transaction_read_only", "transform_null_equals"),
            *(
                "wal_consistency_checking",
                "composite_type_mismatch",
                "backslash_quote",
                "icu_validation_level",
                "recovery_init_sync_method",
            ),
        ),
    ),
)

# Parameters of which only some values are harmless.
VALUES = (
    OneOf("archive_mode", _OFF, "off", *((_COPIED, "set off; the archive of this pipeline is filled by the connector"))),
    OneOf("log_destination", ("stderr", "csvlog", "jsonlog"), "stderr", "the pod has no such log", "set stderr, which is the pod's log"),
    OneOf("shared_memory_type", ("mmap",), "mmap", "the pod has no other kind of shared memory for certain", "set mmap"),
    OneOf("default_transaction_read_only", _OFF, "off", "no row could be written", "set off"),
    OneOf("session_replication_role", ("origin", "local"), "origin", "the triggers of the tables would not run", "set origin"),
    OneOf("default_table_access_method", ("heap",), "heap", "the server has no other kind of table", "set heap"),
    OneOf("intervalstyle", ("postgres",), "postgres", "the connector reads intervals in this style only", "set postgres"),
    OneOf("bytea_output", ("hex",), "hex", "the connector reads binary columns in this form", "set hex"),
    OneOf("client_encoding", ("utf8", "utf-8", "unicode"), "utf8", "the program's own files are UTF-8", "set UTF8"),
    OneOf("standard_conforming_strings", _ON, "on", "the program's own statements are written for it", "set on"),
    OneOf("array_nulls", _ON, "on", "NULL in an array would become text", "set on"),
    OneOf("event_triggers", _ON, "on", "triggers would not run", "set on"),
    OneOf("ssl_min_protocol_version", ("tlsv1.2", "tlsv1.3"), "tlsv1.2", "older versions of TLS are broken", "set TLSv1.2"),
    OneOf("ssl_max_protocol_version", ("", "tlsv1.2", "tlsv1.3"), "", "older versions of TLS are broken", "set TLSv1.3"),
    *(
        OneOf(f"lc_{name}", _LOCALES, "", "the image may not contain this locale, and the server would not start", "set C.UTF-8")
        for name in ("messages", "monetary", "numeric", "time")
    ),
)
