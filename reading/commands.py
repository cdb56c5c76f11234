"""Printing and writing of the views that show a stack's tables as they are now, or were at a moment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from checks.folder import UnwrittenFilesError, write
from checks.neutral import complain
from judgement.stack import SettingsError, parse_text
from reading.chosen_tables import NoTableError, chosen
from reading.moments import MomentError, parsed
from recording.recorder import ROOT
from recording.stackfile import StackFileError, UnknownStackError, stack_config
from settings.names import Names
from views.files import files

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from settings.model import Settings

FINE, WRONG, USAGE = 0, 1, 2
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
    made = files(engine, tables, namespace, moment=moment, epoch=epoch, locations=_locations(settings))
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


def _locations(settings: Settings) -> dict[str, str]:
    """Return the folders of the tables whose files are all that there is: no catalog knows them."""
    if settings.archive.format == "iceberg":
        return {}
    return {table.qualified: f"s3://{settings.archive.bucket}/{settings.names.object_prefix(table)}" for table in settings.source.tables}
