"""A stack's configuration is read from its two files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pipeline.recording.stackfile import StackFileError, stack_config

if TYPE_CHECKING:
    from pathlib import Path

PROJECT = """
name: sample
config:
  replicas: {type: integer, default: 3}
  quiet: {type: boolean, default: false}
  region: {type: string}
  ports: {type: object, default: {postgres: 5432}}
  aws:region: eu-west-1
"""


def write(root: Path, stack: str) -> Path:
    """Write a project whose dev stack has this content."""
    (root / "Pulumi.yaml").write_text(PROJECT)
    (root / "Pulumi.dev.yaml").write_text(stack)
    return root


def test_defaults_are_encoded_as_the_sdk_reads_them(tmp_path: Path) -> None:
    """Objects, numbers and booleans are JSON, text is text, a key without default is absent."""
    assert stack_config(write(tmp_path, ""), "dev").values == {
        "sample:replicas": "3",
        "sample:quiet": "false",
        "sample:ports": '{"postgres": 5432}',
        "aws:region": "eu-west-1",
    }


def test_the_stack_file_wins(tmp_path: Path) -> None:
    """Keys of the stack file carry their project."""
    values = stack_config(write(tmp_path, "config: {'sample:replicas': 1, 'sample:ports': {a: [1]}}"), "dev").values
    assert values["sample:replicas"] == "1"
    assert values["sample:ports"] == '{"a": [1]}'


def test_an_encrypted_value_is_refused_with_its_key(tmp_path: Path) -> None:
    """Nothing here can decrypt it, and a wrong guess would be worse."""
    root = write(tmp_path, "config:\n  sample:region:\n    secure: AAABAB\n")
    with pytest.raises(StackFileError, match=r"Pulumi.dev.yaml: sample:region is encrypted"):
        stack_config(root, "dev")


def test_a_secret_deep_inside_an_object_is_refused_too(tmp_path: Path) -> None:
    """The CLI encrypts single fields of objects."""
    root = write(tmp_path, "config:\n  sample:login:\n    users:\n      - password: {secure: AAABAB}\n")
    with pytest.raises(StackFileError, match="encrypted"):
        stack_config(root, "dev")


def test_an_unknown_stack_is_answered_with_the_known_ones(tmp_path: Path) -> None:
    """A typo shows the names that exist."""
    with pytest.raises(StackFileError, match=r"Pulumi.dve.yaml does not exist. The stacks of this project are: dev"):
        stack_config(write(tmp_path, ""), "dve")


@pytest.mark.parametrize("content", ["- a\n- b\n", "config: [unclosed"])
def test_a_malformed_file_is_named(tmp_path: Path, content: str) -> None:
    """The message names the file that is wrong."""
    with pytest.raises(StackFileError, match=r"Pulumi.dev.yaml"):
        stack_config(write(tmp_path, content), "dev")


def test_a_file_that_is_not_text_is_named(tmp_path: Path) -> None:
    root = write(tmp_path, "")
    (root / "Pulumi.latin.yaml").write_bytes("config: {region: caf\u00e9}".encode("latin-1"))
    (root / "Pulumi.folder.yaml").mkdir()
    with pytest.raises(StackFileError, match=r"^Pulumi.latin.yaml is not UTF-8 \(byte 20\); save it as UTF-8$"):
        stack_config(root, "latin")
    with pytest.raises(StackFileError, match=r"^Pulumi.folder.yaml cannot be read: Is a directory$"):
        stack_config(root, "folder")


@pytest.mark.parametrize("stack", ["", "../dev", "a/dev", "dev\n"])
def test_a_path_is_no_name_of_a_stack(tmp_path: Path, stack: str) -> None:
    with pytest.raises(StackFileError, match=r"is not a stack's name; .* The stacks of this project are: dev\.$"):
        stack_config(write(tmp_path, ""), stack)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("confg: {sample:region: x}", r"Pulumi.dev.yaml: confg is not a key of a stack file; did you mean config\?"),
        ("sample:region: x", "sample:region is not a key of a stack file; settings stand below config"),
        ("config: [a]", "config must be a mapping of settings, got a list"),
        ("config: text", "config must be a mapping of settings, got a str"),
        ("config: {1: x}", "config has the key 1, which is no text"),
        (
            "config:\n  sample:region: x\n  sample:region: y\n",
            "Pulumi.dev.yaml, line 3 is not valid YAML: the key sample:region is written twice",
        ),
        ("config: {region: x, sample:region: y}", "region and sample:region are one key, written twice; remove one of them"),
        ("config:\n  sample:ports:\n    a: 1\n    a: 2\n", "line 4 is not valid YAML: the key a is written twice"),
    ],
)
def test_a_key_in_the_wrong_place_or_written_twice_is_named(tmp_path: Path, content: str, reason: str) -> None:
    """The CLI would ignore the first two and refuse the last two; one that wins over another silently loses a setting."""
    with pytest.raises(StackFileError, match=reason):
        stack_config(write(tmp_path, content), "dev")


def test_anchors_and_merged_keys_are_read(tmp_path: Path) -> None:
    root = write(tmp_path, "config:\n  sample:a: &a {x: 1, y: 2}\n  sample:b: {<<: *a, y: 3}\n")
    assert stack_config(root, "dev").values["sample:b"] == '{"x": 1, "y": 3}'


def test_the_line_of_a_fault_is_named_and_not_shown(tmp_path: Path) -> None:
    """It may hold a credential."""
    with pytest.raises(StackFileError, match=r"Pulumi.dev.yaml, line") as caught:
        stack_config(write(tmp_path, 'config:\n  sample:ports: {password: "swordfish}\n'), "dev")
    assert "swordfish" not in str(caught.value)
