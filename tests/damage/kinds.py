"""The kind of each file of the state directory, by its name."""

import re
from collections.abc import Mapping

STATE = "state/fugue/default"
RUNTIME = "run/fugue"
LEFT_ALONE = ("config/", ".bash", "copy-of")
"""Not state: nothing is read from there that could be lost."""

_PATTERNS = (
    ("manifest", r"checkpoints/MANIFEST-[0-9a-f]{16}"),
    ("save", r"(checkpoints|saves)/SAVE-[0-9a-f]+"),
    ("pack", r"(checkpoints/pack-[0-9a-f]{32}|saves/PACK-[0-9a-f]+)"),
    ("segment", r"wal/[0-9a-f]{16}\.wal"),
    ("ballast", r"wal/ballast"),
    ("report", r"recoveries/\d+\.json"),
    ("last screen", r"screens/.*\.screen"),
    ("quarantine", r"quarantine/.*"),
    ("pipe", r"pipes/\d+"),
    ("diagnostics", r"(server|keeper)\.log(\.\d+)?"),
)

CONTENT = frozenset({"manifest", "save", "pack", "segment", "report", "last screen", "quarantine"})
"""Kinds whose bytes nobody else has: undamaged or not, they are never thrown away."""
STRUCTURAL = frozenset({"manifest", "save", "pack", "segment"})
"""Kinds that a start refuses to go without if another user's permissions are all that is wrong."""
HELPERS = frozenset(
    {"STORE", "boot", "zone", "attached", "modes", "age", "keeper-store", "pipe", "starting"}
    | {"safe-mode", "watermark", "saved"}
)
"""Small files: whatever is in them a start is as usual, with a line in the report."""


ABSENT = (
    "starting",
    "safe-mode",
    "keeper-store",
    "landing",
    "wal/half.tmp",
    "checkpoints/MANIFEST-1.tmp",
    "checkpoints/MANIFEST-00000000000000ff.old",
    "checkpoints/SAVE-6f6c64",
    "saves/SAVE-6e6577.tmp",
    "pipes/999",
    "screens/000000000000001-0.screen",
    "recoveries/000000000000001.json",
)
"""Files that a running server has no need of at the moment, and of which something may be there all the same."""


def kind_of(name: str) -> str:
    """The kind of a file, by its path below the home directory; empty: it is left alone."""
    if any(part in name for part in LEFT_ALONE):
        return ""
    if name.startswith(f"{RUNTIME}/"):
        return "landing zone" if name.endswith(".landing") else name.rpartition("/")[2]
    if not name.startswith(f"{STATE}/"):
        return ""
    inside = name.removeprefix(f"{STATE}/")
    for kind, pattern in _PATTERNS:
        if re.fullmatch(pattern, inside):
            return kind
    return "landing zone" if inside == "landing" else inside


def by_kind(names: Mapping[str, object]) -> dict[str, list[str]]:
    """The names of files that can be damaged, by kind."""
    found: dict[str, list[str]] = {}
    for name in sorted(names):
        kind = kind_of(name)
        if kind:
            found.setdefault(kind, []).append(name)
    return found
