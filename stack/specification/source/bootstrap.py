"""Script of the init container: creates the database cluster if absent and runs the SQL, before any client can connect."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stack.specification.source.postgres import BIN, CONFIG, DATA, SECRETS, VOLUME

if TYPE_CHECKING:
    from stack.settings.names import Names

SAMPLE_MARK = f"{VOLUME}/sample-rows-loaded"


def bootstrap_script(names: Names, *, sample_data: bool, trail: bool) -> str:
    """Return a POSIX shell script that is safe to interrupt and to repeat.

    It creates the cluster under another name and renames it when complete. The temporary server listens on a Unix socket only.

    Args:
        names: Names of the pipeline.
        sample_data: Whether sample rows are loaded once.
        trail: Whether a trail begins, which needs the tables, or an earlier one ends, before which no table can be changed.
    """
    psql = f"{BIN}/psql --no-psqlrc --quiet --username=postgres --host=/var/run/postgresql"
    files = ("schema.sql", "trail.sql") if trail else ("trail.sql", "schema.sql")
    in_database = [f"{psql} --dbname={names.database} --file={CONFIG}/{file}\n" for file in files]
    sample = (
        f"if [ ! -e {SAMPLE_MARK} ]; then\n"
        f"  {psql} --dbname={names.database} --single-transaction --set=ON_ERROR_STOP=1 --file={CONFIG}/sample.sql\n"
        f"  touch {SAMPLE_MARK}\n"
        "fi\n"
    )
    return f"""\
#!/bin/sh
set -eu
if [ ! -e {DATA}/PG_VERSION ]; then
  rm -rf {DATA}.new
  {BIN}/initdb --pgdata={DATA}.new --username=postgres --auth-local=peer --auth-host=scram-sha-256 \\
    --encoding=UTF8 --locale=C.UTF-8 --data-checksums --no-instructions > /tmp/initdb.log || {{ cat /tmp/initdb.log; exit 1; }}
  mv {DATA}.new {DATA}
fi
{BIN}/pg_ctl start --pgdata={DATA} --wait --timeout=300 --log=/tmp/bootstrap.log \\
  --options="-c config_file={CONFIG}/postgresql.conf -c listen_addresses=''" || {{ cat /tmp/bootstrap.log; exit 1; }}
trap '{BIN}/pg_ctl stop --pgdata={DATA} --mode=fast --wait' EXIT
{psql} --dbname=postgres --file={CONFIG}/roles.sql
{"".join(in_database)}\
{sample if sample_data else ""}\
echo "database {names.database} is ready for logical replication; role passwords are read from {SECRETS}"
"""
