"""A skipped test of the sandbox or of the real engine proves nothing and looks like success: it fails instead."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Generator


TIERS = ("sandbox", "engine")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn a skip of a test of these tiers into a failure with its reason."""
    report = yield
    tier = next((tier for tier in TIERS if item.get_closest_marker(tier) is not None), None)
    if report.skipped and tier is not None:
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        report.outcome = "failed"
        report.longrepr = f"a test marked {tier} may not be skipped: {reason}"
    return report
