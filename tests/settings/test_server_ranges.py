"""Ranges of servers to which pods may connect: no door to everywhere, and every network that people write."""

from __future__ import annotations

from typing import Any

import pytest

from tests.settings.test_settings_choices import FOUND, accepted, problems_of

KEYS: dict[str, Any] = {
    "source.external.addresses": lambda ranges: {"source": {"external": {"addresses": ranges}}},
    "streaming.kafka.external.addresses": lambda ranges: {"streaming": {"kafka": {"external": {"addresses": ranges}}}},
    "streaming.registry.external.addresses": lambda ranges: {"streaming": {"registry": {"external": {"addresses": ranges}}}},
}
EVERYWHERE = (["0.0.0.0/0"], ["::/0"], ["0.0.0.0/1", "128.0.0.0/1"], ["10.0.0.0/7"], ["2000::/3"], ["10.1.0.0/16", "64.0.0.0/2"])
NOWHERE = (["127.0.0.0/8"], ["169.254.169.254/32"], ["169.254.0.0/16"], ["224.0.0.0/4"], ["0.0.0.0/32"], ["::1/128"], ["fe80::/10"])
USUAL = (
    ["10.0.0.0/8"],
    ["172.16.0.0/12", "192.168.0.0/16"],
    ["10.1.0.0/16"],
    ["203.0.113.7/32"],
    ["52.0.0.0/8"],
    ["3.120.0.0/14"],
    ["100.64.0.0/10"],
    ["fc00::/7"],
    ["2a05:d000::/25"],
)


@pytest.mark.parametrize("key", KEYS)
def test_a_door_to_everywhere_or_to_the_pod_itself_is_refused(key: str) -> None:
    for ranges, reason in (*((one, "pods may connect to all of it") for one in EVERYWHERE), *((one, "no server") for one in NOWHERE)):
        lines = problems_of(FOUND, **KEYS[key](ranges))
        assert lines
        assert all(line.startswith(f"data-ingestion:{key}.") and reason in line for line in lines)


@pytest.mark.parametrize("key", KEYS)
def test_networks_of_servers_are_accepted(key: str) -> None:
    for ranges in USUAL:
        accepted(FOUND, **KEYS[key](ranges))


def test_a_login_in_the_place_of_a_range_is_not_printed() -> None:
    for wrong in ("admin:hunter22@10.0.0.1", "postgres://u:hunter22@h/d", "password=hunter22"):
        lines = problems_of(FOUND, source={"external": {"addresses": [wrong]}})
        assert "is not an address range" in lines[0]
        assert "hunter22" not in "".join(lines)
    assert "a host in 10.1.0.0/16;" in problems_of(FOUND, source={"external": {"addresses": ["10.1.2.3/16"]}})[0]
