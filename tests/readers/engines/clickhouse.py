"""Answers of ClickHouse inside this process, in the Python that has it: questions and answers as JSON, as for Spark."""

from __future__ import annotations

import json
import sys

from chdb.session import Session


def main() -> None:
    """Answer."""
    asked = json.load(sys.stdin)
    database, answers = Session(asked["own"]), {}
    for statement in asked["before"]:
        database.query(statement)
    for key, (statements, query) in asked["questions"].items():
        try:
            for statement in statements:
                database.query(statement)
            found = str(database.query(f"{query} SETTINGS output_format_json_quote_64bit_integers = 0", "JSON"))
            answers[key] = json.loads(found)["data"]
        except Exception as error:  # noqa: BLE001 - the answer says what the engine says
            answers[key] = str(error)[:2000]
    json.dump(answers, sys.stdout)


main()
