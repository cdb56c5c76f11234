"""The program's own modules in an image: all that a module loads and nothing else, and they run without the rest of the program."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from images import program, staging, wanted
from images.program import ProgramError

IMAGES = Path(program.__file__).parent
ROOT = IMAGES.parent
AUDIT = IMAGES / "audit"


def written(root: Path, **files: str) -> None:
    """Write modules; two underscores stand for a slash."""
    for name, text in files.items():
        path = root / f"{name.replace('__', '/')}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        (path.parent / "__init__.py").touch()
        path.write_text(text, encoding="utf-8")


def test_what_loading_a_module_imports_is_found_with_its_packages_and_its_data(tmp_path: Path) -> None:
    written(
        tmp_path,
        a__main="from b import c\nimport d.e\nimport json",
        b__c="try:\n    from b.f import thing\nexcept ImportError:\n    pass",
        b__f="",
        b__unused="",
        d__e="class X:\n    from d import g",
        d__g="",
    )
    (tmp_path / "b" / "f.txt").touch()
    found = program.files(["a.main"], tmp_path)
    beside = {"a/main.py", "b/c.py", "b/f.py", "b/f.txt", "d/e.py", "d/g.py"}
    assert {path.as_posix() for path in found} == {"a/__init__.py", "b/__init__.py", "d/__init__.py", *beside}


def test_what_is_loaded_later_or_for_the_type_checker_is_left_out(tmp_path: Path) -> None:
    text = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from b import c\ndef later():\n    from b import d\n    import e.f"
    written(tmp_path, a__main=text, b__c="", b__d="", e__f="")
    assert {path.as_posix() for path in program.files(["a.main"], tmp_path)} == {"a/__init__.py", "a/main.py"}


@pytest.mark.parametrize("module", ["a.none", "none", "none.a"])
def test_a_module_that_is_none_is_refused(tmp_path: Path, module: str) -> None:
    written(tmp_path, a__main="")
    with pytest.raises(ProgramError, match=f"no module {module}"):
        program.files([module], tmp_path)


@pytest.mark.parametrize(
    ("started", "loaded"), [("pipeline.audit.__main__", "pipeline.audit.commands"), ("pipeline.status.__main__", "pipeline.status.pod")]
)
def test_each_pod_runs_with_its_own_modules_alone(started: str, loaded: str, tmp_path: Path) -> None:
    program.stage([started], tmp_path)
    # without the folder of this process in the path; the packages are those of this machine
    listed = "sorted(m.__file__ for m in sys.modules.values() if (getattr(m, '__file__', '') or '').startswith(sys.argv[1]))"
    look = f"import sys, {loaded}; print(*{listed})"
    environment = {"PYTHONPATH": str(tmp_path), "PATH": "/usr/bin:/bin"}
    done = subprocess.run(
        [sys.executable, "-c", look, str(ROOT)], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert [name for name in done.stdout.split() if "/.venv/" not in name] == [], "nothing comes from the checkout"


def test_every_package_that_a_pod_imports_is_named_with_its_version() -> None:
    folders = wanted.parse((AUDIT / "contents.toml").read_text(encoding="utf-8"), "contents.toml")
    named = {wheel.partition("==")[0].partition("[")[0].lower().replace("_", "-") for folder in folders for wheel in folder.wheels}
    own = {path.name for path in ROOT.iterdir() if (path / "__init__.py").exists()} | {path.stem for path in ROOT.glob("*.py")}
    imported = {
        name.partition(".")[0]
        for file in staging.program_files(AUDIT)
        if file.suffix == ".py"
        for name in program._imported(ast.parse((ROOT / file).read_text(encoding="utf-8")))
    }
    projects = {"psycopg2": "psycopg2-binary", "yaml": "pyyaml"}
    foreign = {projects.get(name, name).replace("_", "-") for name in imported - own - set(sys.stdlib_module_names)}
    assert foreign <= named
    assert {entry.source.partition("==")[0].removeprefix("pypi:") for entry in staging.entries_of(AUDIT)} >= named


def test_the_images_versions_are_those_of_the_host() -> None:
    """One code is run with both."""
    (folder,) = [one for one in wanted.parse((AUDIT / "contents.toml").read_text(encoding="utf-8"), "contents.toml") if one.wheels]
    pinned = {
        line.partition(" ")[0].strip().lower()
        for name in ("pipeline/doctor", "providers", "sandbox")
        for line in (ROOT / name / "requirements.txt").read_text(encoding="utf-8").splitlines()
    }
    program_needs = {line.strip() for line in (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()}
    # what comes with fellows that are pinned
    unpinned_on_the_host = {"botocore", "fsspec", "urllib3"}
    assert [
        wheel
        for wheel in folder.wheels
        if wheel.lower() not in pinned | program_needs and wheel.partition("==")[0] not in unpinned_on_the_host
    ] == []
