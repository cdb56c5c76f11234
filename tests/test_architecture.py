"""The shape of the code: allowed imports, sizes of files, forbidden names."""

from __future__ import annotations

import ast
import fnmatch
import functools
import re
import tomllib
from typing import TYPE_CHECKING

import pytest

from recording.recorder import ROOT

if TYPE_CHECKING:
    from pathlib import Path

LONGEST = 250
# files over LONGEST lines, each with its reason
LONGER: dict[str, str] = {}

LAYERS = ("foundation", "source", "streaming", "archive", "audit", "monitoring")
PULUMI = ("pulumi", "pulumi_kubernetes", "pulumi_aws", "pulumi_kafka", "pulumi_random", "pulumi_tls", "pulumi_policy")
# modules at the root: the program, its exports and its configuration, and three that every package may import
FOR_ALL = {"problem", "unknown", "waiting"}
ROOT_MODULES = ("__main__", "outputs", "running_stack", *sorted(FOR_ALL))

# packages that each package may import in addition to itself, from the ground up; the command line may import them all
MAY_IMPORT: dict[str, set[str]] = {
    "checks": set(),
    "configs": set(),
    "capacity": {"configs"},
    "images": {"checks"},
    "providers": {"configs"},
    "settings": {"configs"},
    "laptop": {"images", "settings"},
    "recording": {"configs", "settings"},
    "specification": {"capacity", "configs", "settings"},
    "components": {"providers", "settings", "specification"},
    "judgement": {"capacity", "configs", "settings", "specification"},
    "existing_database": {"capacity", "checks", "judgement", "recording", "settings", "specification"},
    "ddl": {"checks", "existing_database", "judgement", "providers", "recording", "settings", "specification"},
    "existing_prometheus": {"checks", "judgement", "recording", "specification"},
    "policy": {"capacity", "configs", "judgement", "running_stack", "settings", "specification"},
    "plan": {"capacity", "checks", "judgement", "policy", "recording"},
    "views": {"settings"},
    "reading": {"checks", "configs", "judgement", "recording", "settings", "specification", "views"},
    "dead_letters": {"checks", "judgement", "providers", "reading", "recording", "settings"},
    "description": {"configs", "providers", "reading", "recording", "settings", "specification"},
    "audit": {"checks", "configs", "dead_letters", "description", "reading", "settings", "views"},
    "backfill": {"checks", "description", "judgement", "providers", "reading", "recording", "settings"},
    "doctor": {
        "capacity",
        "checks",
        "dead_letters",
        "existing_database",
        "judgement",
        "laptop",
        "policy",
        "providers",
        "recording",
        "settings",
        "specification",
    },
    "epochs": {
        "capacity",
        "checks",
        "configs",
        "description",
        "judgement",
        "providers",
        "reading",
        "recording",
        "settings",
        "specification",
    },
    "review": {"capacity", "checks", "configs", "doctor", "images", "policy", "providers", "settings"},
    "status": {
        "audit",
        "backfill",
        "capacity",
        "checks",
        "configs",
        "ddl",
        "dead_letters",
        "description",
        "epochs",
        "existing_database",
        "judgement",
        "providers",
        "reading",
        "recording",
        "settings",
        "specification",
    },
    "dashboards": {"capacity", "checks", "judgement", "recording", "settings", "specification", "status"},
    "quality": {"audit", "checks", "dead_letters", "description", "judgement", "reading", "recording", "settings", "status"},
    "sandbox": {
        "capacity",
        "checks",
        "configs",
        "description",
        "images",
        "judgement",
        "providers",
        "reading",
        "recording",
        "settings",
        "specification",
        "status",
    },
    "bench": {"audit", "capacity", "checks", "reading", "sandbox", "settings"},
    "faults": {"audit", "bench", "checks", "dead_letters", "providers", "reading", "sandbox", "settings"},
    "tools": {"ddl", "description", "judgement", "plan", "policy", "recording", "review", "settings", "specification", "status"},
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
STARTED_IN_A_POD = {"audit/__main__.py", "quality/__main__.py", "status/__main__.py"}
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


def packages() -> set[str]:
    """Return every package and module at the root of the project."""
    return {path.parts[0].removesuffix(".py") for path in sources()}


@pytest.mark.parametrize("package", sorted(MAY_IMPORT))
def test_a_package_imports_only_what_it_may(package: str) -> None:
    allowed = {package, *FOR_ALL, *MAY_IMPORT[package]}
    for path in sources():
        if path.parts[0].removesuffix(".py") == package:
            own = {name.split(".")[0] for name in imports(path)} & packages()
            assert own <= allowed, f"{path} imports {sorted(own - allowed)}"


def test_every_package_is_in_the_table_and_imports_packages_above_it_only() -> None:
    """So the folders have an order, and no circle."""
    assert {path.parts[0] for path in sources() if len(path.parts) > 1} == {*MAY_IMPORT, "pipeline"}
    above = {"running_stack"}
    for package, allowed in MAY_IMPORT.items():
        assert allowed <= above, f"{package} may import {sorted(allowed - above)}, which stand below it"
        above.add(package)


def test_modules_at_the_root_are_few() -> None:
    assert {path.stem for path in sources() if len(path.parts) == 1} == set(ROOT_MODULES)


def test_there_is_one_command_line_and_nothing_knows_it() -> None:
    """It may import any package; whatever it calls works without it."""
    programs = {path.as_posix() for path in sources() if path.name == "__main__.py"}
    assert programs == {"pipeline/__main__.py", *STARTED_BY_THE_ENGINE, *STARTED_IN_A_POD}
    started_with_arguments = {"providers/server.py", "sandbox/pulumi/language_host.py"}
    assert {path for path in importers("argparse", "click") if not path.startswith("pipeline/")} == started_with_arguments
    assert {path for path in importers("pipeline") if not path.startswith("pipeline/")} == set()


def test_layers_know_only_the_layers_before_them() -> None:
    for position, layer in enumerate(LAYERS):
        later = [f"components.{other}" for other in LAYERS[position + 1 :]]
        assert [path for path in importers(*later) if path.startswith(f"components/{layer}/")] == []


def test_only_the_listed_files_know_pulumi() -> None:
    """Everything else is a plain function, or an effect without Pulumi."""
    assert importers(*PULUMI) - may_know_pulumi() == set()


def test_only_one_file_reads_the_configuration() -> None:
    program = [
        path for path in sources() if path.parts[0].removesuffix(".py") in {*ROOT_MODULES, "components", "specification", "settings"}
    ]
    readers = {
        path.as_posix()
        for path in program
        if "pulumi.Config" in (ROOT / path).read_text(encoding="utf-8") or any(name.startswith("pulumi.runtime") for name in imports(path))
    }
    assert readers == {"running_stack.py"}


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
        if path.parts[0] in {"checks", "doctor", "existing_database"} and (
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
        "waiting",
    }
    for path in sources():
        if path.parts[0] in {"capacity", "components", "configs", "judgement", "specification", "views"} and path.name != "keys.py":
            # parsing an address sends no request
            assert not {name.split(".")[0] for name in imports(path) if not name.startswith("urllib.parse")} & effects, path


TAKING_APART = {"partition", "rpartition", "startswith", "endswith", "removeprefix", "removesuffix", "split", "index", "find"}
SENTENCES = {"message", "reason", "rule", "cure", "text"}
# files that parse a sentence, with the reason
WORDS_OF_OTHERS = {
    "dead_letters/causes.py": "the sink says only in its trace whether bytes were no Avro or their schema was not known",
    "providers/kafkaconnect/validation.py": "Connect says only in its message that a key is missing",
    "problem.py": "writes the sentences: a rule that holds a table ends with a line break",
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
