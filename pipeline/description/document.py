"""Description of the stack in a pod: a document without secrets, and the logins as files beside it.

The program writes both (``specification/description.py``).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from pipeline.description.stack import Description, Login, UnansweredError, WorkerLogin
from stack.settings.names import Names
from stack.settings.seams import Seam
from stack.settings.sinks import sinks
from stack.settings.tables import Table

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

FORM: Final = 3
"""Version of the document that this code reads."""


class UnreadableDocumentError(ValueError):
    """The document cannot be used; the message says why, and what to do."""


def loaded(text: str) -> dict[str, Any]:
    """Return a document.

    Args:
        text: The document.

    Raises:
        UnreadableDocumentError: If another version of the program has written it, or it is no such document.
    """
    try:
        document: dict[str, Any] = json.loads(text)
        form = document["form"]
    except (ValueError, KeyError, TypeError) as error:
        message = f"the description of the stack cannot be read ({type(error).__name__}): run 'pulumi up'"
        raise UnreadableDocumentError(message) from None
    if form != FORM:
        message = f"the description of the stack has form {form}, and this image reads {FORM}: build the image that belongs to it"
        raise UnreadableDocumentError(message)
    return document


def described(document: Mapping[str, Any], secrets: Path) -> Description:
    """Return the stack of a document.

    Args:
        document: The document.
        secrets: Folder with a folder of files for each login.

    Raises:
        UnansweredError: If the login of the archive's catalog is missing; the others are looked for when they are needed.
    """
    catalog, archive, database = document["catalog"], document["archive"], document["database"]
    outputs: dict[str, Any] = {"reader": document["reader"]}
    if catalog is not None:
        user, password = _login(secrets, "database")
        outputs["catalog"] = {"uri": catalog, "user": user, "password": password}
    names = Names.model_validate(document["names"]).of_epoch(document["epoch"])
    tables = tuple(Table.model_validate(table) for table in document["tables"])
    return Description(
        name=document["stack"],
        names=names,
        seams=tuple(Seam.model_validate(seam) for seam in document["seams"]),
        tables=tables,
        sinks=sinks(names, tables, archive["sinks"]),
        format=archive["format"],
        bucket=archive["bucket"],
        tasks=archive["tasks"],
        interval_s=archive["intervalSeconds"],
        heartbeat_s=document["heartbeatSeconds"],
        managed=document["managedDatabase"],
        level=document["registryLevel"],
        partitions=document["partitions"],
        brokers=document["brokers"],
        outputs=outputs,
        registry_url=document["registry"],
        database=(database["host"], database["port"]),
        authority=lambda: _authority(document, secrets),
        kafka=lambda: _kafka(document["kafka"], secrets),
        registry=lambda: _login(secrets, "registry"),
        source=lambda: _source(database, secrets),
        connect=lambda: WorkerLogin(document["connect"], *_login(secrets, "connect")),
    )


def _authority(document: Mapping[str, Any], secrets: Path) -> str | None:
    return (secrets / "database" / "ca.crt").read_text(encoding="utf-8") if document["managedDatabase"] else None


def _kafka(settings: Mapping[str, Any], secrets: Path) -> dict[str, Any]:
    if "sasl.mechanism" not in settings:
        return dict(settings)
    user, password = _login(secrets, "kafka")
    return {**settings, "sasl.username": user, "sasl.password": password}


def _source(place: Mapping[str, Any], secrets: Path) -> Login:
    user, password = _login(secrets, "database")
    return Login({**place, "user": user, "password": password})


def _login(secrets: Path, folder: str) -> tuple[str, str]:
    try:
        user, password = ((secrets / folder / key).read_text(encoding="utf-8").strip() for key in ("username", "password"))
    except OSError as error:
        message = f"the Secret for {folder} has no {error.filename}: it needs username and password"
        raise UnansweredError(message) from None
    return user, password
