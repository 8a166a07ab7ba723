"""Golden files of checkpoints: the files of earlier versions are still read, and today's code writes the newest ones
byte for byte.

Each directory `checkpoint-N` contains the files that were written differently from some version on. Nothing in such a
directory is ever changed. After fields or events were appended, `python -m tests.formats.test_checkpoint_formats`
creates the next directory with the files that differ from the newest ones.
"""

import sys
from functools import reduce
from pathlib import Path

import pytest
from msgspec.structs import replace

from fuguemux.model import events as ev
from fuguemux.model.apply import apply
from fuguemux.model.floating import Floating
from fuguemux.model.ids import PaneId, SessionId, WindowId
from fuguemux.model.layout import leaf, split
from fuguemux.model.state import Buffer, ExitCause, Link, Pipe, Ran, ServerState
from fuguemux.persistence.checkpoint.manifest import (
    Entry,
    Manifest,
    PackFile,
    PaneEntry,
    decode_manifest,
    encode_manifest,
)
from fuguemux.persistence.scrollback.blocks import pack_lines, unpack_lines
from fuguemux.persistence.scrollback.packs import (
    FILE_HEADER,
    MAGIC,
    MAJOR,
    MINOR,
    EntryKind,
    decode_entry,
    encode_entry,
    entries_of,
)
from fuguemux.persistence.scrollback.scrollback import BlockRow, Index, decode_index, encode_index
from fuguemux.persistence.storage.serialization import (
    decode_events,
    decode_state,
    encode_events,
    encode_state,
)

DIRECTORIES = sorted(
    Path(__file__).parent.glob("checkpoint-*"), key=lambda path: int(path.name.rpartition("-")[2])
)
S, W, P, Q = SessionId(0), WindowId(0), PaneId(0), PaneId(1)
ONE = leaf(P, 80, 24)
TWO = split(ONE, P, "row", Q)
R = PaneId(2)
ABOVE = Floating(R, 3, 2, 30, 8, "double", "fg=red", "fg=green", True)
ENVIRONMENT = {b"PATH": b"/bin", b"GONE": None}
EVENTS: list[ev.AnyEvent] = [
    ev.SessionCreated(S, "work", b"/home", 1, ENVIRONMENT, {"status": "off"}),
    ev.SessionRenamed(S, "play"),
    ev.SessionDestroyed(S),
    ev.WindowCreated(W, "sh", S, 0, P, ONE, 2, (b"bash", b"-l"), b"/tmp", ENVIRONMENT, {"a": "b"}),
    ev.WindowLinked(S, 4, W),
    ev.WindowUnlinked(S, 4),
    ev.WindowMoved(S, 0, 3),
    ev.WindowSelected(S, 3),
    ev.WindowRenamed(W, "vi"),
    ev.PaneAdded(W, Q, TWO, 3, (b"top",), b"/", ENVIRONMENT, {}),
    ev.PaneRemoved(W, Q, ONE),
    ev.PaneMoved(Q, W, WindowId(1), ONE, leaf(Q, 80, 24)),
    ev.PaneBroken(Q, W, ONE, WindowId(2), "new", S, 9, leaf(Q, 80, 24), 5),
    ev.LayoutChanged(W, TWO),
    ev.PaneActivated(W, Q),
    ev.ZoomChanged(W, True),
    ev.PaneTitled(P, "τίτλος"),
    ev.PaneDirectoryChanged(P, b"/\xff"),
    ev.ForegroundChanged(P, (b"vim", b"x")),
    ev.ProcessStarted(P, 1, 4711, 99, "/dev/pts/3", 6),
    ev.ProcessExited(P, None, 9, ExitCause.SIGNALLED, 7, True),
    ev.PaneRespawned(P, (b"zsh",), b"/", None),
    ev.OptionSet("pane", 0, "@x", "y"),
    ev.EnvironmentSet(S, b"A", None, True),
    ev.HistoryCleared(P),
    ev.BufferSet(Buffer("b0", b"\0\1", 8)),
    ev.BufferDeleted("b0"),
    ev.WindowsSwapped(S, 0, SessionId(1), 1),
    ev.ProgramEnded(P, 1, 1_764_000_000_000, 1_763_999_999_000, "vim notes.md", "work:0"),
    ev.PipeChanged(P, Pipe("cat >>log", 9, True, False)),
    ev.ChannelChanged("done", True, False),
    ev.OutputMissing(P, 1000, 5000, 1_764_000_000_000, 1_764_000_009_000),
    ev.SessionGrouped(S, "work"),
    ev.LinksFollowed(S, (Link(0, W), Link(3, WindowId(1))), 3, (0,)),
    ev.FloatingPaneAdded(
        W, R, (ABOVE,), 10, (b"top",), b"/", ENVIRONMENT, {"remain-on-exit": "on"}, True
    ),
    ev.PanesPlaced(W, ONE, (Floating(Q, 0, -1, 20, 6, "none", tiled=TWO), ABOVE)),
]
IN_STATE = {
    "checkpoint-1": (EVENTS[0], EVENTS[3], EVENTS[9], *EVENTS[14:20], EVENTS[22], EVENTS[25]),
}
IN_STATE["checkpoint-2"] = (*IN_STATE["checkpoint-1"], EVENTS[29])
RUNNING = ev.ForegroundChanged(P, (b"make",), ((b"tee", b"x"),), Ran.LOOP, ((b"vim", b"y"),))
IN_STATE["checkpoint-3"] = (*IN_STATE["checkpoint-2"], RUNNING)
RESTARTED = ev.ProcessStarted(P, 2, 4712, 100, "/dev/pts/4", 9, (b"psql",))
IN_STATE["checkpoint-4"] = (*IN_STATE["checkpoint-3"], RESTARTED)
IN_STATE["checkpoint-5"] = (*IN_STATE["checkpoint-4"], EVENTS[30])
IN_STATE["checkpoint-8"] = (*IN_STATE["checkpoint-5"], EVENTS[32])
IN_STATE["checkpoint-9"] = (*IN_STATE["checkpoint-8"], EVENTS[34], EVENTS[35])
"""Which events led to the structure that is in a directory."""
MANIFEST = Manifest(
    number=3,
    store_id=bytes(range(16)),
    created_ms=1_764_000_000_000,
    reason="interval",
    program="fugue 0.1.0",
    engine="fake 1/1",
    structure_lsn=50,
    wal_start_lsn=41,
    next_lsn=53,
    previous=2,
    packs=(PackFile(bytes(16), 640), PackFile(bytes([7] * 16), 1 << 20)),
    structure=Entry(0, 32, 100),
    panes=(
        PaneEntry(P, 41, 12345, 80, 24, Entry(0, 132, 60), Entry(1, 32, 44), (0, 1)),
        PaneEntry(Q, 52, 0, 40, 24, Entry(0, 192, 60), None),
    ),
    sessions=("work",),
    scrollback_lines=7,
    new_bytes=640,
    held=Entry(1, 76, 100),
    held_lsn=40,
    name="kept",
)
INDEX = Index(
    5,
    0,
    (b"", bytes([7] * 16)),
    (
        BlockRow(1024, 1, 32, 900, 65536, 200),
        BlockRow(3, 0, 50, 70, 30, 12),
        BlockRow(1024, 0, 0, 0, 65536, 200, 900),
    ),
)
"""The last row, a tombstone, is in no index before checkpoint-6."""
LINES = (b"plain\n\x1b[31mred\x1b[m\n" + "漢字".encode(), 3, [2])


def golden_state(directory: str) -> ServerState:
    return reduce(apply, IN_STATE[directory], ServerState())


def files_called(name: str) -> list[Path]:
    """The golden files of this name, the oldest first."""
    return [path for directory in DIRECTORIES if (path := directory / name).exists()]


def contents() -> dict[str, bytes]:
    """Every golden file. The block is stored as the library compresses it: it need not come out the same."""
    files = {f"event-{e.__struct_config__.tag:03}": encode_events([e]) for e in EVENTS}
    files["events-all"] = encode_events(EVENTS)
    files["state"] = encode_state(golden_state(list(IN_STATE)[-1]))
    files["manifest"] = encode_manifest(MANIFEST)
    files["index"] = encode_index(INDEX)
    entries = [
        encode_entry(EntryKind.STRUCTURE, 0, files["state"]),
        encode_entry(EntryKind.INDEX, 4, files["index"]),
    ]
    files["pack"] = FILE_HEADER.pack(MAGIC, MAJOR, MINOR, 0, MANIFEST.store_id) + b"".join(entries)
    return files


@pytest.mark.parametrize("name", sorted(contents()))
def test_what_is_written_has_not_changed(name: str) -> None:
    assert contents()[name] == files_called(name)[-1].read_bytes()


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
def test_every_event_is_read(event: ev.AnyEvent) -> None:
    name = f"event-{event.__struct_config__.tag:03}"
    assert files_called(name)
    for path in files_called(name):
        assert decode_events(path.read_bytes()) == [event], path


def test_there_is_a_file_for_every_event() -> None:
    tags = {kind.__struct_config__.tag for kind in ev.AnyEvent.__args__}
    assert {event.__struct_config__.tag for event in EVENTS} == tags


def test_structures_are_read() -> None:
    for path in files_called("state"):
        assert decode_state(path.read_bytes()) == golden_state(path.parent.name), path
    for path in files_called("manifest"):
        assert decode_manifest(path.read_bytes()) == MANIFEST
    for path in files_called("index"):
        assert_index(decode_index(path.read_bytes()))


def assert_index(found: Index) -> None:
    assert found == replace(INDEX, blocks=INDEX.blocks[: len(found.blocks)])
    assert len(found.blocks) >= 2


def test_lists_of_events_are_read() -> None:
    lengths = []
    for path in files_called("events-all"):
        found = decode_events(path.read_bytes())
        assert found == EVENTS[: len(found)], path
        lengths.append(len(found))
    assert lengths[-1] == len(EVENTS)


def test_blocks_are_read() -> None:
    for path in files_called("block"):
        lines = unpack_lines(path.read_bytes(), 3)
        assert (lines.text, lines.size, sorted(lines.pieces)) == LINES


def test_packs_are_read() -> None:
    for path in files_called("pack"):
        data = path.read_bytes()
        found = list(entries_of(data, bytes(16)))
        assert [(entry.kind, entry.pane) for entry in found] == [(1, 0), (3, 4)]
        place = found[1].place
        raw = data[place.offset : place.offset + place.length]
        assert_index(decode_index(decode_entry(raw, EntryKind.INDEX, 4)))


if __name__ == "__main__":
    following = Path(__file__).parent / f"checkpoint-{len(DIRECTORIES) + 1}"
    fresh = {
        name: data
        for name, data in contents().items()
        if not (older := files_called(name)) or older[-1].read_bytes() != data
    }
    if not files_called("block"):
        fresh["block"] = pack_lines(*LINES, 3)
    if fresh:
        following.mkdir()
    for name, data in fresh.items():
        (following / name).write_bytes(data)
    sys.exit(0)
