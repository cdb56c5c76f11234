"""Lines of ``pg_hba.conf`` that open a captured server are refused; everyday ones are accepted."""

from __future__ import annotations

import pytest

from stack.configs.postgres_access import access_problems
from stack.specification.source.postgres import hba_conf


@pytest.mark.parametrize("kind", ["host", "hostssl", "HOSTNOSSL"])
@pytest.mark.parametrize("address", ["0.0.0.0/0", "::/0", "all", "0.0.0.0 0.0.0.0"])
@pytest.mark.parametrize("method", ["trust", "password", "md5", "ident", "ident map=x"])
def test_an_open_door_is_refused(kind: str, address: str, method: str) -> None:
    assert len([*access_problems(f"# access\n{kind}\tall all  {address} {method} # x\n")]) == 1


@pytest.mark.parametrize(
    "line",
    [
        "local all all trust",
        "local all postgres peer",
        "host all all 127.0.0.1/32 trust",
        "host all all ::1/128 trust",
        "host all all 127.0.0.1 255.255.255.255 md5",
        "host all all 0.0.0.0/0 scram-sha-256",
        "host all all 10.0.0.0/8 md5",
        "host replication standby 10.0.0.0/8 scram-sha-256",
        "hostssl all all all cert clientcert=verify-full",
        "hostnossl all all 0.0.0.0/0 reject",
        "# host all all all trust",
        'host "all" all',
        'host "all',
        "",
    ],
)
def test_an_everyday_line_is_accepted(line: str) -> None:
    assert [*access_problems(line)] == []


def test_the_own_file_is_accepted() -> None:
    assert [*access_problems(hba_conf())] == []
