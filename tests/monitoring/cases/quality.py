"""Cases of the alerts about quality."""

from __future__ import annotations

from typing import Final

from tests.monitoring.cases.case import fires, silent

_TABLE: Final = 'table="public.orders"'
_SCORE: Final = f'data_quality_score{{checkpoint="archive",{_TABLE}}}'
_CHECKED: Final = f'quality_rows_checked_total{{{_TABLE},connector="s3-sink-connector",task="0"}}'
_INVALID: Final = f'quality_rows_invalid_total{{{_TABLE},connector="s3-sink-connector",task="0",rule="any"}}'

CASES: Final = (
    fires(
        "QualityLow",
        "one row of ten breaks a rule",
        "25m",
        {_CHECKED: "0+100x60", _INVALID: "0+10x60"},
        "The quality of public.orders at the checkpoint stream has been 0.900 for 10 minutes (limit 0.95)",
        checkpoint="stream",
        table="public.orders",
        owner="orders team, #orders",
    ),
    silent("QualityLow", "one row of a hundred", "25m", {_CHECKED: "0+100x60", _INVALID: "0+1x60"}),
    silent("QualityLow", "no row at all", "25m", {_CHECKED: "100x60", _INVALID: "10x60"}),
    fires(
        "QualityVeryLow",
        "the archive lacks rows",
        "12m",
        {_SCORE: "0.7x20"},
        "The quality of public.orders at the checkpoint archive has been 0.700 for 10 minutes (limit 0.8)",
        checkpoint="archive",
        table="public.orders",
        owner="orders team, #orders",
    ),
    fires(
        "QualityVeryLow",
        "of a table whose owner has quotes and braces in its name",
        "12m",
        {'data_quality_score{checkpoint="archive",table="public.products"}': "0.7x20"},
        "The quality of public.products at the checkpoint archive has been 0.700 for 10 minutes (limit 0.8)",
        checkpoint="archive",
        table="public.products",
        owner='the "stock" {{ team }}',
    ),
    fires(
        "QualityLow",
        "of a table without an owner",
        "12m",
        {'data_quality_score{checkpoint="archive",table="public.order_items"}': "0.9x20"},
        "The quality of public.order_items at the checkpoint archive has been 0.900 for 10 minutes (limit 0.95)",
        checkpoint="archive",
        table="public.order_items",
    ),
    silent("QualityVeryLow", "low, but not very", "12m", {_SCORE: "0.9x20"}),
    fires(
        "QualityUnknown",
        "nothing measures it",
        "95m",
        {_CHECKED: "0+1x99"},
        "The quality of the archive has not been measured for 90 minutes, and rows are archived",
    ),
    silent("QualityUnknown", "a score of an hour ago", "95m", {_CHECKED: "0+1x99", _SCORE: "1x60 _x60"}),
    silent("QualityLow", "one bad batch", "30m", {_SCORE: "1 0.9x8 1x30"}),
    silent("QualityVeryLow", "one bad batch", "30m", {_SCORE: "1 0.7x8 1x30"}),
    silent("QualityUnknown", "the stack judges no rows", "120m", {}),
    silent("QualityUnknown", "an idle database", "120m", {_CHECKED: "700x150"}),
    fires(
        "RowsMissing",
        "one change of two hundred",
        "17m",
        {f'data_quality_figure{{checkpoint="archive",{_TABLE},figure="completeness"}}': "0.995x30"},
        "Only 99.5% of the changes of public.orders are in the archive, and they had their time",
        checkpoint="archive",
        table="public.orders",
        figure="completeness",
    ),
    silent(
        "RowsMissing",
        "late ones arrive",
        "30m",
        {f'data_quality_figure{{checkpoint="archive",{_TABLE},figure="completeness"}}': "1 0.9x10 1x20"},
    ),
    silent(
        "RowsMissing",
        "late rows are another figure",
        "30m",
        {f'data_quality_figure{{checkpoint="archive",{_TABLE},figure="timeliness"}}': "0.9x40"},
    ),
    fires(
        "RowsTwice",
        "a file was committed twice",
        "17m",
        {f'data_quality_figure{{checkpoint="archive",{_TABLE},figure="uniqueness"}}': "0.8x30"},
        "Only 80% of the rows of public.orders stand for a change of their own",
        checkpoint="archive",
        table="public.orders",
        figure="uniqueness",
    ),
    silent("RowsTwice", "each is once", "30m", {f'data_quality_figure{{checkpoint="archive",{_TABLE},figure="uniqueness"}}': "1x40"}),
    silent(
        "RowsTwice",
        "one look in the middle of a commit",
        "30m",
        {f'data_quality_figure{{checkpoint="archive",{_TABLE},figure="uniqueness"}}': "1 0.9x8 1x40"},
    ),
)
