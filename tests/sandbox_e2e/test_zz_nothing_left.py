"""The last tests of a tier: the sandbox is as it was, so nothing waits for a person and every change is accounted for."""

from __future__ import annotations

import pytest

from tests.sandbox_e2e.test_users_way import STACK, audited, succeeds

pytestmark = pytest.mark.sandbox


def test_the_status_is_healthy() -> None:
    succeeds("status", *STACK)


def test_every_change_of_all_tables_is_accounted_for() -> None:
    audited()
