"""Answers of Apache Spark, started in the Python that has it: questions as JSON on standard input, answers on standard output."""

from __future__ import annotations

import json
import sys
from typing import Any

from pyspark.sql import SparkSession


def session(asked: dict[str, Any]) -> SparkSession:
    """Return a session in this process, with the Iceberg tables as the catalog ``lake``."""
    catalog = {"": "org.apache.iceberg.spark.SparkCatalog", ".type": "jdbc", ".uri": asked["catalog"], ".warehouse": asked["warehouse"]}
    settings = {
        "spark.jars": ",".join(asked["jars"]),
        "spark.ui.enabled": "false",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.memory": "700m",
        "spark.sql.shuffle.partitions": "1",
        "spark.sql.warehouse.dir": asked["own"],
        "spark.sql.extensions": "org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions",
        **{f"spark.sql.catalog.lake{key}": value for key, value in catalog.items()},
    }
    builder = SparkSession.builder.master("local[1]")
    for key, value in settings.items():
        builder = builder.config(key, value)
    return builder.getOrCreate()


def main() -> None:
    """Answer."""
    asked = json.load(sys.stdin)
    spark, answers = session(asked), {}
    for statement in asked["before"]:
        spark.sql(statement)
    for key, (statements, query) in asked["questions"].items():
        try:
            for statement in statements:
                spark.sql(statement)
            answers[key] = [row.asDict() for row in spark.sql(query).collect()]
        except Exception as error:  # noqa: BLE001 - the answer says what the engine says
            answers[key] = str(error)[:2000]
    json.dump(answers, sys.stdout, default=str)


main()
