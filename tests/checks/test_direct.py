"""A machine behind a proxy reaches the sandbox directly."""

from __future__ import annotations

import pytest
import requests

from pipeline.checks.direct import without_proxy


@pytest.mark.parametrize("address", ["http://127.0.0.1:8083", "https://10.245.0.1:6443"])
def test_the_sandbox_is_reached_without_the_proxy_and_the_rest_with_it(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    proxy = {"http_proxy": "http://proxy:3128", "https_proxy": "http://proxy:3128", "no_proxy": "intranet"}
    for name, value in (proxy | without_proxy(proxy, "10.245.0.1")).items():
        monkeypatch.setenv(name, value)
    assert requests.utils.get_environ_proxies(address) == {}
    assert requests.utils.get_environ_proxies("http://intranet/") == {}
    assert requests.utils.get_environ_proxies("http://elsewhere/")["http"] == "http://proxy:3128"


def test_a_second_call_changes_nothing() -> None:
    once = without_proxy({})
    assert without_proxy(once) == once
