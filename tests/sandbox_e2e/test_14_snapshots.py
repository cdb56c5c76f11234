"""Old snapshots of a table go with the files that only they name, and no row with them."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from pipeline.reading.archive import Archive
from providers.waiting import Patience
from sandbox import cloud, connectors
from sandbox.equality import connect, wait_until_equal
from sandbox.stack_settings import captured

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pyiceberg.table import Table

pytestmark = pytest.mark.sandbox

SINK = "s3-sink-connector"
AGE = "history.expire.max-snapshot-age-ms"
COMMITS = 3
# the first round begins 20 s after the sink's start
ROUND_S = 90.0


@pytest.fixture
def administrator() -> dict[str, str]:
    """Return the key that may write to the archive's bucket."""
    known = cloud.known()
    assert known is not None
    return {"accessKeyId": known.access_key_id, "secretAccessKey": known.secret_access_key}


@pytest.fixture
def table(outputs: dict[str, Any], administrator: dict[str, str]) -> Iterator[Table]:
    """Return the table of users, whose snapshots have the age of before in the end."""
    table = Archive({**outputs, "reader": {**outputs["reader"], **administrator}}).table("users")
    before = table.properties[AGE]
    yield table
    table.refresh()
    table.transaction().set_properties({AGE: before}).commit_transaction()


def listed(outputs: dict[str, Any], administrator: dict[str, str]) -> set[str]:
    """Return the lists of snapshots in the table's folder."""
    keys = {"aws_access_key_id": administrator["accessKeyId"], "aws_secret_access_key": administrator["secretAccessKey"]}
    store: Any = boto3.client("s3", endpoint_url=outputs["reader"]["endpoint"], region_name=outputs["reader"]["region"], **keys)
    pages = store.get_paginator("list_objects_v2").paginate(
        Bucket=outputs["archive"]["bucket"], Prefix="topics/postgres.public.users/metadata/snap-"
    )
    return {item["Key"].rpartition("/")[2] for page in pages for item in page.get("Contents", [])}


def test_old_snapshots_go_and_every_row_stays(
    outputs: dict[str, Any], archive: Archive, table: Table, administrator: dict[str, str]
) -> None:
    users = [one for one in captured(outputs) if one.name == "users"]
    with connect(outputs) as database:
        for _ in range(COMMITS):
            insert = "INSERT INTO users (email, first_name, last_name) VALUES (%s, 'Emmy', 'Noether')"
            database.execute(insert, [f"{uuid.uuid4().hex}@example.com"])
            wait_until_equal(outputs, archive, users, 60)
    table.refresh()
    assert len(table.metadata.snapshots) >= COMMITS
    # only now: a round of the sink may come at any time
    table.transaction().set_properties({AGE: "1000"}).commit_transaction()
    rows = archive.operations("users")
    worker = connectors.client(outputs)
    worker.pause(SINK)
    worker.resume(SINK)
    patience = Patience(ROUND_S)
    while len(table.metadata.snapshots) > 1:
        assert patience.go_on("old snapshots", 1.0), f"{len(table.metadata.snapshots)} snapshots are left after {ROUND_S:.0f} s"
        table.refresh()
    (last,) = table.metadata.snapshots
    assert any(key.startswith("kafka.connect.offsets.") for key in (last.summary or {}).additional_properties)  # type: ignore[union-attr]
    assert archive.operations("users") == rows
    while listed(outputs, administrator) != {last.manifest_list.rpartition("/")[2]}:
        assert patience.go_on("lists of removed snapshots", 1.0), sorted(listed(outputs, administrator))
