"""Decides which store a state directory contains: the id in most of its manifests and segments. The file STORE is one
more vote.

A store's id distinguishes its files from those of another store that came into the same directory, for example from a
backup. No single file decides, since one wrong digit in it would make all other files foreign.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from fuguemux.keeper.helper_record import MAGIC, HelperDamaged
from fuguemux.persistence.report.parts import counted
from fuguemux.persistence.storage.files import Storage, reason_of
from fuguemux.persistence.storage.small_file import read_small, write_small
from fuguemux.persistence.storage.whole_files import read_all

STORE_FILE: Final = "STORE"
STORE_ID_BYTES: Final = 16
_GONE: Final = "it is gone"


class Said(NamedTuple):
    """The content of the file STORE: an id, or the reason why there is none. Neither at the first start."""

    store_id: bytes | None
    problem: str
    current: bool = False
    """Whether it has the present format."""
    damaged: bool = False
    """Whether something is there that was not written as such a file."""


class Identity(NamedTuple):
    """The store's id. `note` is for the report: what was wrong with the file. Empty if nothing was, or if it does not
    matter.
    """

    store_id: bytes
    certain: bool
    """Whether a file contains the id. Otherwise it is that of a new store."""
    note: str


def is_id(text: bytes) -> bool:
    """Whether it is the content of version 1 of the file: 32 hexadecimal digits and a newline."""
    return _decoded(text) is not None


def _decoded(text: bytes) -> bytes | None:
    try:
        store_id = bytes.fromhex(text.decode("ascii").strip())
    except ValueError:
        return None
    return store_id if len(store_id) == STORE_ID_BYTES else None


def read_store_file(storage: Storage, directory: str) -> Said:
    """Return the content of the file STORE of a state directory. Raises nothing."""
    try:
        said = _decoded(read_small(storage, directory, STORE_FILE, is_id))
        current = read_all(storage, f"{directory}/{STORE_FILE}").startswith(MAGIC)
        return Said(said, "", current)
    except FileNotFoundError:
        return Said(None, _GONE)
    except HelperDamaged as damaged:
        return Said(None, str(damaged), damaged=True)
    except OSError as error:
        return Said(None, reason_of(error), damaged=True)


def write_store_file(storage: Storage, directory: str, store_id: bytes) -> None:
    """Write `store_id` into the file, durably. Raises OSError."""
    write_small(storage, directory, STORE_FILE, store_id.hex().encode() + b"\n")


def decided(
    said: Said, manifests: Sequence[bytes], segments: Sequence[bytes], new: bytes
) -> Identity:
    """Return the id that most files name, or `new` if none names any. Each id in `manifests` and `segments` is that of
    one file.

    The file STORE counts once, and decides a draw between stores that have files. Without it the first of the manifests
    (the newest checkpoint) decides, else the last of the segments.
    """
    files = Counter([*manifests, *segments])
    if not files:
        if said.store_id is not None:
            return Identity(said.store_id, True, "")
        note = f"STORE cannot be read: {said.problem}; nothing else says which store this is"
        return Identity(new, False, "" if said.problem == _GONE else note)
    votes = files + Counter([said.store_id] if said.store_id in files else [])
    most = max(votes.values())
    first = [said.store_id, *manifests[:1], *segments[-1:]]
    drawn = [store_id for store_id in votes if votes[store_id] == most]
    chosen = next((store_id for store_id in first if store_id in drawn), drawn[0])
    assert chosen is not None
    if said.store_id == chosen:
        return Identity(chosen, True, "")
    what = _words(manifests.count(chosen), segments.count(chosen))
    problem = said.problem or "it names another store"
    note = f"STORE: {problem}; {what} of one store: that id is used, and STORE is written again"
    return Identity(chosen, True, note)


def _words(manifests: int, segments: int) -> str:
    parts: Iterable[str] = [
        counted(number, unit)
        for number, unit in ((manifests, "checkpoint"), (segments, "log segment"))
        if number
    ]
    return f"{' and '.join(parts)} {'is' if manifests + segments == 1 else 'are'}"
