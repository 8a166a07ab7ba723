"""Stores which panes are in copy mode, and where, for the next server: the helper file `modes`, one line of JSON.

The file is replaced at every move and never synced, because it is for the case of a killed server. It contains line
numbers and places, not the text or what was searched for.
"""

from collections.abc import Iterable
from typing import Final

import msgspec

from fuguemux.model.ids import PaneId
from fuguemux.persistence.recovery.helper_files import MODES_FILE, helper_or_nothing
from fuguemux.persistence.storage.files import Storage
from fuguemux.persistence.storage.small_file import write_small
from fuguemux.server.copy.copy_document import RowAt, Spot
from fuguemux.server.copy.copy_mode import CopyMode
from fuguemux.server.work.newest import Newest, Spawn


class Kept(msgspec.Struct, frozen=True, array_like=True):
    """The stored place of one pane."""

    pane: PaneId
    top: tuple[int, int]
    cursor: tuple[int, int]
    anchor: tuple[int, int] | None
    rectangle: bool
    whole_lines: bool
    ends_at_bottom: bool
    last_screen_ms: int | None = None
    """The time of the recovery whose last screen is shown; None if the pane's own lines are."""


_encode: Final = msgspec.json.Encoder().encode
_decode: Final = msgspec.json.Decoder(list[Kept]).decode


class KeptModes:
    """The file of one state directory. Nothing raises: if it cannot be written, the only loss is that panes leave copy
    mode.

    Belongs to the loop. The file is written on a thread a moment later.
    """

    def __init__(self, storage: Storage, state_directory: str, spawn: Spawn) -> None:
        self._storage = storage
        self._directory = state_directory
        self._newest = Newest(self._replace, spawn, "modes")

    def load(self) -> list[Kept]:
        """Read the places that the last server stored."""
        try:
            data = helper_or_nothing(self._storage, self._directory, MODES_FILE)
            return _decode(data.partition(b"\n")[0])
        except msgspec.DecodeError:
            return []

    def save(self, modes: Iterable[tuple[PaneId, CopyMode]]) -> None:
        """Store exactly these, in the directory that is now the state directory."""
        self._newest.forget()
        self._newest.keep(_encode([kept(pane, mode) for pane, mode in modes]) + b"\n")

    def _replace(self, data: bytes) -> None:
        write_small(self._storage, self._directory, MODES_FILE, data, durable=False)


def kept(pane: PaneId, mode: CopyMode) -> Kept:
    """Return the place of one pane."""
    return Kept(
        pane,
        mode.top,
        mode.cursor,
        mode.anchor,
        mode.rectangle,
        mode.whole_lines,
        mode.ends_at_bottom,
        mode.last_screen_ms,
    )


def put_back(mode: CopyMode, place: Kept) -> bool:
    """Move a mode that has just begun to the stored place. Returns False if the text does not exist any more."""
    first, stop = mode.document.first, mode.document.stop
    spots = [place.top, place.cursor, *([] if place.anchor is None else [place.anchor])]
    if not all(first <= line < stop and at >= 0 for line, at in spots):
        return False
    mode.top = min(RowAt(*place.top), mode.bottom_top())
    mode.rectangle, mode.whole_lines = place.rectangle, place.whole_lines
    mode.ends_at_bottom = place.ends_at_bottom
    mode.anchor = None if place.anchor is None else Spot(*place.anchor)
    mode.go(Spot(*place.cursor))
    return True
