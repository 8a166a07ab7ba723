"""A directory tree in memory, which can be written to disk again byte for byte any number of times."""

import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

PRIVATE_FILE = 0o600
PRIVATE_DIRECTORY = 0o700
FILE_BYTES_MAX = 16 << 20
"""Larger files end with a hole."""


class Tree(NamedTuple):
    """`files`: path relative to the root → content. `directories`: relative paths, parents first."""

    files: dict[str, bytes]
    directories: tuple[str, ...]


def read_tree(root: Path) -> Tree:
    """Everything below `root` but sockets and links. What cannot be read, as the user one is, is left out."""
    files: dict[str, bytes] = {}
    directories: list[str] = []
    for path in _walk(root):
        mode = path.lstat().st_mode
        name = str(path.relative_to(root))
        if stat.S_ISDIR(mode):
            directories.append(name)
        elif stat.S_ISREG(mode):
            try:
                with path.open("rb") as file:
                    files[name] = file.read(FILE_BYTES_MAX)
            except PermissionError:
                continue
    return Tree(files, tuple(directories))


def _walk(root: Path) -> Iterator[Path]:
    for directory, names, files in os.walk(root):
        names.sort()
        for name in [*names, *sorted(files)]:
            yield Path(directory, name)


def changes(was: Tree, now: Tree) -> list[str]:
    """Which files are not what they were, and from which byte on."""
    told = []
    for name in sorted(was.files.keys() | now.files.keys()):
        before, after = was.files.get(name), now.files.get(name)
        if before is None or after is None:
            told.append(f"{name} is {'new' if before is None else 'gone'}")
        elif before != after:
            pairs = enumerate(zip(before, after, strict=False))
            at = next((n for n, (a, b) in pairs if a != b), min(len(before), len(after)))
            told.append(f"{name} from byte {at} on: {after[at : at + 40]!r}")
    return told


def write_tree(root: Path, tree: Tree) -> None:
    """Put `tree` below `root`, in place of whatever is there."""
    remove_tree(root)
    root.mkdir(PRIVATE_DIRECTORY, parents=True, exist_ok=True)
    for name in tree.directories:
        (root / name).mkdir(PRIVATE_DIRECTORY, parents=True, exist_ok=True)
    for name, content in tree.files.items():
        path = root / name
        path.write_bytes(content)
        path.chmod(PRIVATE_FILE)


def remove_tree(root: Path) -> None:
    """Remove everything below `root`, also where somebody has taken permissions away."""
    for directory, names, _files in os.walk(root):
        for name in names:
            path = Path(directory, name)
            if not path.is_symlink():
                path.chmod(PRIVATE_DIRECTORY)
    shutil.rmtree(root, ignore_errors=True)
