"""The program's own modules in an image: those that a module imports when it is loaded, and the files that they read."""

from __future__ import annotations

import ast
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_ROOT: Final = Path(__file__).resolve().parent.parent
# Bodies that run later than the module, whose imports are those of commands on the host.
_LATER: Final = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_DATA: Final = ".txt"


class ProgramError(RuntimeError):
    """A module of an image is not one of the program's; the message names it."""


def files(modules: Sequence[str], root: Path = _ROOT) -> tuple[Path, ...]:
    """Return the files of some modules and of all that loading them imports, relative to the root, sorted.

    An import inside a function is left out, and one for the type checker; beside ``sql.py`` stands ``sql.txt``, where it reads one.

    Args:
        modules: Dotted names.
        root: Root of the program.

    Raises:
        ProgramError: If a module does not exist.
    """
    found: set[Path] = set()
    waiting = []
    for module in modules:
        named, place = list(_of(module, root)), root.joinpath(*module.split("."))
        if not {place.with_suffix(".py"), place / "__init__.py"} & set(named):
            message = f"the program has no module {module}, which contents.toml names"
            raise ProgramError(message)
        waiting += named
    while waiting:
        file = waiting.pop()
        if file not in found:
            found.add(file)
            waiting += [other for name in _imported(ast.parse(file.read_text(encoding="utf-8"))) for other in _of(name, root)]
    data = {file.with_suffix(_DATA) for file in found if file.with_suffix(_DATA).exists()}
    return tuple(sorted(file.relative_to(root) for file in found | data))


def stage(modules: Sequence[str], into: Path) -> None:
    """Copy the files of some modules, as ``files`` finds them, into a folder for PYTHONPATH. Raises ProgramError."""
    for file in files(modules):
        (into / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(_ROOT / file, into / file)


def _of(name: str, root: Path) -> Iterator[Path]:
    """Yield the files that are loaded for a dotted name: each package on the way, and the module."""
    parts = name.split(".")
    for end in range(1, len(parts) + 1):
        place = root.joinpath(*parts[:end])
        if (place / "__init__.py").is_file():
            yield place / "__init__.py"
        elif place.with_suffix(".py").is_file():
            yield place.with_suffix(".py")


def _imported(node: ast.AST) -> Iterator[str]:
    """Yield the names that a tree imports while it is loaded; for ``from a import b``, ``a.b`` as well."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            yield from (alias.name for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            yield from (str(child.module), *(f"{child.module}.{alias.name}" for alias in child.names))
        elif isinstance(child, ast.If) and isinstance(child.test, ast.Name) and child.test.id == "TYPE_CHECKING":
            for other in child.orelse:
                yield from _imported(other)
        elif not isinstance(child, _LATER):
            yield from _imported(child)
