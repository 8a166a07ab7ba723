"""A popup: what its keys and the mouse do, where it goes, and what is drawn."""

from collections.abc import Iterator

import pytest
from msgspec.structs import replace

from fuguemux.model.ids import ClientId, PaneId, SessionId
from fuguemux.model.overlay_effects import OpenPopup
from fuguemux.server.overlays.popup import HANGUP, PopupLook, PopupOverlay
from fuguemux.terminal.emulator import MouseEvent
from fuguemux.terminal.ghostty.adapter import GhosttyEmulator
from fuguemux.terminal.key_reader import KeyPress, Mouse, Paste
from fuguemux.terminal.mouse import META
from fuguemux.terminal.style import DEFAULT

SIZE = (40, 12)
PLACE = (5, 2, 20, 6)
POPUP = OpenPopup(
    ClientId(1), *PLACE, "title", "single", "", "", (b"cat",), b"/", (), SessionId(0), PaneId(0)
)


class FakeProgram:
    """Notes what it is told."""

    def __init__(self) -> None:
        self.written = b""
        self.sizes: list[tuple[int, int]] = []
        self.closed = False

    def write(self, data: bytes) -> None:
        self.written += data

    def resize(self, columns: int, rows: int) -> None:
        self.sizes.append((columns, rows))

    def close(self) -> None:
        self.closed = True


class Shown:
    """A popup with its program."""

    def __init__(self, popup: OpenPopup = POPUP) -> None:
        self.program, self.codes = FakeProgram(), list[int]()
        self.emulator = GhosttyEmulator(popup.columns - 2, popup.rows - 2)
        look = PopupLook(DEFAULT, DEFAULT, DEFAULT)
        self.popup = PopupOverlay(popup, look, SIZE, self.emulator, self.program, self.codes.append)

    def place(self) -> tuple[int, int, int, int]:
        return self.popup.column, self.popup.row, self.popup.columns, self.popup.rows

    def mouse(self, action: str, button: int, column: int, row: int, modifiers: int = 0) -> None:
        assert action in ("press", "release", "motion")
        event = MouseEvent(action, button, column, row, modifiers)  # type: ignore[arg-type]  # the line above
        self.popup.key(Mouse(event, b""))


@pytest.fixture
def shown() -> Iterator[Shown]:
    made = Shown()
    yield made
    made.emulator.close()


def test_keys_and_pastes_go_to_the_program(shown: Shown) -> None:
    shown.emulator.feed(b"\x1b[?2004h")
    assert not shown.popup.key(KeyPress("a", b"a")).closed
    shown.popup.key(Paste(b"b c", b""))
    assert shown.program.written == b"a\x1b[200~b c\x1b[201~"


@pytest.mark.parametrize(
    ("closes", "code", "gone"),
    [("", 0, False), ("exit", 3, True), ("success", 0, True), ("success", 3, False)],
)
def test_it_closes_with_its_program_as_it_was_told(closes: str, code: int, *, gone: bool) -> None:
    popup = replace(POPUP, closes=closes)
    shown = Shown(popup)
    assert shown.popup.program_ended(code) is gone
    shown.popup.key(KeyPress("a", b"a"))
    assert shown.program.written == b""
    assert shown.popup.key(KeyPress("Escape", b"\x1b")).closed
    shown.popup.ended()
    assert (shown.codes, shown.program.closed) == ([code], True)


def test_closed_while_its_program_runs_it_ends_it(shown: Shown) -> None:
    shown.popup.ended()
    assert shown.program.closed
    assert shown.codes == [HANGUP]


def test_the_border_moves_it_and_the_right_button_resizes_it(shown: Shown) -> None:
    x, y, columns, rows = PLACE
    shown.mouse("press", 1, x + 3, y)
    shown.mouse("motion", 1, x + 4, y)
    shown.mouse("motion", 1, x + 8, y + 3)
    shown.mouse("release", 1, x + 8, y + 3)
    assert shown.place() == (x + 5, y + 3, columns, rows)
    shown.mouse("press", 3, x + 8, y + 4, META)
    shown.mouse("motion", 3, x + 9, y + 4, META)
    shown.mouse("motion", 3, x + 20, y + 8, META)
    shown.mouse("release", 3, x + 20, y + 8, META)
    assert shown.place() == (x + 5, y + 3, 15, 5)
    assert shown.program.sizes == [(13, 3)]


def test_a_small_terminal_makes_it_small_and_a_large_one_gives_it_back(shown: Shown) -> None:
    shown.popup.resized(10, 4)
    assert shown.place() == (0, 0, 10, 4)
    shown.popup.resized(*SIZE)
    assert shown.place() == PLACE
    assert shown.program.sizes == [(8, 2), (18, 4)]


def test_it_is_a_box_with_the_screen_of_its_program(shown: Shown) -> None:
    shown.emulator.feed(b"hello")
    over = shown.popup.drawn(*SIZE)
    block = over.blocks[0]
    assert (block.column, block.row, block.columns, len(block.rows)) == PLACE
    assert b"title" in block.rows[0]
    assert b"hello" in block.rows[1]
    assert over.cursor == (PLACE[0] + 1 + 5, PLACE[1] + 1)
