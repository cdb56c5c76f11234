"""contents.toml: parsed into folders; invalid tables are refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from images import wanted
from images.wanted import WantedError

_IMAGES = Path(wanted.__file__).parent


def test_a_folder_holds_what_its_table_says() -> None:
    text = '["plugins/x"]\nmaven = ["g:a:1"]\nexclude = ["g:b"]\nservices = { "an.Interface" = "a.Class", "b.I" = ["a.B", "a.C"] }'
    (folder,) = wanted.parse(text, "contents.toml")
    assert (folder.path, folder.maven, folder.exclude) == ("plugins/x", ("g:a:1",), ("g:b",))
    assert folder.services == (("an.Interface", ("a.Class",)), ("b.I", ("a.B", "a.C")))


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("[libs]\nmavne = []", "must be a table with some of"),
        ("libs = 1", "must be a table with some of"),
        ("[libs]", "must be a table with some of"),
        ('[libs]\ninside = "p==1"', "together"),
        ('[libs]\nsources = "java"\ncompiler = "g:a:jar:1"', "`sources`, `compiler`, `against` together"),
    ],
)
def test_an_invalid_table_is_refused(text: str, rule: str) -> None:
    with pytest.raises(WantedError, match=rule):
        wanted.parse(text, "contents.toml")


@pytest.mark.parametrize("file", sorted(_IMAGES.glob("*/contents.toml")), ids=lambda file: file.parent.name)
def test_every_image_pins_exact_versions(file: Path) -> None:
    for folder in wanted.parse(file.read_text(encoding="utf-8"), str(file)):
        assert all(len(root.split(":")) == 3 for root in folder.maven)
        assert all("==" in wheel for wheel in (*folder.wheels, *filter(None, [folder.inside])))
