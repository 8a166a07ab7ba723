"""Lines of the history come back when a screen grows, and a replay from any checkpoint gives the same screen and the same
history."""

from hypothesis import given, settings
from hypothesis import strategies as st

from fuguemux.model.ids import PaneId
from fuguemux.persistence.scrollback.pack_reader import PackReader
from fuguemux.persistence.scrollback.pane_scrollback import PaneScrollback
from fuguemux.persistence.scrollback.scrollback import ScrollbackStore
from fuguemux.persistence.storage.files import RealStorage
from fuguemux.server.panes.rebuild import archive, resize
from fuguemux.terminal.ghostty.adapter import GhosttyEmulator
from fuguemux.terminal.ghostty.rewrap import plain

OUTPUT = (
    b"short\r\n",
    b"\x1b[31m" + b"abcdefghij" * 5 + b"\x1b[0m\r\n",
    b"x" * 23,
    "\u6f22\u5b57".encode() * 9 + b"\r\n",
    b"\r\n" * 3,
    b"".join(b"line %d\r\n" % number for number in range(30)),
    b"\x1b[2J\x1b[H",
    b"\x1b[H\x1b[J",
    b"\x1b[3J",
    b"\x1b[5;3H",
    b"\x1b[2;4r\x1b[?6h",
    b"\x1b[r\x1b[?6l",
    b"\x1b[44m\x1b[K",
    b"\x1b[?1049h",
    b"\x1b[?1049l",
    b"\x1b]133;A\x07$ \x1b]133;B\x07",
    b"\x1b(0q\x1b(B",
    b"\x1b[38;5",
)
size = st.tuples(st.integers(2, 40), st.integers(1, 12))
steps = st.lists(st.one_of(st.sampled_from(OUTPUT), size), max_size=14)


def _run(done: list[bytes | tuple[int, int]], checkpoints: frozenset[int]) -> object:
    emulator, scrollback = GhosttyEmulator(20, 6), _store()
    for number, step in enumerate(done):
        if number in checkpoints:
            archive(emulator, scrollback, everything=True)
            emulator = GhosttyEmulator.restore(emulator.snapshot())
        if isinstance(step, bytes):
            emulator.feed(step)
            archive(emulator, scrollback)
        elif step != emulator.size:
            resize(emulator, scrollback, *step)
    archive(emulator, scrollback, everything=True)
    text = b"".join(plain(line.data) for line in scrollback.read(0, 10_000))
    return emulator.render(), emulator.cursor, text


def _store() -> PaneScrollback:
    return ScrollbackStore(PackReader(RealStorage(), "nowhere")).pane(PaneId(0))


@given(steps, st.frozensets(st.integers(0, 14)))
@settings(max_examples=250, deadline=None)
def test_a_replay_gives_the_same_screen_and_history(
    done: list[bytes | tuple[int, int]], checkpoints: frozenset[int]
) -> None:
    assert _run(done, checkpoints) == _run(done, frozenset())


def _screen(emulator: GhosttyEmulator) -> list[str]:
    return emulator.screen_text()


def test_a_split_and_its_end_leave_the_screen_as_it_was() -> None:
    """tmux 3.3a: screen_resize_y pulls as many rows as the screen grows by."""
    emulator, scrollback = GhosttyEmulator(20, 6), _store()
    emulator.feed(b"".join(b"\x1b[3%dmline %d\r\n" % (n % 8, n) for n in range(20)) + b"w" * 50)
    archive(emulator, scrollback)
    before, cursor = emulator.render(), emulator.cursor
    for columns, rows in ((20, 2), (20, 6), (7, 3), (20, 6), (20, 1), (20, 6)):
        resize(emulator, scrollback, columns, rows)
    assert _screen(emulator) == ["line 17", "line 18", "line 19", "w" * 20, "w" * 20, "w" * 10]
    assert (emulator.render(), emulator.cursor) == (before, cursor)
    assert [line.data for line in scrollback.read(0, 99)][-1].endswith(b"line 16\x1b[0m")


def test_what_was_cleared_does_not_come_back() -> None:
    """tmux's grid_view_clear_history sets hscrolled to 0."""
    emulator, scrollback = GhosttyEmulator(20, 6), _store()
    emulator.feed(b"".join(b"line %d\r\n" % n for n in range(20)) + b"\x1b[H\x1b[2Jnew")
    archive(emulator, scrollback)
    resize(emulator, scrollback, 20, 3)
    resize(emulator, scrollback, 20, 10)
    assert _screen(emulator) == ["new", *[""] * 9]


def test_an_alternate_screen_gets_nothing() -> None:
    emulator, scrollback = GhosttyEmulator(20, 6), _store()
    emulator.feed(b"".join(b"line %d\r\n" % n for n in range(20)) + b"\x1b[?1049h\x1b[Halt")
    archive(emulator, scrollback)
    resize(emulator, scrollback, 20, 9)
    assert _screen(emulator) == ["alt", *[""] * 8]
