"""The beginning of a preview's comment, from outputs of the real CLI."""

from __future__ import annotations

import pytest

from pipeline.review.digest import DRIFT
from pipeline.review.markdown import GITHUB_LIMIT
from tests.review.previews import FILES, comment, findings, folded, section


def test_an_empty_stack_is_all_new_and_loses_nothing() -> None:
    text = comment("empty.jsonl")
    assert "112 to create." in text
    assert "### Data" not in text
    memory = section(text, "Memory of data-ingestion")
    assert "| `StatefulSet kafka` |  | 3 x 682 = 2046 | +2046 |" in memory
    assert "| all | 0 | 4094 | +4094 |" in memory
    assert "| budget | none | 4096 | +4096 |" in memory


def test_no_change_is_said_in_a_few_lines() -> None:
    text = comment("unchanged.jsonl")
    assert "Nothing changes." in text
    assert "Unchanged: 4094 of 4096, 4094 in a rollout." in text
    assert "<details>" not in text


def test_changed_connector_keys_stand_with_old_and_new_value() -> None:
    keys = section(comment("connector-keys.jsonl"), "Connector keys")
    assert "| `Connector postgres-cdc-connector` | `poll.interval.ms` | `50` | `100` |" in keys
    assert "| `Connector s3-sink-connector` | `iceberg.control.commit.interval-ms` | `10000` | `12000` |" in keys


def test_a_reference_to_a_secret_is_kept_as_it_is() -> None:
    keys = section(comment("connector-keys.jsonl"), "Connector keys")
    assert "`${dir:/etc/connect/secrets/source:password}` | `${dir:/etc/connect/secrets/database:password}`" in keys


def test_both_forms_of_a_preview_tell_the_same_but_for_policies() -> None:
    for name in ("connector-keys", "memory", "bucket-renamed"):
        events, whole = comment(f"{name}.jsonl"), comment(f"{name}.json")
        assert folded(events).splitlines()[:3] == folded(whole).splitlines()[:3]
        assert section(events, "Memory of data-ingestion") == section(whole, "Memory of data-ingestion")
        assert "No violation" in section(events, "Policies")
        assert "leaves policies out" in section(whole, "Policies")


def test_memory_is_shown_before_and_after_with_sum_peak_and_budget() -> None:
    memory = section(comment("memory.jsonl"), "Memory of data-ingestion")
    assert "| `Deployment connect` | 1024 | 1280 | +256 |" in memory
    assert "| all | 4094 | 4350 | +256 |" in memory
    assert "| all, while everything rolls out | 4094 | 4350 | +256 |" in memory
    assert "| budget | 4096 | 4352 | +256 |" in memory


def test_memory_is_not_added_up_from_a_part_of_the_resources() -> None:
    text = comment("memory-without-sames.json")
    assert "--show-sames" in section(text, "Memory")
    assert "4350" not in section(text, "Memory")


def test_a_removed_table_loses_its_topic_and_its_files() -> None:
    text = comment("table-removed.jsonl")
    assert "2 resources lose data" in text
    data = section(text, "Data")
    assert "| LOST | Topic `postgres.public.order_items` | deleted | every record in it |" in data
    assert "| LOST | Table `order_items` | deleted | the table's files and snapshots |" in data
    assert "| check | Connector `postgres-cdc-connector` | changed |" in data
    assert "no longer has public.order\\_items" in data


def test_a_replaced_topic_and_a_shorter_retention_lose_records() -> None:
    data = section(comment("topic-replaced.jsonl"), "Data")
    assert "| LOST | Topic `s3-sink-dlq` | replaced | unread dead letters |" in data
    assert "retention.bytes 50331648 → 33554432" in data
    settings = section(comment("topic-replaced.jsonl"), "Topics and settings")
    assert "| `Topic connect-status` | `segment.bytes` | `16777216` | `33554432` |" in settings
    assert "| `Topic s3-sink-dlq` | `name` | `s3-sink-dlq` | `dead-letters` |" in settings


def test_a_deleted_archive_loses_bucket_and_tables() -> None:
    data = section(comment("archive-deleted.jsonl"), "Data")
    assert "| LOST | Bucket `sandbox-archive` | deleted | every object, all versions | forceDestroy empties the bucket first |" in data
    assert data.index("| LOST |") < data.index("| check |") < data.index("| renewed |")
    for table in ("users", "products", "orders", "order_items"):
        assert f"`{table}`" in data


def test_a_replaced_bucket_without_force_destroy_is_reported_as_a_refusal_by_s3() -> None:
    data = section(comment("bucket-renamed.jsonl"), "Data")
    assert "| check | Bucket `datapipe-ingestion-123` | replaced | every object | S3 refuses" in data


def test_a_dependent_replacement_without_a_reason_counts_as_a_replacement() -> None:
    """In the document format the CLI omits the reasons of a cascade."""
    others = section(comment("bucket-renamed.json"), "Also replaced or deleted")
    assert "BucketPolicy" in others
    assert "the replacement of another" in others
    assert "replace BucketPolicy" in folded(comment("bucket-renamed.json"))


def test_a_namespace_that_goes_takes_volumes_and_topics_with_it() -> None:
    text = comment("namespace-renamed.json")
    data = section(text, "Data")
    assert "| LOST | StatefulSet `kafka` | replaced | volumes 3 x 3413Mi (data) | the namespace data-ingestion is deleted" in data
    assert "| LOST | Topic `connect-offsets` | replaced |" in data
    assert "the topic that holds it is deleted too" in data
    assert "| all | 4094 | 0 | −4094 |" in section(text, "Memory of data-ingestion")  # noqa: RUF001 - a minus sign
    assert "| all | 0 | 4094 | +4094 |" in section(text, "Memory of other-pipeline")


def test_a_larger_volume_claim_replaces_the_set_and_keeps_the_volume_as_it_is() -> None:
    data = section(comment("volume-grown.jsonl"), "Data")
    assert "| kept | StatefulSet `postgresql` | replaced | volumes 1 x 5Gi (data) |" in data
    assert "in their old size and class" in data


def test_policies_that_refuse_the_update_are_shown_with_their_cure() -> None:
    text = comment("violations.jsonl")
    assert "2 policy violations refuse the update; the pods of data-ingestion may need 4350 of 4096 MiB." in text
    policies = section(text, "Policies")
    assert "2 violations refuse the update (data-ingestion)." in policies
    assert "image-pinned\n  Deployment console: container 'console' runs 'localhost/console:latest'" in policies
    assert "or raise budget.memoryMib to 4350" in policies
    assert policies.index("memory-budget") < policies.index("Exceptions in use")
    assert "| free in a rollout | 2 | -254 | OVER |" in section(text, "Memory of data-ingestion")
    assert "### Errors" not in text


def test_exceptions_are_shown_where_none_is_refused() -> None:
    policies = section(comment("connector-keys.jsonl"), "Policies")
    assert "No violation (data-ingestion)." in policies
    assert policies.count("Bucket archive-bucket: is excepted from bucket-tls-only") == 1


@pytest.mark.parametrize("name", ["settings-refused.jsonl", "settings-refused.json"])
def test_a_program_that_stops_says_why_without_its_traces(name: str) -> None:
    text = comment(name)
    assert "**The preview failed.**" in text
    assert "data-ingestion:streaming.connect.memory: is not a setting" in section(text, "Errors")
    assert "Traceback" not in text
    assert "cannot be totalled" in section(text, "Memory")


def test_a_providers_refusal_is_shown_with_the_changes_seen_so_far() -> None:
    text = comment("provider-refused.jsonl")
    assert "the files stay where they are" in section(text, "Errors")
    assert "Traceback" not in text
    assert "| LOST | Bucket `sandbox-archive` | replaced |" in section(text, "Data")


def test_drift_is_reported_as_changes_made_outside_the_program() -> None:
    text = comment("drift.jsonl", wording=DRIFT)
    assert text.startswith("<!-- data-ingestion drift data-ingestion/sandbox -->\n")
    assert "1 changed outside, 1 gone, 110 as recorded." in text
    assert "| `Connector s3-sink-connector` | `iceberg.control.commit.interval-ms` | `10000` | `60000` |" in text
    assert "All resources match the stack's state." in comment("no-drift.jsonl", wording=DRIFT)


def test_drift_in_the_document_form_is_found_too() -> None:
    assert "| LOST | Topic `postgres.public.users` |" in comment("drift.json", wording=DRIFT)


@pytest.mark.parametrize("name", FILES)
def test_the_first_line_is_the_same_for_every_preview_of_a_stack(name: str) -> None:
    stack = "dev" if name.startswith("bucket-renamed") else "sandbox"
    assert comment(name).splitlines()[0] == f"<!-- data-ingestion preview data-ingestion/{stack} -->"


@pytest.mark.parametrize("name", FILES)
def test_every_comment_is_within_the_limit(name: str) -> None:
    assert len(comment(name)) <= GITHUB_LIMIT


def test_only_previews_with_losses_report_lost_data() -> None:
    losing = {name for name in FILES if findings(name).loses_data}
    assert losing == {
        "archive-deleted.jsonl",
        "drift.json",
        "drift.jsonl",
        "namespace-renamed.json",
        "provider-refused.jsonl",
        "table-removed.jsonl",
        "topic-replaced.jsonl",
    }
