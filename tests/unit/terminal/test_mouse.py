"""Mouse reports become clicks, drags and the wheel, as in tmux 3.3a."""

from fuguemux.terminal.emulator import MouseEvent
from fuguemux.terminal.key_reader import KeyReader, Mouse
from fuguemux.terminal.mouse import CLICK_SECONDS, Pointer, double_click, expired, recognize

SGR = {"press": "M", "release": "m"}


def reports(data: bytes) -> list[MouseEvent]:
    return [item.event for item in KeyReader().feed(data) if isinstance(item, Mouse)]


def sgr(code: int, x: int = 5, y: int = 3, end: str = "M") -> bytes:
    return f"\x1b[<{code};{x};{y}{end}".encode()


def gestures(*steps: bytes | float, where: str = "Pane") -> list[str]:
    """The names of the gestures of reports, with the seconds between them."""
    pointer, now, names = Pointer(), 100.0, []
    for step in steps:
        if isinstance(step, float):
            now += step
            if pointer.clicks != "none" and now >= pointer.until:
                pointer, event = expired(pointer)
                if event is not None:
                    names.append(double_click(event).name)
            continue
        for event in reports(step):
            pointer, gesture, place = recognize(pointer, event, now, lambda *_: where or None)
            if gesture is not None:
                names.append("…" if gesture.drags else gesture.name)
                assert place == where
    return names


def test_clicks() -> None:
    down, up = sgr(0), sgr(0, end="m")
    assert gestures(down, up) == ["MouseDown1", "MouseUp1"]
    assert gestures(down, up, 0.1, down, up, 0.5) == [
        *("MouseDown1", "MouseUp1", "SecondClick1", "MouseUp1", "DoubleClick1"),
    ]
    assert gestures(down, up, down, up, down, up, 0.5)[-2:] == ["TripleClick1", "MouseUp1"]
    assert gestures(down, up, CLICK_SECONDS, down) == ["MouseDown1", "MouseUp1", "MouseDown1"]
    assert gestures(down, up, sgr(2)) == ["MouseDown1", "MouseUp1", "MouseDown3"]
    assert gestures(down, up, down, up, sgr(2), 0.5)[-1] == "MouseDown3", "not a double click"


def test_buttons_and_modifiers() -> None:
    assert gestures(sgr(1)) == ["MouseDown2"]
    assert gestures(sgr(128), sgr(131)) == ["MouseDown8", "MouseDown11"]
    assert gestures(sgr(64), sgr(65), sgr(66)) == ["WheelUp", "WheelDown", "MouseDown6"]
    assert gestures(sgr(4 + 8 + 16), sgr(8 + 64)) == ["C-M-S-MouseDown1", "M-WheelUp"]
    assert gestures(sgr(35)) == ["MouseMove"]


def test_a_drag_begins_where_the_button_went_down() -> None:
    [down], [moved] = reports(sgr(0, 5, 3)), reports(sgr(32, 9, 7))
    pointer, _, _ = recognize(Pointer(), down, 0.0, lambda *_: "Pane")
    seen: list[tuple[int, int]] = []

    def place(column: int, row: int) -> str:
        seen.append((column, row))
        return "Pane"

    pointer, gesture, _ = recognize(pointer, moved, 0.0, place)
    assert (gesture and gesture.name, seen, pointer.dragging) == ("MouseDrag1", [(4, 2)], 1)
    again, gesture, _ = recognize(pointer, moved, 0.0, place)
    assert (gesture, again) == (None, pointer), "it did not move"


def test_a_drag_goes_on_until_the_button_is_released() -> None:
    steps = (sgr(0), sgr(32, 6), sgr(32, 7), sgr(64), sgr(0, 7, end="m"), sgr(0, end="m"))
    assert gestures(*steps) == [
        *("MouseDown1", "MouseDrag1", "…", "WheelUp", "MouseDragEnd1", "MouseUp1"),
    ]


def test_old_reports_do_not_name_the_button_that_is_released() -> None:
    old = b"\x1b[M"
    assert gestures(old + b"\x22%%", old + b"#%%") == ["MouseDown3", "MouseUp3"]
    assert gestures(old + b" %%", old + b"@&&", old + b"#&&") == [
        *("MouseDown1", "MouseDrag1", "MouseDragEnd1"),
    ]


def test_reports_in_the_form_of_urxvt() -> None:
    assert gestures(b"\x1b[32;5;3M", b"\x1b[35;5;3M") == ["MouseDown1", "MouseUp1"]
    assert reports(b"\x1b[32;300;200M")[0][2:4] == (299, 199)


def test_nothing_happens_where_nothing_has_keys() -> None:
    assert gestures(sgr(0), where="") == []
