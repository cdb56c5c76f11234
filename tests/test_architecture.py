"""The shape of the code: which part may know which, how large a file may become, what no file may be called."""

from __future__ import annotations

import ast
import functools
from pathlib import PurePath
from typing import TYPE_CHECKING

import pytest

from plan.recorder import ROOT

if TYPE_CHECKING:
    from pathlib import Path

LONGEST = 250
LONGER: dict[str, str] = {}
"""Files over LONGEST lines, each with its reason."""

LAYERS = ("foundation", "source", "streaming", "archive")
MAY_DECLARE = {
    "__main__.py",
    "outputs.py",
    "settings.py",
    "components/objects.py",
    *(f"components/{layer}/component.py" for layer in LAYERS),
    "components/source/certificates.py",
    "components/source/contract.py",
    "components/source/existing.py",
    "components/archive/identity.py",
    *(f"components/streaming/{part}.py" for part in ("brokers", "contract", "registry_service", "worker")),
}
PROGRAM = ("__main__", "outputs", "settings", "settings_connectors", "settings_rules", "components")
OUTSIDE = ("docs", "operate", "plan", "sandbox", "tests", "bench", "policy")
VAGUE = {"utils", "util", "helpers", "helper", "common", "misc", "shared", "base", "core", "lib"}


@functools.cache
def sources() -> tuple[Path, ...]:
    """Every Python file of the project but the tests, relative to its root."""
    found = (path.relative_to(ROOT) for path in sorted(ROOT.rglob("*.py")))
    return tuple(path for path in found if not path.parts[0].startswith(".") and path.parts[0] not in {"tests", "node_modules"})


@functools.cache
def imports(path: Path) -> frozenset[str]:
    """The full names of all modules that a file imports, wherever in the file."""
    found = set()
    for node in ast.walk(ast.parse((ROOT / path).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import hides its direction"
            found |= {str(node.module), *(f"{node.module}.{alias.name}" for alias in node.names)}
    return frozenset(found)


def importers(*modules: str) -> set[str]:
    """Files that import one of the modules or something in it."""
    return {
        path.as_posix()
        for path in sources()
        if any(name == module or name.startswith(f"{module}.") for name in imports(path) for module in modules)
    }


def of_program(path: PurePath) -> bool:
    """Whether a file belongs to the program that Pulumi runs."""
    return path.parts[0].removesuffix(".py") in PROGRAM


def test_layers_know_only_the_layers_before_them() -> None:
    for position, layer in enumerate(LAYERS):
        later = [f"components.{other}" for other in LAYERS[position + 1 :]]
        assert [path for path in importers(*later) if path.startswith(f"components/{layer}/")] == []


def test_shared_subjects_know_no_layer() -> None:
    """What stands directly in components/ is used by all of them."""
    layered = importers(*(f"components.{layer}" for layer in LAYERS))
    assert [path for path in layered if path.startswith("components/") and path.count("/") == 1] == []


def test_only_declaring_files_know_pulumi() -> None:
    """Everything else can be run and tested as plain functions."""
    declaring = importers("pulumi", "pulumi_kubernetes", "pulumi_aws", "pulumi_kafka", "pulumi_random", "pulumi_tls")
    assert {path for path in declaring if of_program(PurePath(path))} == MAY_DECLARE


def test_only_the_door_reads_settings() -> None:
    """Components get what they need as arguments, so that they can be used with other settings."""
    allowed = {"__main__.py", "outputs.py", "settings_connectors.py", "settings_rules.py"}
    assert {path for path in importers("settings") if path not in allowed and path.split("/")[0] not in OUTSIDE} == set()


def test_only_settings_reads_the_configuration() -> None:
    readers = {
        path.as_posix()
        for path in sources()
        if of_program(path) and ("pulumi.Config" in (ROOT / path).read_text(encoding="utf-8") or "pulumi.runtime.config" in imports(path))
    }
    assert readers == {"settings.py"}


def test_the_program_does_not_know_who_runs_it() -> None:
    """Neither the plan nor the sandbox: the same program runs under the Pulumi CLI."""
    assert {path for path in importers("operate", "plan", "sandbox", "tests", "bench", "images") if of_program(PurePath(path))} == set()


def test_providers_stand_alone() -> None:
    """The engine starts each as a program of its own, with its own requirements."""
    own = [path for path in sources() if path.parts[0] == "providers"]
    assert own
    for path in own:
        assert not any(name.split(".")[0] in {*PROGRAM, "operate", "plan", "sandbox", "images"} for name in imports(path)), path


def test_checks_of_a_machine_know_nothing_of_the_sandbox_that_uses_them() -> None:
    """Only what puts a stack's checks together knows that one stack brings its own."""
    assert {path for path in importers("sandbox") if path.startswith("operate/")} == {"operate/__main__.py", "operate/doctor/stack.py"}


def test_judgements_see_facts_only() -> None:
    """The parts of the doctor that decide neither start programs nor ask anybody."""
    effects = {"os", "subprocess", "socket", "requests", "boto3", "kubernetes", "psycopg", "shutil"}
    for path in sources():
        if path.parts[0] == "operate" and (path.stem.endswith("_rules") or path.stem in {"check", "report", "version"}):
            assert not {name.split(".")[0] for name in imports(path)} & effects, path


def test_the_plan_runs_without_the_sandbox() -> None:
    assert [path for path in importers("sandbox") if path.startswith("plan/")] == []


def test_pure_parts_touch_nothing() -> None:
    """No file, network, process, clock or chance decides what is declared; else two runs would differ."""
    effects = {
        "os",
        "subprocess",
        "socket",
        "time",
        "datetime",
        "random",
        "secrets",
        "uuid",
        "requests",
        "urllib",
        "pathlib",
        "tempfile",
        "shutil",
    }
    for path in sources():
        if path.parts[0] == "components":
            # taking an address apart asks nobody
            assert not {name.split(".")[0] for name in imports(path) if not name.startswith("urllib.parse")} & effects, path


@pytest.mark.parametrize("path", [path.as_posix() for path in sources()])
def test_files_are_short_or_have_a_reason(path: str) -> None:
    lines = len((ROOT / path).read_text(encoding="utf-8").splitlines())
    assert (lines > LONGEST) == (path in LONGER), f"{path} has {lines} lines"


def test_names_say_what_is_inside() -> None:
    parts = {
        part.removesuffix(".py")
        for path in [*sources(), *(item.relative_to(ROOT) for item in (ROOT / "tests").rglob("*.py"))]
        for part in path.parts
    }
    assert parts & VAGUE == set()


def test_every_file_says_what_it_is_for() -> None:
    for path in sources():
        assert ast.get_docstring(ast.parse((ROOT / path).read_text(encoding="utf-8"))), path
