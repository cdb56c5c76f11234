"""The shape of the code: allowed imports, sizes of files, forbidden names."""

from __future__ import annotations

import ast
import fnmatch
import functools
import re
import tomllib
from typing import TYPE_CHECKING

import pytest

from pipeline.recording.recorder import ROOT

if TYPE_CHECKING:
    from pathlib import Path

LONGEST = 250
# files over LONGEST lines, each with its reason
LONGER: dict[str, str] = {}

LAYERS = ("foundation", "source", "streaming", "archive", "audit", "monitoring")
PULUMI = ("pulumi", "pulumi_kubernetes", "pulumi_aws", "pulumi_kafka", "pulumi_random", "pulumi_tls", "pulumi_policy")
# folders whose packages are listed one by one
HOMES = {"stack", "pipeline"}
# modules that every package may import
FOR_ALL = {"stack.problem", "stack.unknown", "providers.waiting"}
# the folders with code, from the ground up; each imports those before it
FOLDERS = ("stack", "providers", "components", "policy", "images", "pipeline", "sandbox")

# packages that each package may import in addition to itself, from the ground up
MAY_IMPORT: dict[str, set[str]] = {
    "stack.configs": set(),
    "stack.capacity": {"stack.configs"},
    "stack.settings": {"stack.configs"},
    "stack.specification": {"stack.capacity", "stack.configs", "stack.settings"},
    "stack.judgement": {"stack.capacity", "stack.configs", "stack.settings", "stack.specification"},
    "stack.running": {"stack.judgement", "stack.specification"},
    "providers": {"stack.configs"},
    "components": {"providers", "stack.settings", "stack.specification"},
    "policy": {"stack.capacity", "stack.configs", "stack.judgement", "stack.running", "stack.settings", "stack.specification"},
    "images": set(),
    "pipeline.checks": set(),
    "pipeline.images": {"images", "pipeline.checks"},
    "pipeline.laptop": {"images", "stack.settings"},
    "pipeline.recording": {"stack.configs", "stack.settings"},
    "pipeline.views": {"stack.settings"},
    "pipeline.existing_database": {
        "pipeline.checks",
        "pipeline.recording",
        "stack.capacity",
        "stack.judgement",
        "stack.settings",
        "stack.specification",
    },
    "pipeline.existing_prometheus": {"pipeline.checks", "pipeline.recording", "stack.judgement", "stack.specification"},
    "pipeline.reading": {
        "pipeline.checks",
        "pipeline.recording",
        "pipeline.views",
        "stack.configs",
        "stack.judgement",
        "stack.settings",
        "stack.specification",
    },
    "pipeline.ddl": {
        "pipeline.checks",
        "pipeline.existing_database",
        "pipeline.recording",
        "providers",
        "stack.judgement",
        "stack.settings",
        "stack.specification",
    },
    "pipeline.description": {
        "pipeline.reading",
        "pipeline.recording",
        "providers",
        "stack.configs",
        "stack.settings",
        "stack.specification",
    },
    "pipeline.dlq": {"pipeline.checks", "pipeline.reading", "pipeline.recording", "providers", "stack.judgement", "stack.settings"},
    "pipeline.audit": {
        "pipeline.checks",
        "pipeline.description",
        "pipeline.dlq",
        "pipeline.reading",
        "pipeline.views",
        "stack.configs",
        "stack.settings",
    },
    "pipeline.backfill": {
        "pipeline.checks",
        "pipeline.description",
        "pipeline.reading",
        "pipeline.recording",
        "providers",
        "stack.judgement",
        "stack.settings",
    },
    "pipeline.doctor": {
        "pipeline.checks",
        "pipeline.dlq",
        "pipeline.existing_database",
        "pipeline.laptop",
        "pipeline.recording",
        "policy",
        "providers",
        "stack.capacity",
        "stack.judgement",
        "stack.settings",
        "stack.specification",
    },
    "pipeline.epoch": {
        "pipeline.checks",
        "pipeline.description",
        "pipeline.reading",
        "pipeline.recording",
        "providers",
        "stack.capacity",
        "stack.configs",
        "stack.judgement",
        "stack.settings",
        "stack.specification",
    },
    "pipeline.plan": {"pipeline.checks", "pipeline.recording", "policy", "stack.capacity", "stack.judgement"},
    "pipeline.review": {
        "images",
        "pipeline.checks",
        "pipeline.doctor",
        "policy",
        "providers",
        "stack.capacity",
        "stack.configs",
        "stack.settings",
    },
    "pipeline.status": {
        "pipeline.audit",
        "pipeline.backfill",
        "pipeline.checks",
        "pipeline.ddl",
        "pipeline.description",
        "pipeline.dlq",
        "pipeline.epoch",
        "pipeline.existing_database",
        "pipeline.reading",
        "pipeline.recording",
        "providers",
        "stack.capacity",
        "stack.configs",
        "stack.judgement",
        "stack.settings",
        "stack.specification",
    },
    "pipeline.dashboards": {
        "pipeline.checks",
        "pipeline.recording",
        "pipeline.status",
        "stack.capacity",
        "stack.judgement",
        "stack.settings",
        "stack.specification",
    },
    "pipeline.documents": {
        "pipeline.ddl",
        "pipeline.description",
        "pipeline.plan",
        "pipeline.recording",
        "pipeline.review",
        "pipeline.status",
        "policy",
        "stack.judgement",
        "stack.settings",
        "stack.specification",
    },
    "pipeline.quality": {
        "pipeline.audit",
        "pipeline.checks",
        "pipeline.description",
        "pipeline.dlq",
        "pipeline.reading",
        "pipeline.recording",
        "pipeline.status",
        "stack.judgement",
        "stack.settings",
    },
    "pipeline.commands": {
        "images",
        "pipeline.audit",
        "pipeline.backfill",
        "pipeline.checks",
        "pipeline.dashboards",
        "pipeline.ddl",
        "pipeline.dlq",
        "pipeline.doctor",
        "pipeline.documents",
        "pipeline.epoch",
        "pipeline.existing_database",
        "pipeline.existing_prometheus",
        "pipeline.images",
        "pipeline.laptop",
        "pipeline.plan",
        "pipeline.quality",
        "pipeline.reading",
        "pipeline.recording",
        "pipeline.review",
        "pipeline.status",
        "pipeline.views",
        "stack.judgement",
    },
    "pipeline.command_line": {"pipeline.checks", "pipeline.commands"},
    "sandbox": {
        "images",
        "pipeline.audit",
        "pipeline.checks",
        "pipeline.commands",
        "pipeline.description",
        "pipeline.dlq",
        "pipeline.reading",
        "pipeline.recording",
        "pipeline.status",
        "providers",
        "stack.capacity",
        "stack.configs",
        "stack.judgement",
        "stack.settings",
        "stack.specification",
    },
}
# programs that only Pulumi starts
STARTED_BY_THE_ENGINE = {
    "__main__.py",
    "policy/__main__.py",
    "providers/iceberg/__main__.py",
    "providers/kafkaconnect/__main__.py",
    "sandbox/standins/__main__.py",
}
# programs that only a pod starts
STARTED_IN_A_POD = {"pipeline/audit/__main__.py", "pipeline/quality/__main__.py", "pipeline/status/__main__.py"}
VAGUE = {"utils", "util", "helpers", "helper", "common", "misc", "shared", "base", "core", "lib"}


@functools.cache
def sources() -> tuple[Path, ...]:
    """Return every Python file of the project but the tests, relative to its root."""
    found = (path.relative_to(ROOT) for path in sorted(ROOT.rglob("*.py")))
    # what is staged for an image, of others or copied
    own = (path for path in found if not (path.parts[0] == "images" and "contents" in path.parts))
    return tuple(path for path in own if not path.parts[0].startswith(".") and path.parts[0] not in {"tests", "node_modules"})


@functools.cache
def imports(path: Path) -> frozenset[str]:
    """Return the full names of all modules that a file imports, anywhere in the file."""
    found = set()
    for node in ast.walk(ast.parse((ROOT / path).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import hides its direction"
            found |= {str(node.module), *(f"{node.module}.{alias.name}" for alias in node.names)}
    return frozenset(found)


def direct(names: frozenset[str]) -> set[str]:
    """Return imported modules without their packages: ``from a import b`` needs ``a.b``, where that is a module."""
    return {name for name in names if not any(other.startswith(f"{name}.") and is_module(other) for other in names)}


def is_module(name: str) -> bool:
    """Tell whether a dotted name is a file of the project."""
    return (ROOT / name.replace(".", "/")).with_suffix(".py").is_file()


def importers(*modules: str) -> set[str]:
    """Return the files that import one of the modules or something in it."""
    return {
        path.as_posix()
        for path in sources()
        if any(name == module or name.startswith(f"{module}.") for name in imports(path) for module in modules)
    }


def may_know_pulumi() -> set[str]:
    """Return the files for which ruff's configuration lifts the ban on Pulumi."""
    ignores = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["ruff"]["lint"]["per-file-ignores"]
    patterns = [pattern for glob, rules in ignores.items() if rules == ["TID251"] for pattern in expanded(glob)]
    return {path.as_posix() for path in sources() if any(fnmatch.fnmatch(path.as_posix(), pattern) for pattern in patterns)}


def expanded(glob: str) -> list[str]:
    """Return the patterns of a glob with one group of alternatives in braces."""
    group = re.search(r"\{(.*?)\}", glob)
    return [glob.replace(group[0], part) for part in group[1].split(",")] if group else [glob]


def package_of(name: str) -> str:
    """Return the package of a dotted name, as the table lists it."""
    parts = name.split(".")
    if ".".join(parts[:2]) in FOR_ALL:
        return ".".join(parts[:2])
    return ".".join(parts[:2]) if parts[0] in HOMES else parts[0]


def module(path: Path) -> str:
    """Return the dotted name of a file."""
    return ".".join(path.with_suffix("").parts).removesuffix(".__init__")


def imported(path: Path) -> set[str]:
    """Return the packages of the project that a file imports."""
    return {package_of(name) for name in direct(imports(path)) if name.split(".")[0] in FOLDERS} - HOMES


@pytest.mark.parametrize("package", sorted(MAY_IMPORT))
def test_a_package_imports_only_what_it_may(package: str) -> None:
    allowed = {package, *FOR_ALL, *MAY_IMPORT[package]}
    for path in sources():
        if package_of(module(path)) == package:
            assert imported(path) <= allowed, f"{path} imports {sorted(imported(path) - allowed)}"


def test_every_package_is_in_the_table_and_imports_packages_above_it_only() -> None:
    """So the packages have an order, and no circle."""
    listed = {*MAY_IMPORT, *FOR_ALL, *HOMES, "__main__", "pipeline.__main__"}
    assert {package_of(module(path)) for path in sources()} == listed
    above = set[str]()
    for package, allowed in MAY_IMPORT.items():
        assert allowed <= above, f"{package} may import {sorted(allowed - above)}, which stand below it"
        above.add(package)


def test_the_folders_at_the_root_have_an_order() -> None:
    assert {path.parts[0] for path in sources() if len(path.parts) > 1} == set(FOLDERS)
    for package, allowed in MAY_IMPORT.items():
        before = FOLDERS[: FOLDERS.index(package.partition(".")[0]) + 1]
        assert {other.partition(".")[0] for other in allowed} <= set(before), package


def test_the_program_is_the_only_module_at_the_root() -> None:
    assert {path.as_posix() for path in sources() if len(path.parts) == 1} == {"__main__.py"}


def test_there_is_one_command_line_and_nothing_knows_it() -> None:
    """Whatever it calls works without it; the test bed adds commands of its own."""
    programs = {path.as_posix() for path in sources() if path.name == "__main__.py"}
    assert programs == {"pipeline/__main__.py", *STARTED_BY_THE_ENGINE, *STARTED_IN_A_POD}
    started_with_arguments = {"providers/server.py", "sandbox/pulumi/language_host.py"}
    commands = ("pipeline/command_line.py", "pipeline/commands/", "sandbox/command_line/")
    assert {path for path in importers("argparse", "click") if not path.startswith(commands)} == started_with_arguments
    known = importers("pipeline.command_line", "pipeline.commands", "sandbox.command_line")
    assert {path for path in known if not path.startswith(commands)} == {"pipeline/__main__.py"}


def test_layers_know_only_the_layers_before_them() -> None:
    for position, layer in enumerate(LAYERS):
        later = [f"components.{other}" for other in LAYERS[position + 1 :]]
        assert [path for path in importers(*later) if path.startswith(f"components/{layer}/")] == []


def test_only_the_listed_files_know_pulumi() -> None:
    """Everything else is a plain function, or an effect without Pulumi."""
    assert importers(*PULUMI) - may_know_pulumi() == set()


def test_only_one_file_reads_the_configuration() -> None:
    program = [path for path in sources() if path.parts[0].removesuffix(".py") in {"__main__", "components", "stack"}]
    readers = {
        path.as_posix()
        for path in program
        if "pulumi.Config" in (ROOT / path).read_text(encoding="utf-8") or any(name.startswith("pulumi.runtime") for name in imports(path))
    }
    assert readers == {"stack/running.py"}


def test_no_two_files_import_each_other() -> None:
    """Neither at run time nor for types."""
    modules = {".".join(path.with_suffix("").parts).removesuffix(".__init__"): path for path in sources()}
    edges = {name: {other for other in direct(imports(path)) if other in modules and other != name} for name, path in modules.items()}
    waiting = dict(edges)
    while free := {name for name, needs in waiting.items() if not needs & waiting.keys()}:
        waiting = {name: needs for name, needs in waiting.items() if name not in free}
    assert sorted(waiting) == []


def test_judgements_see_facts_only() -> None:
    """The judging parts of the doctor neither start programs nor send requests."""
    effects = {"os", "subprocess", "socket", "requests", "boto3", "kubernetes", "psycopg", "shutil"}
    for path in sources():
        if package_of(module(path)) in {"pipeline.checks", "pipeline.doctor", "pipeline.existing_database"} and (
            path.stem.endswith("_rules") or path.stem in {"check", "report", "version"}
        ):
            assert not {name.split(".")[0] for name in imports(path)} & effects, path


def test_pure_parts_touch_nothing() -> None:
    """No file, network, process, clock or chance decides about the declarations; otherwise two runs would differ."""
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
    pure = {"stack.capacity", "components", "stack.configs", "stack.judgement", "stack.specification", "pipeline.views"}
    for path in sources():
        if package_of(module(path)) in pure and path.name != "keys.py":
            # parsing an address sends no request
            assert not {name.split(".")[0] for name in imports(path) if not name.startswith("urllib.parse")} & effects, path
            assert "providers.waiting" not in imported(path), path


TAKING_APART = {"partition", "rpartition", "startswith", "endswith", "removeprefix", "removesuffix", "split", "index", "find"}
SENTENCES = {"message", "reason", "rule", "cure", "text"}
# files that parse a sentence, with the reason
WORDS_OF_OTHERS = {
    "pipeline/dlq/causes.py": "the sink says only in its trace whether bytes were no Avro or their schema was not known",
    "providers/kafkaconnect/validation.py": "Connect says only in its message that a key is missing",
    "stack/problem.py": "writes the sentences: a rule that holds a table ends with a line break",
}


def is_sentence(node: ast.expr) -> bool:
    """Tell whether an expression is the text of an error or of a problem."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "str" and len(node.args) == 1:
        named = node.args[0]
        return isinstance(named, ast.Name) and any(word in named.id for word in ("error", "problem", "violation", "caught", "failure"))
    return isinstance(node, ast.Attribute) and node.attr in SENTENCES and isinstance(node.value, ast.Name)


def facts_in_sentences(path: Path) -> list[int]:
    """Return the lines of a file on which a fact is read from a sentence."""
    found = []
    for node in ast.walk(ast.parse((ROOT / path).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in TAKING_APART:
            found += [node.lineno] if is_sentence(node.func.value) and (node.args or node.func.attr != "split") else []
        if isinstance(node, ast.Compare) and any(isinstance(one, ast.In | ast.NotIn) for one in node.ops):
            found += [node.lineno] if any(is_sentence(one) for one in node.comparators) else []
    return found


def test_no_fact_is_read_in_a_sentence() -> None:
    """Errors and problems carry their facts as fields, so that every message can be reworded."""
    found = {path.as_posix(): lines for path in sources() if (lines := facts_in_sentences(path))}
    assert set(found) == set(WORDS_OF_OTHERS), found


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
