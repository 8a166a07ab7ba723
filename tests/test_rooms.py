"""Checks the rooms of the package: no import circles, no overfull folder, a paragraph in each `__init__.py`, unique class names.

Each check is also shown to fail on a bad example.
"""

import ast
import functools
import re
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from tests.support import imports

SOURCE = Path(__file__).parents[1] / "src"
PACKAGE = "fuguemux"
GENERATED = "fuguemux/terminal/ghostty/_abi.py"
FILES_MAX = 28
"""In one folder, beside `__init__.py`: about what a reader can take in."""
ONE_FILE_PER_COMMAND = "fuguemux/commands"
DOOR_WORDS_MIN = 20

EXAMPLE = "commands/pane_count.py"
"""The command that ARCHITECTURE.md adds as an example."""

SAME_NAME = {
    "Server": "a table of config.toml, which the JSON schema names; and the parts of a server put together",
}
"""Public classes of one name in different modules, with the reason."""


@functools.cache
def modules() -> tuple[tuple[str, str], ...]:
    """(path below src, text) of every module that a person wrote."""
    return tuple(
        (path.relative_to(SOURCE).as_posix(), path.read_text())
        for path in sorted(SOURCE.rglob("*.py"))
        if path.relative_to(SOURCE).as_posix() != GENERATED
    )


def overfull(paths: Iterable[str]) -> list[str]:
    files: defaultdict[str, int] = defaultdict(int)
    for path in paths:
        folder, _, name = path.rpartition("/")
        if name != "__init__.py" and folder != ONE_FILE_PER_COMMAND:
            files[folder] += 1
    return [f"{folder}: {count} files" for folder, count in files.items() if count > FILES_MAX]


def doors_without_words(texts: Iterable[tuple[str, str]]) -> list[str]:
    return [
        path
        for path, text in texts
        if path.endswith("/__init__.py")
        and path.count("/") > 1
        and len((ast.get_docstring(ast.parse(text)) or "").split()) < DOOR_WORDS_MIN
    ]


def shared_names(texts: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    places: defaultdict[str, list[str]] = defaultdict(list)
    for path, text in texts:
        for name in imports.public_classes(text):
            places[name].append(path)
    return {name: found for name, found in places.items() if len(found) > 1}


def test_there_is_no_import_circle() -> None:
    assert imports.circle(imports.graph_of(modules(), PACKAGE)) == []
    inside = [("a/b.py", "def f():\n    from a import c\n"), ("a/c.py", "import a.b\n")]
    assert imports.circle(imports.graph_of(inside, "a")) == ["a.b", "a.c", "a.b"]
    typed = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from a.c import C\n"
    assert imports.circle(imports.graph_of([("a/b.py", typed), inside[1]], "a"))
    assert not imports.circle(imports.graph_of([("a/b.py", "import os\n"), inside[1]], "a"))


def test_the_rooms_are_stacked() -> None:
    assert imports.circle(imports.rooms_of(imports.graph_of(modules(), PACKAGE))) == []
    crossed = {"a.x.b": {"a.y.c"}, "a.y.c": set(), "a.y.d": {"a.x.e"}, "a.x.e": set()}
    assert not imports.circle(crossed)
    assert imports.circle(imports.rooms_of(crossed)) == ["a.x", "a.y", "a.x"]
    ports = {"a.x.b": {"a.ports", "a.y.c"}, "a.y.c": {"a.ports"}, "a.ports": set()}
    assert not imports.circle(imports.rooms_of(ports))


def test_no_room_is_overfull() -> None:
    assert overfull(path for path, _ in modules()) == []
    assert overfull([f"a/{number}.py" for number in range(FILES_MAX + 1)])
    assert not overfull([f"a/{number}.py" for number in range(FILES_MAX)] + ["a/__init__.py"])


def test_every_door_says_what_the_room_is_for() -> None:
    assert doors_without_words(modules()) == []
    assert doors_without_words([("a/b/__init__.py", '"""A room."""\n')])
    assert doors_without_words([("a/b/__init__.py", "")])


def missing_files(page: str) -> list[str]:
    """Modules that a page names and that are not there."""
    named = [name for name in re.findall(r"`([\w/]+\.py)`", page) if name != EXAMPLE]
    places = (SOURCE / PACKAGE, SOURCE.parent)
    return [name for name in named if not any((place / name).exists() for place in places)]


def test_the_map_names_files_that_exist() -> None:
    assert missing_files((SOURCE.parent / "ARCHITECTURE.md").read_text()) == []
    assert missing_files("see `server/nowhere.py`") == ["server/nowhere.py"]


def test_a_class_has_its_name_for_itself() -> None:
    found = shared_names(modules())
    assert {name: places for name, places in found.items() if name not in SAME_NAME} == {}
    assert SAME_NAME.keys() <= found.keys(), "names that are no longer shared leave the list"
    bad = [("a/x/b.py", "class C:\n    pass\n"), ("a/y/c.py", "class C:\n    pass\n")]
    assert shared_names(bad) == {"C": ["a/x/b.py", "a/y/c.py"]}
    assert not shared_names([("a/b.py", "class _C: ...\n"), ("a/c.py", "class _C: ...\n")])
