"""Files and commands that keep less, look elsewhere or drop rows."""

from __future__ import annotations

import copy
import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.review.steps import CONFIG_MAP, step, verdicts

if TYPE_CHECKING:
    from collections.abc import Iterator

FILES: list[tuple[str, str, str, bool]] = [
    ("postgresql.conf", "max_slot_wal_keep_size = 1536MB", "max_slot_wal_keep_size = 1MB", True),
    ("postgresql.conf", "max_slot_wal_keep_size = 1GB", "max_slot_wal_keep_size = 1024MB", False),
    ("postgresql.conf", "max_slot_wal_keep_size = 1GB", "max_slot_wal_keep_size 512", True),
    ("postgresql.conf", "max_slot_wal_keep_size = 1GB", "MAX_SLOT_WAL_KEEP_SIZE='10MB'", True),
    ("postgresql.conf", "max_slot_wal_keep_size = 1GB", "max_slot_wal_keep_size = 2GB", False),
    ("postgresql.conf", "max_slot_wal_keep_size = 1GB", "max_slot_wal_keep_size = -1", False),
    ("postgresql.conf", "max_slot_wal_keep_size = -1", "max_slot_wal_keep_size = 64GB", True),
    ("postgresql.conf", "", "max_slot_wal_keep_size = 64GB", True),
    ("postgresql.conf", "max_slot_wal_keep_size = 1GB", "max_slot_wal_keep_size = 0x400", False),
    ("postgresql.conf", "max_slot_wal_keep_size = 1GB", "max_slot_wal_keep_size = 9999999TB", True),
    ("postgresql.conf", "max_slot_wal_keep_size = 1GB", "# max_slot_wal_keep_size = 1MB", False),
    ("postgresql.conf", "wal_level = logical", "wal_level = replica", True),
    ("start.sh", "postgres", "postgres -c max-slot-wal-keep-size=1MB", True),
    ("set.sql", "", "ALTER SYSTEM SET max_slot_wal_keep_size TO '1MB';", True),
    ("kafka.properties", "log.retention.hours=168", "log.retention.hours=1", True),
    ("kafka.properties", "log.retention.hours=1", "log.retention.hours=168", False),
    ("kafka.properties", "log.dirs=/a", "log.dirs=/b", True),
    ("kafka.properties", "log.dirs=/a", "log.dirs=/a,/b", False),
    ("kafka.properties", "log.dirs=/a", "log.dirs=/a\nmetadata.log.dir=/b", True),
    ("kafka.properties", "log.dirs=/a", "log.dirs=/a\nmetadata.log.dir=/a", False),
    ("kafka.properties", "process.roles=broker", "process.roles=broker\nlog.dirs=/b", True),
    ("kafka.properties", "log.cleanup.policy=delete", "log.cleanup.policy=compact", True),
    ("kafka.properties", "process.roles=broker", "process.roles=broker\nlog.cleanup.policy=delete,compact", True),
    ("kafka.properties", "log.cleanup.policy=compact,delete", "log.cleanup.policy=compact", False),
    ("postgresql.conf", "wal_level = logical", "wal_level = logical\ndata_directory = '/b'", True),
    ("worker.properties", "offset.storage.topic=a", "offset.storage.topic=b", True),
    ("worker.properties", "offset.flush.interval.ms=1", "offset.flush.interval.ms=2", False),
]


@pytest.mark.parametrize(("name", "old", "new", "told"), FILES)
def test_files_that_keep_less_or_look_elsewhere(name: str, old: str, new: str, told: bool) -> None:  # noqa: FBT001 - a parameter
    before, after = ({"data": {name: text}} for text in (old, new))
    assert verdicts(step(CONFIG_MAP, before, after)) == ({"check"} if told else set())


DROPS = [
    "DROP TABLE users",
    "drop table if exists public.users cascade",
    "DROP\n  TABLE\tusers",
    "DROP /* really */ TABLE users",
    "DROP/**/TABLE users",
    'DROP TABLE "Users"',
    "DROP SCHEMA public CASCADE",
    "DROP DATABASE app",
    "DROP PUBLICATION dbz",
    "DROP OWNED BY app",
    "DROP MATERIALIZED VIEW m",
    "TRUNCATE users",
    "truncate table only users",
    "DELETE FROM users",
    "DELETE/* all */FROM users",
    "DROP EXTENSION hstore CASCADE",
    "DROP TYPE IF EXISTS mood cascade",
    "drop domain public.email cascade",
    "ALTER TABLE users ALTER COLUMN age TYPE int USING 0",
    "ALTER TABLE users ALTER age SET DATA TYPE int USING 0",
    "MERGE INTO users u USING gone g ON u.id = g.id WHEN MATCHED THEN DELETE",
    "ALTER TABLE users SET UNLOGGED",
    "SELECT lo_unlink(oid) FROM pg_largeobject_metadata",
    "delete from only users where true",
    "ALTER TABLE users DROP COLUMN email",
    "ALTER TABLE users DROP email",
    "ALTER TABLE users\n  ADD a int,\n  DROP COLUMN IF EXISTS b",
    "SELECT pg_drop_replication_slot('a')",
    "SELECT pg_replication_slot_advance('a', '0/1')",
    "SELECT count(*) FROM pg_logical_slot_get_changes('a', NULL, NULL)",
    "SELECT pg_logical_slot_get_binary_changes('a', NULL, NULL)",
    "pg_recvlogical -d shop --slot a --start -f -",
    "pg_recvlogical -d shop --slot a --drop-slot",
    "DO $$ BEGIN EXECUTE 'DROP TABLE users'; END $$",
    "SELECT '-- ', 1; DROP TABLE users",
    "kafka-topics.sh --bootstrap-server kafka:9092 --delete --topic orders",
    "kafka-topics --topic orders --delete",
    "kafka-consumer-groups.sh --group connect-sink --delete-offsets --topic orders",
    "kafka-delete-records.sh --offset-json-file /f",
    "aws s3 rm --recursive s3://archive/topics",
    "aws --region eu-west-1 s3 rb s3://archive --force",
    "aws s3api delete-object --bucket archive --key a",
    "mc rm -r --force store/archive",
    "rclone purge store:archive",
    "rm -rf /var/lib/postgresql/data/*",
    'rm --force --recursive "$PGDATA"',
    "find /var/lib/kafka -mindepth 1 -delete",
    "mkfs.ext4 /dev/sdb",
]
KEEPS = [
    "CREATE TABLE IF NOT EXISTS a (b int REFERENCES c(d) ON DELETE CASCADE)",
    "GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON a TO b",
    "-- DROP TABLE users",
    "--DROP TABLE users",
    "ALTER TABLE a DROP CONSTRAINT b",
    "ALTER TABLE a ALTER COLUMN b DROP NOT NULL",
    "CREATE TRIGGER t BEFORE TRUNCATE ON a EXECUTE FUNCTION f()",
    "CREATE TRIGGER t BEFORE DELETE ON a EXECUTE FUNCTION f()",
    "CREATE PUBLICATION p FOR TABLE a WITH (publish = 'insert, update, delete, truncate')",
    "SELECT data FROM pg_logical_slot_peek_changes('a', NULL, NULL)",
    "pg_recvlogical -d shop --slot a --create-slot",
    "DROP TRIGGER IF EXISTS t ON a",
    "DROP INDEX IF EXISTS i",
    "DROP VIEW v",
    "DROP TYPE mood",
    "DROP FUNCTION f() CASCADE",
    "ALTER TABLE users ALTER COLUMN age TYPE bigint",
    "MERGE INTO users u USING more m ON u.id = m.id WHEN MATCHED THEN UPDATE SET a = 1",
    "ALTER TABLE users SET LOGGED",
    "CREATE INDEX i ON users USING gin (type)",
    "kafka-topics.sh --create --topic deleted --config delete.retention.ms=1",
    "kafka-configs.sh --alter --delete-config retention.ms --topic a",
    "aws s3 cp s3://archive/a /tmp/rm",
    "rm -f /run/server.pid",
    "rm -rf /tmp/build",
    "find /data -name '*.log' -print",
    "rclone copy a b",
]


def scripts(statement: str) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    """Yield one statement in every place where a program is told one."""
    yield CONFIG_MAP, {"data": {"schema.sql": "SELECT 1;"}}, {"data": {"schema.sql": f"SELECT 1;\n{statement};"}}
    yield CONFIG_MAP, {"data": {}}, {"data": {"more.sql": statement}}
    yield CONFIG_MAP, {"data": {"run.sh": "true\n"}}, {"data": {"run.sh": f"true\npsql <<EOF\n{statement};\nEOF\n"}}
    pod = {"spec": {"template": {"spec": {"containers": [{"name": "a", "command": ["psql"]}]}}}}
    told = copy.deepcopy(pod)
    told["spec"]["template"]["spec"]["containers"][0]["args"] = ["-c", statement]  # type: ignore[index]
    yield "kubernetes:batch/v1:Job", pod, told


@pytest.mark.parametrize("statement", DROPS)
def test_sql_that_drops_is_told_once_it_is_new(statement: str) -> None:
    for kind, old, new in scripts(statement):
        assert verdicts(step(kind, old, new)) == verdicts(step(kind, old, new, "replace")) == {"check"}, kind
        assert verdicts(step(kind, new, new)) == verdicts(step(kind, new, old)) == set()


@pytest.mark.parametrize("statement", KEEPS)
def test_sql_that_keeps_the_rows_is_not_told(statement: str) -> None:
    for kind, old, new in scripts(statement):
        assert verdicts(step(kind, old, new)) == set(), kind


PIECES = [
    "a" * 10,
    "/*",
    "*/",
    "'",
    "drop ",
    "drop table ",
    "alter table a ",
    "delete from ",
    "drop type a ",
    "merge into a ",
    "alter column a type ",
    "alter a type b using",
    "set unlogged ",
    "-- ",
    "\n",
    " ",
    "max_slot_wal_keep_size",
    "#",
    "wal_level = ",
    "rm -r",
    "rm -",
    "find a ",
    "kafka-topics ",
    "aws s3 -",
    "rclone -a ",
]


@pytest.mark.parametrize("piece", PIECES)
def test_the_time_is_linear(piece: str) -> None:
    text = piece * (1_000_000 // len(piece))
    began = time.process_time()
    verdicts(step(CONFIG_MAP, {"data": {"a.sql": "", "b.conf": ""}}, {"data": {"a.sql": text, "b.conf": text}}))
    assert time.process_time() - began < 5
