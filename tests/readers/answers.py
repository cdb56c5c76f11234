"""Answers of each engine to all views: DuckDB in this process, Spark, ClickHouse and dbt as programs, Trino as a server."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import duckdb
import yaml

from pipeline.views.dialects import DIALECTS
from pipeline.views.files import files
from stack.settings.tables import archive_columns
from tests.readers import trino
from tests.readers.installation import installed
from tests.readers.views_of import KINDS, PLAIN

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tests.readers.archives import Archives
    from tests.readers.views_of import View

    Answers = Mapping[str, list[dict[str, Any]] | str]
    """Rows of each view by its key, or what the engine says instead."""

_PROGRAMS: Final = Path(__file__).with_name("engines")
_TIMEOUT_S: Final = 600.0
_DUCKDB: Final = {"int": "INTEGER", "long": "BIGINT", "string": "VARCHAR", "decimal(38,9)": "DECIMAL(38,9)"}
_CLICKHOUSE: Final = {"int": "Int32", "long": "Int64", "string": "String", "decimal(38,9)": "Decimal(38, 9)"}


def of_duckdb(archives: Archives, views: Sequence[View], folder: Path) -> Answers:
    """Return DuckDB's answers."""
    with duckdb.connect(folder / "here.duckdb") as database:
        database.execute("\n".join(_tables_of_duckdb(archives)))
        answers: dict[str, list[dict[str, Any]] | str] = {}
        for view in views:
            locations = {view.table.qualified: str(archives.location(view.table))} if view.kind == PLAIN else {}
            (text,) = view.texts("duckdb", "archive", locations).values()
            database.execute(f"CREATE SCHEMA IF NOT EXISTS of_{view.kind}; USE of_{view.kind}; {text}")
            answers[view.key] = database.sql(f'SELECT * FROM of_{view.kind}."{view.name}"').to_arrow_table().to_pylist()
    return answers


def _tables_of_duckdb(archives: Archives) -> list[str]:
    """Return the statements that make tables of both formats."""
    made = ["CREATE SCHEMA archive; CREATE SCHEMA plain;"]
    for table in archives.models:
        columns = ", ".join(f'"{name}" {_DUCKDB[kind]}' for name, kind in archive_columns(table))
        made.append(f'CREATE TABLE archive."{table.archive_name}" ({columns});')
        made += [f"INSERT INTO archive.\"{table.archive_name}\" BY NAME SELECT * FROM '{file}';" for file in archives.files(table)]
        plain = f"read_parquet('{archives.plain_file(table)}', hive_partitioning = false)"
        made.append(f'CREATE TABLE plain."{table.archive_name}" AS SELECT * FROM {plain};')
    return made


def of_dbt(archives: Archives, views: Sequence[View], folder: Path) -> Answers:
    """Return the answers of models that dbt has run in DuckDB."""
    file = folder / "dbt.duckdb"
    with duckdb.connect(file) as database:
        database.execute("\n".join(_tables_of_duckdb(archives)))
    target = {"type": "duckdb", "path": str(file), "threads": 1}
    for kind in KINDS:
        project = folder / f"dbt-{kind}"
        models = project / "models"
        models.mkdir(parents=True)
        (project / "dbt_project.yml").write_text(yaml.safe_dump({"name": "readers", "profile": "readers", "model-paths": ["models"]}))
        (project / "profiles.yml").write_text(
            yaml.safe_dump({"readers": {"target": "it", "outputs": {"it": {**target, "schema": f"of_{kind}"}}}})
        )
        namespace = "plain" if kind == PLAIN else "archive"
        for view in views:
            if view.kind == kind:
                texts = view.texts("dbt", namespace)
                (models / f"{view.name}.sql").write_text(texts[f"{view.name}.sql"])
        sources = f"{namespace}_sources.yml"
        (models / sources).write_text(files("dbt", archives.models, namespace)[sources])
        dbt = [
            installed().python.with_name("dbt"),
            "--no-send-anonymous-usage-stats",
            "run",
            "--project-dir",
            project,
            "--profiles-dir",
            project,
        ]
        done = subprocess.run(dbt, cwd=project, capture_output=True, text=True, timeout=_TIMEOUT_S, check=False)
        assert done.returncode == 0, done.stdout[-3000:]
    with duckdb.connect(file) as database:
        return {view.key: database.sql(f'SELECT * FROM of_{view.kind}."{view.name}"').to_arrow_table().to_pylist() for view in views}


def of_spark(archives: Archives, views: Sequence[View], folder: Path) -> Answers:
    """Return Spark's answers, from the Iceberg tables themselves and from the files of the other format."""
    engines, quoted = installed(), DIALECTS["spark"].quoted
    before = [f"CREATE DATABASE {name}" for name in ("plain", *(f"of_{kind}" for kind in KINDS))]
    before += [
        f"CREATE TABLE plain.{quoted(table.archive_name)} USING parquet LOCATION '{archives.plain_file(table).parent}'"
        for table in archives.models
    ]
    asked = {
        "jars": [str(jar) for jar in engines.spark],
        "catalog": f"jdbc:sqlite:{archives.folder}/catalog.db",
        "warehouse": f"file://{archives.folder}/lake",
        "own": str(folder / "spark"),
        "before": before,
        "questions": _questions(views, "spark", {PLAIN: "plain"}, "lake.archive", lambda kind: f"USE spark_catalog.of_{kind}"),
    }
    return _asked(engines.python, "spark", asked, folder)


def of_clickhouse(archives: Archives, views: Sequence[View], folder: Path) -> Answers:
    """Return ClickHouse's answers."""
    before = [f"CREATE DATABASE {name}" for name in ("archive", "plain", *(f"of_{kind}" for kind in KINDS))]
    quoted = DIALECTS["clickhouse"].quoted
    for table in archives.models:
        for namespace, epoch, found in (("archive", "int", archives.files(table)), ("plain", "string", [str(archives.plain_file(table))])):
            kinds = {**dict(archive_columns(table)), "__epoch": epoch}
            columns = ", ".join(f"{quoted(name)} Nullable({_CLICKHOUSE[kind]})" for name, kind in kinds.items())
            name, listed = f"{namespace}.{quoted(table.archive_name)}", ", ".join(map(quoted, kinds))
            before.append(f"CREATE TABLE {name} ({columns}) ENGINE = Memory")
            before += [f"INSERT INTO {name} SELECT {listed} FROM file('{file}', Parquet)" for file in found]
    questions = _questions(views, "clickhouse", {PLAIN: "plain"}, "archive", lambda kind: f"USE of_{kind}")
    return _asked(installed().python, "clickhouse", {"own": str(folder / "clickhouse"), "before": before, "questions": questions}, folder)


def _questions(
    views: Sequence[View], engine: str, namespaces: Mapping[str, str], usual: str, use: Callable[[str], str]
) -> dict[str, tuple[list[str], str]]:
    """Return the statements that make each view, and the question for its rows."""
    made = {}
    for view in views:
        (text,) = view.texts(engine, namespaces.get(view.kind, usual)).values()
        statements = [use(view.kind), text.rstrip().removesuffix(";")]
        made[view.key] = (statements, f"SELECT * FROM {DIALECTS[engine].quoted(view.name)}")
    return made


def _asked(python: Path, program: str, asked: Mapping[str, Any], folder: Path) -> Answers:
    done = subprocess.run(
        [python, _PROGRAMS / f"{program}.py"],
        input=json.dumps(asked),
        cwd=folder,
        env={**os.environ, "TZ": "UTC"},
        capture_output=True,
        text=True,
        timeout=_TIMEOUT_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    answers: Answers = json.loads(done.stdout)
    return answers


def of_athena(archives: Archives, views: Sequence[View], folder: Path) -> Answers:
    """Return the answers of Trino to the texts for Athena; its tables are in memory."""
    with trino.server(installed(), folder) as server:
        for namespace in ("archive", "plain", *(f"of_{kind}" for kind in KINDS)):
            server.ask(f"CREATE SCHEMA lake.{namespace}")
        for table in archives.models:
            rows = archives.rows(table)
            for namespace, epoch in (("archive", "int"), ("plain", "string")):
                kinds = {**dict(archive_columns(table)), "__epoch": epoch}
                server.ask(trino.filled(f'"{namespace}"."{table.archive_name}"', kinds, rows))
        answers: dict[str, list[dict[str, Any]] | str] = {}
        for key, (statements, query) in _questions(views, "athena", {PLAIN: "plain"}, "lake.archive", lambda kind: f"of_{kind}").items():
            schema, text = statements
            try:
                server.ask(text, schema)
                answers[key] = server.ask(query, schema)
            except trino.RefusedError as error:
                answers[key] = str(error)
    return answers


ENGINES: Final[Mapping[str, Callable[[Archives, Sequence[View], Path], Answers]]] = {
    "duckdb": of_duckdb,
    "dbt": of_dbt,
    "spark": of_spark,
    "clickhouse": of_clickhouse,
    "athena": of_athena,
}
