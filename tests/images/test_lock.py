"""Lock files: content and refusals."""

from __future__ import annotations

from fnmatch import fnmatch
from pathlib import Path

import pytest

from images import lock, locking
from images.lock import Entry, LockError
from images.references import REFERENCES
from images.store import Store
from images.wanted import Folder
from stack.specification.monitoring.jmx import AGENT

_SUM = "a" * 64
_IMAGES = Path(lock.__file__).parent


def _entry(target: str, source: str = "maven:g:a:jar:1", sha256: str = _SUM) -> Entry:
    return Entry(target=target, source=source, sha256=sha256)


def test_what_is_rendered_reads_back_sorted() -> None:
    entries = (_entry("libs/b.jar"), _entry("libs/a.jar", "pypi:p==1#dir/a.jar"), _entry("-", "pypi:p==1"))
    assert lock.parse(lock.render(entries), "x") == tuple(sorted(entries))


def test_rendering_does_not_depend_on_the_order_of_resolution() -> None:
    entries = (_entry("libs/b.jar"), _entry("libs/a.jar"))
    assert lock.render(entries) == lock.render(reversed(entries))


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        (f"{_SUM}  libs/a.jar", "2 columns"),
        ("abc  libs/a.jar  maven:g:a:jar:1", "not a SHA-256"),
        (f"{_SUM}  libs/a.jar  https:g:a", "neither a maven: nor a pypi: source"),
        (f"{_SUM}  libs/a.jar  maven:g:a:1", "neither a maven: nor a pypi: source"),
        (f"{_SUM}  ../a.jar  maven:g:a:jar:1", "leaves the contents folder"),
        (f"{_SUM}  /etc/a.jar  maven:g:a:jar:1", "leaves the contents folder"),
        (f"{_SUM}  a.jar  maven:g:a:jar:1\n{_SUM}  a.jar  maven:g:b:jar:1", "listed twice"),
    ],
)
def test_a_line_that_pins_nothing_is_refused(line: str, rule: str) -> None:
    with pytest.raises(LockError, match=rule):
        lock.parse(line, "contents.lock")


def test_a_member_knows_its_wheel() -> None:
    assert _entry("a.jar", "pypi:p==1#dir/a.jar").wheel == "pypi:p==1"
    assert _entry("a.jar", "pypi:p==1#dir/a.jar").member == "dir/a.jar"
    assert _entry("a.jar").wheel is None


@pytest.mark.parametrize("name", [name for name in REFERENCES if (_IMAGES / name / "contents.toml").exists()])
def test_every_image_has_a_lock_that_reads_and_a_dockerfile_without_a_fixed_base(name: str) -> None:
    assert lock.parse((_IMAGES / name / "contents.lock").read_text(encoding="utf-8"), name)
    assert "FROM ${BASE}" in (_IMAGES / name / "Dockerfile").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["kafka", "connect", "registry-confluent"])
def test_the_agent_is_where_the_flag_of_the_pods_says(name: str) -> None:
    (agent,) = [
        entry for entry in lock.parse((_IMAGES / name / "contents.lock").read_text(encoding="utf-8"), name) if "javaagent" in entry.source
    ]
    assert agent.target.startswith("agent/"), "in the folder libs it would be on the class path"
    pattern = "contents/agent/jmx_prometheus_javaagent-*.jar"
    assert f"COPY {pattern} {AGENT}\n" in (_IMAGES / name / "Dockerfile").read_text(encoding="utf-8")
    assert fnmatch(f"contents/{agent.target}", pattern)


def test_every_member_has_its_wheel_in_the_same_lock() -> None:
    for file in _IMAGES.glob("*/contents.lock"):
        entries = lock.parse(file.read_text(encoding="utf-8"), str(file))
        assert {entry.wheel for entry in entries} - {None} <= {entry.source for entry in entries}


def test_brokers_and_worker_run_the_same_kafka_and_log_the_same_way() -> None:
    libraries = {}
    for name in ("kafka", "connect"):
        entries = lock.parse((_IMAGES / name / "contents.lock").read_text(encoding="utf-8"), name)
        libraries[name] = {entry.source: entry.sha256 for entry in entries if entry.target.startswith("libs/")}
    shared = libraries["kafka"].keys() & libraries["connect"].keys()
    assert any("kafka-clients" in source for source in shared)
    assert any("log4j-slf4j-impl" in source for source in shared)
    assert all(libraries["kafka"][source] == libraries["connect"][source] for source in shared)


def test_a_compiler_of_two_folders_is_pinned_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    compiler = _entry("-", "maven:g:ecj:jar:1")
    monkeypatch.setattr(locking, "_folder", lambda _folder, _store: iter([compiler]))
    assert locking.pin([Folder(path="a"), Folder(path="b")], Store(tmp_path)) == (compiler,)
