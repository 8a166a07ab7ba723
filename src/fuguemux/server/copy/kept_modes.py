"""Where panes are in copy mode, kept for the next server: the helper file `modes`, one line of JSON.

Replaced whenever something moves, and never synced: it is for a server that was killed. It holds numbers of
lines and places in them, nothing of what is there or was searched for.
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
    """One pane's place."""

    pane: PaneId
    top: tuple[int, int]
    cursor: tuple[int, int]
    anchor: tuple[int, int] | None
    rectangle: bool
    whole_lines: bool
    ends_at_bottom: bool
    last_screen_ms: int | None = None
    """It is in the last screen of a program, which this recovery has found."""


_encode: Final = msgspec.json.Encoder().encode
_decode: Final = msgspec.json.Decoder(list[Kept]).decode


class KeptModes:
    """One state directory's file. Nothing raises: a disk that does not take it costs only that a mode is left.

    Belongs to the loop, which writes nothing itself: the file is replaced on a thread, moments later.
    """

    def __init__(self, storage: Storage, state_directory: str, spawn: Spawn) -> None:
        self._storage = storage
        self._directory = state_directory
        self._newest = Newest(self._replace, spawn, "modes")

    def load(self) -> list[Kept]:
        """What the last server has kept."""
        try:
            data = helper_or_nothing(self._storage, self._directory, MODES_FILE)
            return _decode(data.partition(b"\n")[0])
        except msgspec.DecodeError:
            return []

    def save(self, modes: Iterable[tuple[PaneId, CopyMode]]) -> None:
        """Keep these and no others, in what is the state directory now."""
        self._newest.forget()
        self._newest.keep(_encode([kept(pane, mode) for pane, mode in modes]) + b"\n")

    def _replace(self, data: bytes) -> None:
        write_small(self._storage, self._directory, MODES_FILE, data, durable=False)


def kept(pane: PaneId, mode: CopyMode) -> Kept:
    """The place of one pane."""
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
    """Bring a mode that has just begun to the place; False if the text is not there any more."""
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
