"""The one command line: its help texts, its refusals, and the values passed on to the package that does the work."""

from __future__ import annotations

import functools
import re
import shlex
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import click
import pytest

from images import tool
from pipeline.command_line import PROGRAM, main, root
from pipeline.commands.shared_options import BARE, DEFAULT_STACK
from pipeline.commands.teaching import Command, Group
from pipeline.plan import commands as plan_commands
from pipeline.recording.recorder import ROOT
from sandbox import commands as sandbox_commands
from tests.checkout import tracked

if TYPE_CHECKING:
    from collections.abc import Iterator

HEAVY = ("pulumi", "pulumi_kubernetes", "pulumi_aws", "kubernetes", "boto3", "pyarrow", "duckdb", "psycopg", "pydantic", "requests", "rich")
STARTED = re.compile(r"""(?:python3?"? -m |"-m", ")([a-z_.]+)\b(?! and )""")
SPELLED = re.compile(r"python -m pipeline ([a-z][a-z ]*[a-z])")


def tree(command: click.Command = root, *words: str) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Return every group and command with the words that name it."""
    yield words, command
    if isinstance(command, click.Group):
        for name, child in command.commands.items():
            yield from tree(child, *words, name)


EVERY = dict(tree())
LEAVES = {words: command for words, command in EVERY.items() if not isinstance(command, click.Group)}
GROUPS = {words: command for words, command in EVERY.items() if isinstance(command, click.Group)}
EXAMPLES = [example for command in EVERY.values() if isinstance(command, (Command, Group)) for example in command.examples]


def helped(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> str:
    """Return the output of ``--help``."""
    assert main([*words, "--help"]) == 0
    return capsys.readouterr().out


def run(*arguments: str, options: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    """Run the command as its user would."""
    line = [sys.executable, *options, "-m", "pipeline", *arguments]
    return subprocess.run(line, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)


def test_the_commands_are_those_that_the_documents_describe() -> None:
    assert list(root.commands) == [
        "plan",
        "doctor",
        "sql",
        "tables",
        "ddl",
        "archive",
        "views",
        "backfill",
        "status",
        "exporter",
        "dashboards",
        "monitoring",
        "audit",
        "quality",
        "dlq",
        "epoch",
        "review",
        "sandbox",
        "laptop",
        "images",
        "bench",
        "faults",
        "documents",
    ]


@pytest.mark.parametrize("words", EVERY, ids=" ".join)
def test_every_help_has_an_example(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    examples = helped(words, capsys).partition("\nExamples:\n")[2].partition("\nExit codes:\n")[0]
    assert f"{' '.join([PROGRAM, *words])}" in examples


@pytest.mark.parametrize("words", LEAVES, ids=" ".join)
def test_every_command_explains_its_exit_codes_and_options(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    shown, command = helped(words, capsys), LEAVES[words]
    assert isinstance(command, Command)
    assert {0, 1, 2} <= set(command.exit_codes)
    listed = re.findall(r"^  (\d+) +\S", shown.partition("\nExit codes:\n")[2], re.MULTILINE)
    assert [int(code) for code in listed] == sorted(command.exit_codes)
    assert [option.name for option in command.params if isinstance(option, click.Option) and not option.help] == []


@pytest.mark.parametrize("words", GROUPS, ids=" ".join)
def test_no_command_in_a_list_is_cut_short(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    listed = helped(words, capsys).partition("\nCommands:\n")[2].partition("\n\n")[0]
    assert len(listed.splitlines()) == len(GROUPS[words].commands)
    assert "..." not in listed


def test_every_command_has_the_same_stack_when_none_is_given() -> None:
    """The review alone is of a preview, which names its stack."""
    found = {words: option.default for words, command in LEAVES.items() for option in command.params if option.name == "stack"}
    assert len(found) > 15
    assert {words for words, default in found.items() if default != DEFAULT_STACK} == {("review", "digest")}


def test_every_command_takes_a_table_by_either_name() -> None:
    named = {"table", "tables"}
    options = {words: [one for one in command.params if isinstance(one, click.Option)] for words, command in LEAVES.items()}
    found = {words: option for words, those in options.items() for option in those if option.name in named}
    assert {words[0] for words in found} == {"audit", "backfill", "quality", "views"}
    assert all(BARE in str(option.help) for option in found.values())


@pytest.mark.parametrize("example", [example for example in EXAMPLES if f"{PROGRAM} " in example])
def test_an_example_is_understood(example: str) -> None:
    typed = example.partition(f"{PROGRAM} ")[2].removesuffix(')"')
    words = shlex.split(re.split(r" [|>&]|  +#", typed)[0])
    context, command = click.Context(root), root
    while isinstance(command, click.Group):
        name, found, words = command.resolve_command(context, words)
        assert found is not None
        command = found
        if isinstance(command, click.Group) and words == ["--help"]:
            return
    command.make_context(name, words, parent=context)


@functools.cache
def texts() -> dict[str, str]:
    """Return every file under version control, of any kind."""
    return {name: (ROOT / name).read_text(encoding="utf-8", errors="replace") for name in tracked()}


def test_commands_that_documents_and_messages_spell_are_commands() -> None:
    spelled = {(name, found) for name, text in texts().items() for found in SPELLED.findall(text)}
    assert len(spelled) > 50
    assert {(name, found) for name, found in spelled if not any(tuple(found.split()[:count]) in EVERY for count in (1, 2))} == set()


def test_a_package_that_is_run_can_be_run() -> None:
    """One that people run, three that pods start, and one that the engine starts."""
    run = {(name, found) for name, text in texts().items() for found in STARTED.findall(text) if (ROOT / found.replace(".", "/")).is_dir()}
    assert {found for _, found in run} == {"pipeline", "pipeline.audit", "pipeline.quality", "pipeline.status", "sandbox.standins"}


def test_alone_it_lists_its_commands() -> None:
    done = run()
    assert done.returncode == 2
    assert all(f"\n  {name} " in done.stderr for name in root.commands)


@pytest.mark.parametrize(
    ("given", "nearest"),
    [
        (["docter"], "'doctor'"),
        (["sandbox", "statu"], "'status'"),
        (["review", "digets"], "'digest'"),
        (["plan", "--stak", "dev"], "'--stack'"),
        (["doctor", "--jason"], "'--json'"),
        (["sandbox", "up", "--engin", "pulumi"], "'--engine'"),
        (["bench", "--row", "1"], "'--rows'"),
    ],
)
def test_an_unknown_word_is_refused_with_the_nearest_one(given: list[str], nearest: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(given) == 2
    told = capsys.readouterr()
    assert nearest in told.err
    assert "--help" in told.err
    assert told.out == ""


@pytest.mark.parametrize(
    ("given", "choices"),
    [
        (["images", "build", "kafak"], "'kafka'"),
        (["laptop", "load", "kafak"], "'kafka'"),
        (["bench", "speed"], "'memory'"),
        (["documents", "svg"], "'pictures'"),
        (["sandbox", "up", "--engine", "other"], "'pulumi'"),
        (["review", "digest", "--format", "html"], "'markdown'"),
        (["tables", "public.*"], "public.*"),
        (["sandbox", "pulumi", "--diff"], "--diff"),
    ],
)
def test_an_unknown_value_is_refused_with_the_valid_ones(given: list[str], choices: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(given) == 2
    assert choices in capsys.readouterr().err


def test_help_loads_nothing_heavy() -> None:
    script = (
        "import sys\nfrom pipeline.command_line import main\n"
        f"for words in {[list(words) for words in EVERY]}:\n    assert main([*words, '--help']) == 0\n"
        f"sys.stderr.write(' '.join(name for name in {HEAVY} if name in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)
    assert done.stderr == ""


@pytest.mark.parametrize("given", [[], ["plan", "--stack", "prod"], ["sandbox", "up"]], ids=" ".join)
def test_missing_packages_are_reported_with_the_cure(given: list[str]) -> None:
    """As when the virtual environment is forgotten."""
    done = run(*given, options=("-S",))
    assert done.returncode == 1
    assert done.stderr.strip() == f"error: click is not installed: make venv, then .venv/bin/{' '.join([PROGRAM, *given])}"


def test_a_missing_package_of_a_single_command_is_reported_with_the_cure() -> None:
    """As when the environment is older than the requirements."""
    script = (
        "import runpy, sys\nsys.modules['rich'] = None\nsys.argv[1:] = ['plan', '--brief']\n"
        "runpy.run_module('pipeline', run_name='__main__')"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert done.stderr.strip() == f"error: rich is not installed: make venv, then .venv/bin/{PROGRAM} plan --brief"


def raising(error: BaseException) -> Any:
    """Return a function that fails with an error."""

    def fail(*_: object, **__: object) -> None:
        raise error

    return fail


def test_ctrl_c_is_exit_code_130(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan_commands, "plan", raising(KeyboardInterrupt()))
    assert main(["plan"]) == 130


@pytest.mark.parametrize("before", [["--"], []])
@pytest.mark.parametrize("command", ["kubectl", "pulumi"])
def test_arguments_after_the_two_dashes_are_passed_on_unchanged(command: str, before: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[tuple[str, ...]] = []
    monkeypatch.setattr(sandbox_commands, command, lambda arguments: given.append(arguments) or 7)
    words = ("exec", "pod", "-c", "one", "--", "ls", "--help")
    assert main(["sandbox", command, *before, *words]) == 7
    assert given == [words]


@pytest.mark.parametrize(
    ("error", "code", "told"),
    [
        (RuntimeError("there is no node"), 1, "error: there is no node\n"),
        (ValueError(), 1, "error: ValueError()\n"),
        (KeyboardInterrupt(), 130, "interrupted; 'make sandbox' continues from here and 'make sandbox-down' removes everything\n"),
    ],
)
def test_the_sandbox_says_what_went_wrong_without_a_traceback(
    error: BaseException, code: int, told: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("SANDBOX_TRACEBACK", raising=False)
    monkeypatch.setattr("pipeline.reading.saved_outputs.read", raising(error))
    assert main(["sandbox", "outputs"]) == code
    assert capsys.readouterr().err == told


@pytest.mark.parametrize(("given", "about"), [(["laptop", "down"], "cluster"), (["images", "build"], "images")])
def test_a_tool_that_fails_is_one_sentence(
    given: list[str], about: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("run", "ask"):
        monkeypatch.setattr(tool, name, raising(tool.ToolError("the command docker is not on PATH")))
    assert main(given) == 1
    assert capsys.readouterr().err == f"{about}: the command docker is not on PATH\n"
