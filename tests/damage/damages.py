"""The kinds of damage that can happen to a file. Each is done to a state directory on disk by a random choice."""

import os
import random
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.damage.kinds import ABSENT, RUNTIME, STATE, STRUCTURAL, by_kind, kind_of
from tests.damage.tree import PRIVATE_DIRECTORY, PRIVATE_FILE, Tree

STRANGER = 61_003
"""A user to whom nothing else belongs."""
SECTOR_BYTES = 512
INSIDE = "somebody's file"
NOWHERE = "/nowhere/at all"
HUGE_BYTES = 1 << 40
DIRECTORIES = ("wal", "checkpoints", "saves", "quarantine", "recoveries", "screens", "pipes")


SPECIAL = 0.06
"""Share of rounds with a damage to more than one file."""
OLDER_COPY = "older copy"
PLANT = "planted"
PLANTED = (
    "stopped",
    "made-anew",
    *(f"{name}/{INSIDE}" for name in ("pipes", "screens", "recoveries", "saves", "wal")),
)


@dataclass(frozen=True)
class Damage:
    """One damage that was done. `keeps`: the bytes are all there, somebody may only not be allowed to read them."""

    kind: str
    name: str
    how: str
    detail: str = ""
    keeps: bool = False

    def __str__(self) -> str:
        return f"{self.how} of {self.kind} {self.name.rpartition('/')[2]} {self.detail}".rstrip()


def damage(home: Path, tree: Tree, older: Tree, rng: random.Random) -> list[Damage]:
    """Do one damage, sometimes two, to what `tree` has below `home`; what was done. `older`: the state of an earlier day."""
    if rng.random() < SPECIAL:
        return [rng.choice(_SPECIALS)(home, older, rng)]
    done = [_one(home, tree, rng)]
    if rng.random() < 0.2:
        done.append(_one(home, tree, rng, taken=[each.name for each in done]))
    return done


# -- what befalls more than one file ------------------------------------------------------------


def _older_copy(home: Path, older: Tree, _rng: random.Random) -> Damage:
    """The whole state directory is that of an earlier day. The runtime directory is as it was."""
    shutil.rmtree(home / STATE)
    for name in older.directories:
        (home / name).mkdir(PRIVATE_DIRECTORY, parents=True, exist_ok=True)
    for name, content in older.files.items():
        (home / name).write_bytes(content)
        (home / name).chmod(PRIVATE_FILE)
    return Damage("state", STATE, OLDER_COPY)


def _torn_end(home: Path, _older: Tree, rng: random.Random) -> Damage:
    """The last record of the log is not whole, and nothing tells how far the log had come."""
    used = [p for p in (home / STATE / "wal").glob("*.wal") if p.read_bytes().strip(b"\0")]
    newest = max((path for path in used if not path.name.startswith("ffffffff")), default=used[0])
    data = bytearray(newest.read_bytes())
    end = len(data.rstrip(b"\0"))
    start = max(end - rng.randint(1, 64), 0)  # of a whole record nothing would be left to tell
    data[start:end] = bytes(end - start)
    _write(newest, bytes(data))
    (home / STATE / "watermark").unlink()
    for copy in (home / RUNTIME).glob("*.durable"):
        copy.unlink()
    return Damage("segment", str(newest.relative_to(home)), "torn end", f"{start}-{end}")


def _planted(home: Path, _older: Tree, rng: random.Random) -> Damage:
    """Something of nobody's is where only files of ours are."""
    place = home / STATE / rng.choice(PLANTED)
    if place.name == INSIDE:
        place.parent.mkdir(PRIVATE_DIRECTORY, exist_ok=True)
    if rng.random() < 0.3:
        place.mkdir(PRIVATE_DIRECTORY)
        (place / INSIDE).write_bytes(b"in a directory called " + place.name.encode())
    else:
        content = rng.choice((b"", bytes(100), b"somebody wrote this"))
        # An empty mark of a deliberate stop is one of version 1: then nobody starts a server just to look.
        place.write_bytes(content or (b"\n" if place.name == "stopped" else b""))
    return Damage("nothing of ours", str(place.relative_to(home)), PLANT)


_SPECIALS = (_older_copy, _torn_end, _planted)


def _one(home: Path, tree: Tree, rng: random.Random, taken: Sequence[str] = ()) -> Damage:
    if rng.random() < 0.05:
        return _appears(home, rng)
    if rng.random() < 0.06:
        found = _directory(home, rng, taken)
        if found is not None:
            return found
    kinds = by_kind({name: None for name in tree.files if name not in taken})
    # What holds most, most often: the others have few bytes to be hit.
    weights = [4 if kind in ("segment", "pack", "manifest") else 1 for kind in kinds]
    (kind,) = rng.choices(list(kinds), weights)
    # By size, since names of packs differ from run to run: a round can be played again.
    name = rng.choice(sorted(kinds[kind], key=lambda each: -len(tree.files[each])))
    if not (home / name).exists():  # the damage before took it along, with its directory
        return Damage(kind, name, "nothing")
    how = rng.choice(list(_WAYS))
    if how == "swap":
        return _swap(home, tree, rng, kind, name, taken)
    detail = _WAYS[how](home / name, rng)
    return Damage(kind, name, how, detail, keeps=how in ("owner", "permission"))


def _directory(home: Path, rng: random.Random, taken: Sequence[str]) -> Damage | None:
    name = f"{STATE}/{rng.choice(DIRECTORIES)}"
    path = home / name
    if not path.is_dir() or any(each.startswith(name) for each in taken):
        return None
    how = rng.choice(["delete", "permission", "file", "owner", "link"])
    if how == "permission" or (how == "owner" and os.geteuid() != 0):
        path.chmod(0)
    elif how == "owner":
        os.chown(path, STRANGER, STRANGER)
    else:
        shutil.rmtree(path)
        if how == "file":
            path.write_bytes(b"no directory")
        elif how == "link":
            path.symlink_to(NOWHERE)
    return Damage("directory", name, how, keeps=how in ("permission", "owner"))


def _appears(home: Path, rng: random.Random) -> Damage:
    """Something is in the place of a file that is not there."""
    name = f"{STATE}/{rng.choice(ABSENT)}"
    path = home / name
    if not path.parent.is_dir() or os.path.lexists(path):
        return Damage(kind_of(name), name, "nothing")
    path.write_bytes(b"x")
    path.chmod(PRIVATE_FILE)
    ways = {"all garbage": _all_garbage, "empty": _empty, "fifo": _fifo, "link": _link}
    ways |= {"directory instead": _directory_instead, "huge": _huge}
    if (
        kind_of(name) not in STRUCTURAL
    ):  # such a one is refused, and that it appeared is no damage once it is ours
        ways["owner"] = _owner
    how = rng.choice(list(ways))
    ways[how](path, rng)
    return Damage(kind_of(name), name, how, "that was not there")


def _swap(
    home: Path, tree: Tree, rng: random.Random, kind: str, name: str, taken: Sequence[str]
) -> Damage:
    kinds = by_kind({other: None for other in tree.files if other not in (name, *taken)})
    same = kinds.get(kind, [])
    others = same if same and rng.random() < 0.6 else [n for names in kinds.values() for n in names]
    others = [other for other in others if (home / other).is_file()]
    other = home / rng.choice(others)
    (home / name).rename(home / f"{name}.swapped")
    other.rename(home / name)
    (home / f"{name}.swapped").rename(other)
    return Damage(kind, name, "swap", f"with {other.name}")


# -- what is done to one file: each says where ----------------------------------------------------


def _range(size: int, rng: random.Random, bytes_max: int) -> tuple[int, int]:
    at = rng.randrange(size)
    return at, min(size, at + rng.randint(1, bytes_max))


def _used(data: bytes, rng: random.Random) -> int:
    """How much of the file to aim at: mostly the part that is not zeros to the end."""
    return len(data.rstrip(b"\0")) or len(data) if rng.random() < 0.8 else len(data)


def _changed(path: Path, rng: random.Random, change: Callable[[bytearray, int], str]) -> str:
    data = bytearray(path.read_bytes())
    if not data:
        data = bytearray(b"\0")
    detail = change(data, _used(bytes(data), rng))
    _write(path, bytes(data))
    return detail


def _write(path: Path, data: bytes) -> None:
    with path.open("r+b") as file:  # the file stays the same one
        file.write(data)
        file.truncate(len(data))


def _bit(path: Path, rng: random.Random) -> str:
    def change(data: bytearray, used: int) -> str:
        at, bit = rng.randrange(used), rng.randrange(8)
        data[at] ^= 1 << bit
        return f"at {at} bit {bit}"

    return _changed(path, rng, change)


def _burst(path: Path, rng: random.Random) -> str:
    def change(data: bytearray, used: int) -> str:
        start, end = _range(used, rng, 64)
        data[start:end] = rng.randbytes(end - start)
        return f"{start}-{end}"

    return _changed(path, rng, change)


def _zero(path: Path, rng: random.Random) -> str:
    def change(data: bytearray, used: int) -> str:
        start = rng.randrange(used) // SECTOR_BYTES * SECTOR_BYTES
        end = min(len(data), start + rng.choice((SECTOR_BYTES, 4096, 65536)))
        data[start:end] = bytes(end - start)
        return f"{start}-{end}"

    return _changed(path, rng, change)


def _garbage(path: Path, rng: random.Random) -> str:
    def change(data: bytearray, used: int) -> str:
        start = rng.randrange(used) // SECTOR_BYTES * SECTOR_BYTES
        end = min(len(data), start + rng.choice((SECTOR_BYTES, 4096, 65536)))
        data[start:end] = rng.randbytes(end - start)
        return f"{start}-{end}"

    return _changed(path, rng, change)


def _all_garbage(path: Path, rng: random.Random) -> str:
    size = path.stat().st_size
    _write(path, rng.randbytes(max(1, min(size, 1 << 20))))
    return ""


def _truncate(path: Path, rng: random.Random) -> str:
    data = path.read_bytes()
    keep = rng.randrange(max(1, _used(data, rng)))
    _write(path, data[:keep])
    return f"to {keep} of {len(data)}"


def _empty(path: Path, _rng: random.Random) -> str:
    _write(path, b"")
    return ""


def _longer(path: Path, rng: random.Random) -> str:
    data = path.read_bytes()
    _write(path, data + rng.randbytes(rng.randint(1, 5000)))
    return f"beyond {len(data)}"


def _delete(path: Path, _rng: random.Random) -> str:
    path.unlink()
    return ""


def _directory_instead(path: Path, _rng: random.Random) -> str:
    path.unlink()
    path.mkdir(0o700)
    (path / INSIDE).write_bytes(b"in a directory called " + path.name.encode())
    return ""


def _owner(path: Path, rng: random.Random) -> str:
    if os.geteuid() != 0:
        return _permission(path, rng)
    os.chown(path, STRANGER, STRANGER)
    return ""


def _permission(path: Path, _rng: random.Random) -> str:
    path.chmod(0)
    return ""


def _fifo(path: Path, _rng: random.Random) -> str:
    path.unlink()
    os.mkfifo(path, PRIVATE_FILE)
    return ""


def _link(path: Path, _rng: random.Random) -> str:
    path.unlink()
    path.symlink_to(NOWHERE)
    return ""


def _huge(path: Path, _rng: random.Random) -> str:
    """The size has rotted; a hole follows what was there."""
    os.truncate(path, max(HUGE_BYTES, path.stat().st_size))
    return f"of {HUGE_BYTES} bytes"


_WAYS: dict[str, Callable[[Path, random.Random], str]] = {
    "bit": _bit,
    "burst": _burst,
    "zero": _zero,
    "garbage": _garbage,
    "all garbage": _all_garbage,
    "truncate": _truncate,
    "empty": _empty,
    "longer": _longer,
    "delete": _delete,
    "directory instead": _directory_instead,
    "owner": _owner,
    "permission": _permission,
    "fifo": _fifo,
    "link": _link,
    "huge": _huge,
    "swap": lambda _path, _rng: "",
}
