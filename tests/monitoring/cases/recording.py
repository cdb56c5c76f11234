"""Values of the recorded metrics, those of the requirements' names among them."""

from __future__ import annotations

from typing import Final

from tests.monitoring.cases.case import Figure

_COMMITS: Final = 'iceberg_commits_total{table="archive.orders"}'
_TRIES: Final = 'iceberg_commit_attempts_total{table="archive.orders"}'
_ROWS: Final = 'iceberg_added_records_total{table="archive.orders"}'
_UPLOADS: Final = 's3_upload_success_rate{bucket="warehouse",connector="s3-sink-connector"}'
_QUALITY: Final = 'table="public.orders",connector="s3-sink-connector"'
_REQUESTS: Final = 'method="GET",path="/apis/ccompat/v7/schemas/ids/{id}",status_code_group="2xx"'


def _events(operation: str) -> str:
    return f'debezium_events_total{{server="postgres",table="public.orders",operation="{operation}"}}'


FIGURES: Final = (
    Figure(
        metric="cdc_events_per_second",
        why="by table and operation, in the letters of the archive",
        at="5m",
        series={_events("Create"): "0+150x40", _events("Update"): "0+30x40", _events("Delete"): "7x40"},
        samples={
            'cdc_events_per_second{operation="c",table="public.orders"}': 10,
            'cdc_events_per_second{operation="u",table="public.orders"}': 2,
            'cdc_events_per_second{operation="d",table="public.orders"}': 0,
        },
    ),
    Figure(
        metric="s3_upload_success_rate",
        why="three of four commits succeed at once",
        at="20m",
        series={_COMMITS: "0+3x99", _TRIES: "0+4x99"},
        samples={_UPLOADS: 0.75},
    ),
    Figure(
        metric="s3_upload_success_rate",
        why="absent while nothing was tried, and not 1",
        at="20m",
        series={_COMMITS: "3x99", _TRIES: "4x99"},
        samples={},
    ),
    Figure(
        metric="s3_upload_success_rate",
        why="of the Parquet sink, the average of its tasks",
        at="1m",
        series={
            f'kafka_connect_connector_task_offset_commit_{result}_percentage{{connector="{connector}",task="{task}"}}': f"{value}x9"
            for result, connector, task, value in (
                ("success", "s3-sink-connector", 0, 1),
                ("failure", "s3-sink-connector", 0, 0),
                ("success", "s3-sink-connector", 1, 0.5),
                ("failure", "s3-sink-connector", 1, 0.5),
                ("failure", "postgres-cdc-connector", 0, 1),
            )
        },
        samples={_UPLOADS: 0.75},
        stack="parquet",
    ),
    Figure(
        metric="schema_registry_requests",
        why="over the registry's instances",
        at="1m",
        series={f'rest_requests_seconds_count{{{_REQUESTS},instance="{one}"}}': "3x9" for one in ("a", "b")},
        samples={f"schema_registry_requests{{{_REQUESTS}}}": 6},
    ),
    Figure(
        metric="data_quality_score",
        why="one row of ten breaks a rule, counted once whatever it breaks",
        at="20m",
        series={
            f'quality_rows_checked_total{{{_QUALITY},task="0"}}': "0+5x99",
            f'quality_rows_checked_total{{{_QUALITY},task="1"}}': "0+5x99",
            f'quality_rows_invalid_total{{{_QUALITY},task="0",rule="any"}}': "0+1x99",
            f'quality_rows_invalid_total{{{_QUALITY},task="0",rule="price.min"}}': "0+1x99",
            f'quality_rows_invalid_total{{{_QUALITY},task="0",rule="status.oneOf"}}': "0+1x99",
        },
        samples={'data_quality_score{checkpoint="stream",table="public.orders"}': 0.9},
    ),
    Figure(
        metric="data_quality_score",
        why="no row in a quarter of an hour is no score",
        at="20m",
        series={
            f'quality_rows_checked_total{{{_QUALITY},task="0"}}': "5x99",
            f'quality_rows_invalid_total{{{_QUALITY},task="0",rule="any"}}': "1x99",
        },
        samples={},
    ),
    Figure(
        metric="round(pipeline:throughput_of_target:ratio, 0.001)",
        why="half of the target",
        at="10m",
        series={_ROWS: "0+7500x60"},
        samples={"{}": 0.5},
    ),
    Figure(
        metric="pipeline:sink_lag:seconds",
        why="the table without the topic's prefix, as every other alert names it",
        at="1m",
        series={'kafka_consumer_lag_seconds{topic="postgres.sales.orders"}': "7x9"},
        samples={'pipeline:sink_lag:seconds{table="sales.orders",topic="postgres.sales.orders"}': 7},
    ),
    Figure(
        metric="pipeline:container_memory:ratio",
        why="each container against its own limit",
        at="1m",
        series={
            'container_memory_working_set_bytes{namespace="data-ingestion",pod="kafka-0",container="kafka"}': f"{341 * 1024**2}x9",
            'container_memory_working_set_bytes{namespace="data-ingestion",pod="connect-a",container="restarter"}': f"{4 * 1024**2}x9",
        },
        samples={
            'pipeline:container_memory:ratio{container="kafka",namespace="data-ingestion",pod="kafka-0"}': 0.5,
            'pipeline:container_memory:ratio{container="restarter",namespace="data-ingestion",pod="connect-a"}': 0.25,
        },
    ),
)
