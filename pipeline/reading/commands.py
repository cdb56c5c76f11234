"""Commands for readers of the archive: the views that show a stack's tables as they are now or were, and the answer to a question."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from rich.table import Table as Grid

from pipeline.checks.folder import UnwrittenFilesError, write
from pipeline.checks.neutral import complain
from pipeline.checks.terminal import console
from pipeline.reading.chosen_tables import NoTableError, chosen
from pipeline.reading.moments import MomentError, parsed
from pipeline.recording.recorder import ROOT
from pipeline.recording.stackfile import StackFileError, UnknownStackError, stack_config
from pipeline.views.files import files, locations
from stack.judgement.stack import SettingsError, parse_text
from stack.settings.names import Names

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


FINE, WRONG, USAGE, UNREAD = 0, 1, 2, 3
NAMESPACE: Final = Names.archive_namespace


def views(
    stack: str, engine: str, names: Sequence[str], *, as_of: str | None = None, namespace: str = NAMESPACE, to: Path | None = None
) -> int:
    """Print the views of a stack's tables, or write each into a file.

    Args:
        stack: Name of a stack file.
        engine: Name of the engine that will run them.
        names: Names of tables, with the schema where two have one name; all by default.
        as_of: Time or position in the log; the present by default.
        namespace: Namespace of the archived tables in the engine's catalog.
        to: Folder for the files; without it, the text is printed.
    """
    try:
        settings = parse_text(stack_config(ROOT, stack).values)
        tables = chosen(settings.source.tables, names)
        moment = parsed(as_of) if as_of else None
    except (SettingsError, StackFileError) as error:
        complain(f"error: {error}")
        return USAGE if isinstance(error, UnknownStackError) else WRONG
    except (MomentError, NoTableError) as error:
        complain(f"error: {error}")
        return USAGE
    # the present epoch may have no row of a table yet; at an earlier moment the last one of which there is a row counts
    epoch = settings.streaming.epoch if moment is None else None
    made = files(engine, tables, namespace, moment=moment, epoch=epoch, locations=locations(settings))
    if to is None:
        print("\n".join(made.values()), end="")
        return FINE
    try:
        write(made, to)
    except UnwrittenFilesError as error:
        complain(f"error: {error}")
        return WRONG
    print(f"wrote {len(made)} file(s) to {to}")
    return FINE


def query(stack: str, name: str, sql: str, *, as_json: bool) -> int:
    """Print the rows of a SELECT over one archived table.

    Args:
        stack: Name of a stack file.
        name: Name of a captured table, with its schema where two have one name.
        sql: The statement.
        as_json: True for one JSON object a row.
    """
    # DuckDB and the catalogs' clients are slow to load, and the views need neither
    from pipeline.reading.queries import QueryError, answer  # noqa: PLC0415
    from pipeline.reading.stack import NotRunningError, running  # noqa: PLC0415

    try:
        of = running(stack)
        (table,) = chosen(of.tables, [name])
        found = answer(of, table, sql)
    except (SettingsError, StackFileError, NoTableError, QueryError) as error:
        complain(f"error: {error}")
        return USAGE if isinstance(error, UnknownStackError | NoTableError) else WRONG
    except NotRunningError as error:
        complain(f"error: {error}")
        return UNREAD
    if as_json:
        for row in found.rows:
            print(json.dumps(dict(zip(found.columns, row, strict=True)), default=str))
        return FINE
    grid = Grid(*found.columns)
    for row in found.rows:
        grid.add_row(*map(_shown, row))
    console().print(grid)
    return FINE


def _shown(value: Any) -> str:  # noqa: ANN401 - a value of any type of DuckDB
    return "NULL" if value is None else str(value)
