"""Converting the names of keys to bytes and back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fuguemux.terminal import keys
from fuguemux.terminal.emulator import Modes, MouseEvent
from fuguemux.terminal.key_reader import Answer, Focus, KeyPress, KeyReader, Mouse, Paste

PLAIN = Modes(False, "off", "x10", False, False, False, False, 0, False)
APPLICATION = PLAIN._replace(application_cursor=True, application_keypad=True)
KITTY = PLAIN._replace(kitty_keyboard=1)


@pytest.mark.parametrize(
    ("name", "sent"),
    [
        ("a", b"a"), ("é", "é".encode()), ("Enter", b"\r"), ("Escape", b"\x1b"), ("Tab", b"\t"),
        ("BTab", b"\x1b[Z"), ("BSpace", b"\x7f"), ("Space", b" "), ("C-Space", b"\0"), ("C-c", b"\x03"),
        ("^C", b"\x03"), ("C-[", b"\x1b"), ("C-\\", b"\x1c"), ("M-x", b"\x1bx"), ("C-M-x", b"\x1b\x18"),
        ("M-Enter", b"\x1b\r"), ("Up", b"\x1b[A"), ("C-Left", b"\x1b[1;5D"), ("S-Right", b"\x1b[1;2C"),
        ("M-S-Home", b"\x1b[1;4H"), ("PPage", b"\x1b[5~"), ("pageup", b"\x1b[5~"), ("DC", b"\x1b[3~"),
        ("C-DC", b"\x1b[3;5~"), ("F1", b"\x1bOP"), ("F5", b"\x1b[15~"), ("S-F12", b"\x1b[24;2~"),
        ("KP5", b"5"), ("KPEnter", b"\r"), ("-", b"-"), ("C--", b"-"),
    ],
)  # fmt: skip
def test_names(name: str, sent: bytes) -> None:
    assert keys.encode(name, PLAIN) == sent


@pytest.mark.parametrize(
    ("name", "modes", "sent"),
    [
        ("Up", APPLICATION, b"\x1bOA"),
        ("KP5", APPLICATION, b"\x1bOu"),
        ("C-Up", APPLICATION, b"\x1b[1;5A"),
        ("Escape", KITTY, b"\x1b[27u"),
        ("C-c", KITTY, b"\x1b[99;5u"),
        ("S-Enter", KITTY, b"\x1b[13;2u"),
        ("Enter", KITTY, b"\r"),
        ("a", KITTY, b"a"),
        ("Up", KITTY, b"\x1b[A"),
    ],
)
def test_modes_change_what_a_key_sends(name: str, modes: Modes, sent: bytes) -> None:
    assert keys.encode(name, modes) == sent


@pytest.mark.parametrize("name", ["", "Entr", "C-", "ab", "F99", "\x01"])
def test_unknown_names(name: str) -> None:
    assert keys.parse(name) is None
    with pytest.raises(ValueError, match="unknown key"):
        keys.encode(name, PLAIN)


READ_BACK = [
    "a", "C-a", "M-a", "Up", "C-Left", "M-Up", "F1", "F12", "S-F3", "DC", "PPage", "Enter", "BSpace",
    "BTab", "Home", "S-End", "Space", "C-Space", "漢",
]  # fmt: skip
PARTS = [
    b"a",
    b"\x1b[A",
    b"\x1b[1;5C",
    "漢".encode(),
    b"\x1b[200~p\x1bq\x1b[201~",
    b"\x1b[<0;1;1m",
    b"\x02",
    b"\x1bOP",
    b"\x1b[I",
]


@pytest.mark.parametrize("modes", [PLAIN, APPLICATION, KITTY])
@pytest.mark.parametrize("name", READ_BACK)
def test_what_is_sent_is_read_back(name: str, modes: Modes) -> None:
    sent = keys.encode(name, modes)
    assert KeyReader().feed(sent) == [KeyPress(name, sent)]


def test_paste_focus_mouse_answers() -> None:
    reader = KeyReader()
    found = reader.feed(
        b"\x1b[200~a\x02\x1b[Ab\x1b[201~\x1b[O\x1b[<64;3;4M\x1b[?62;c\x1bP>|x\x1b\\z"
    )
    assert found == [
        Paste(b"a\x02\x1b[Ab", b"\x1b[200~a\x02\x1b[Ab\x1b[201~"),
        Focus(False, b"\x1b[O"),
        Mouse(MouseEvent("press", 4, 2, 3), b"\x1b[<64;3;4M"),
        Answer(b"\x1b[?62;c"),
        Answer(b"\x1bP>|x\x1b\\"),
        KeyPress("z", b"z"),
    ]


def test_a_lone_escape_waits_for_its_timer() -> None:
    reader = KeyReader()
    assert reader.feed(b"\x1b") == []
    assert reader.waiting is True
    assert reader.flush() == [KeyPress("Escape", b"\x1b")]
    assert reader.flush() == []
    reader.feed(b"\x1b")
    assert reader.feed(b"[A") == [KeyPress("Up", b"\x1b[A")]


@given(st.lists(st.sampled_from(PARTS), max_size=8), st.data())
def test_cuts_do_not_matter(parts: list[bytes], data: st.DataObject) -> None:
    whole = b"".join(parts)
    cut = data.draw(st.integers(0, len(whole)))
    reader = KeyReader()
    assert reader.feed(whole[:cut]) + reader.feed(whole[cut:]) == KeyReader().feed(whole)


@given(st.binary(max_size=60))
def test_any_bytes_are_read_without_loss(data: bytes) -> None:
    reader = KeyReader()
    found = reader.feed(data) + reader.flush()
    assert b"".join(item.raw for item in found) == data or b"\x1b[200~" in data


def test_mouse_reports_follow_the_modes() -> None:
    press = MouseEvent("press", 1, 4, 5)
    motion = MouseEvent("motion", 0, 4, 5)
    assert keys.encode_mouse(press, PLAIN) == b""
    normal = PLAIN._replace(mouse="normal", mouse_format="sgr")
    assert keys.encode_mouse(press, normal) == b"\x1b[<0;5;6M"
    assert keys.encode_mouse(press._replace(action="release"), normal) == b"\x1b[<0;5;6m"
    assert keys.encode_mouse(motion, normal) == b""
    assert keys.encode_mouse(motion, normal._replace(mouse="any")) == b"\x1b[<35;5;6M"
    assert keys.encode_mouse(press, PLAIN._replace(mouse="normal")) == b"\x1b[M %&"


def test_a_paste_cannot_end_itself() -> None:
    assert keys.encode_paste(b"a\x1b[201~b", bracketed=True) == b"\x1b[200~ab\x1b[201~"
    assert keys.encode_paste(b"a\r\nb\n", bracketed=False) == b"a\rb\r"
