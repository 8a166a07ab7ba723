"""Parses what a client's terminal sends: keys by tmux name, pastes, mouse, focus, answers.

Every item keeps the raw bytes, so that what is not a command can be passed on unchanged. An escape sequence may arrive in
pieces, and a lone ESC may be the Escape key. So while `waiting` is true the caller runs its escape-time timer, and calls
`flush` when it ends.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple, TypeAlias

from fuguemux.terminal.emulator import MouseEvent
from fuguemux.terminal.keys import (
    CONTROL,
    KEYPAD_KEYS,
    KITTY_CODES,
    LETTER_KEYS,
    META,
    MOUSE_CODES,
    MOUSE_MOTION,
    NUMBER_KEYS,
    SHIFT,
    Key,
)

PASTE_BYTES_MAX: Final = 16 << 20
ANSWER_BYTES_MAX: Final = 64 << 10
PASTE_BEGIN: Final = b"\x1b[200~"
ANSWERS_BEGIN: Final = (b"\x1b]1", b"\x1bP>", b"\x1b[?", b"\x1b[>")
PASTE_END: Final = b"\x1b[201~"


class KeyPress(NamedTuple):
    """A key, named as tmux names it: `a`, `C-a`, `M-Up`, `Enter`."""

    name: str
    raw: bytes


class Paste(NamedTuple):
    """A complete bracketed paste, without its brackets. `raw` has them."""

    data: bytes
    raw: bytes


class Mouse(NamedTuple):
    """A mouse report; columns and rows count from 0."""

    event: MouseEvent
    raw: bytes


class Focus(NamedTuple):
    """The client's terminal gained or lost the focus."""

    gained: bool
    raw: bytes


class Answer(NamedTuple):
    """An answer to a query, the release of a key, or something unknown: never typed text."""

    raw: bytes


Input: TypeAlias = KeyPress | Paste | Mouse | Focus | Answer

SEQUENCE: Final = re.compile(
    rb"""\x1b(?:
      \[M(?P<old_mouse>[\x20-\xff]{3})
    | \[<(?P<mouse>\d+;\d+;\d+)(?P<mouse_end>[Mm])
    | \[\[(?P<console>[A-E])
    | \[(?P<parameters>[0-9;:]*)(?P<final>[A-Z^~u@-Za-z])
    | \[(?P<private>[<=>?][0-9;:]*[\x20-\x2f]*[@-~])
    | O(?P<count>[2-8]?)(?P<ss3>[A-Za-z])
    | (?P<string>[\]P_^X][^\x07\x1b]*(?:\x07|\x1b\\))
    )""",
    re.VERBOSE,
)
URXVT_MOUSE: Final = re.compile(r"[0-9]{2,3};[0-9]{1,4};[0-9]{1,4}")
UNFINISHED: Final = re.compile(
    rb"\x1b\x1b?(?:\[(?:M[\x20-\xff]{0,2}|\[|[<=>?]?[0-9;:]*[\x20-\x2f]*)|O[2-8]?|[\]P_^X][^\x07\x1b]*\x1b?)?\Z"
)
NAMES_BY_LETTER: Final = {letter: name for name, letter in LETTER_KEYS.items()}
NAMES_BY_NUMBER: Final = {number: name for name, number in NUMBER_KEYS.items()} | {
    1: "Home", 7: "Home", 4: "End", 8: "End", 11: "F1", 12: "F2", 13: "F3", 14: "F4",
}  # fmt: skip
NAMES_BY_KEYPAD: Final = {letter: name for name, (_plain, letter) in KEYPAD_KEYS.items()}
NAMES_BY_CODE: Final = (
    {code: name for name, code in KITTY_CODES.items() if name != "BTab"}
    | {57399 + digit: f"KP{digit}" for digit in range(10)}
    | {57414: "KPEnter"}
)
BUTTONS_BY_CODE: Final = {code: button for button, code in MOUSE_CODES.items()}
CONTROL_NAMES: Final = {0: "C-Space", 9: "Tab", 13: "Enter", 27: "Escape", 127: "BSpace"}
RELEASE_EVENT: Final = "3"


def name_of(key: Key) -> str:
    """Return a key's name as tmux writes it."""
    modifiers = key.modifiers
    if modifiers & META and modifiers & CONTROL and len(key.name) == 1:
        return ("M-C-S-" if modifiers & SHIFT else "M-C-") + key.name
    prefix = ("C-" if modifiers & CONTROL else "") + ("M-" if modifiers & META else "")
    return prefix + ("S-" if modifiers & SHIFT else "") + key.name


class KeyReader:
    """Parses a client's input across reads."""

    def __init__(self) -> None:
        self._rest = b""
        self._paste: bytearray | None = None

    @property
    def waiting(self) -> bool:
        """Whether something unfinished is held back that `flush` would return (not a paste)."""
        return bool(self._rest) and self._paste is None

    @property
    def in_answer(self) -> bool:
        """Whether what is held back begins as answers of a terminal do, and no key does."""
        return self._paste is None and self._rest.startswith(ANSWERS_BEGIN)

    def feed(self, data: bytes) -> list[Input]:
        """Return the items that `data` completes. Never raises."""
        return self._read(self._rest + data, final=False)

    def flush(self) -> list[Input]:
        """Return what is held back as it is: the Escape key, `M-[`, broken UTF-8."""
        return self._read(self._rest, final=True) if self.waiting else []

    def _read(self, data: bytes, *, final: bool) -> list[Input]:
        found: list[Input] = []
        at = 0
        self._rest = b""
        while at < len(data):
            if self._paste is not None:
                at = self._read_paste(data, at, found)
                continue
            item, size = self._next(data, at, final)
            if item is None and size == 0:
                self._rest = data[at:]
                break
            if item is not None:
                found.append(item)
            at += size
        return found

    def _read_paste(self, data: bytes, at: int, found: list[Input]) -> int:
        """Collect a paste. Returns where it ends in `data`."""
        assert self._paste is not None  # checked by the caller
        seen = max(0, len(self._paste) - len(PASTE_END) + 1)
        self._paste += data[at:]
        end = self._paste.find(PASTE_END, seen)
        if end < 0:
            if len(self._paste) > PASTE_BYTES_MAX:
                found.append(Paste(bytes(self._paste), PASTE_BEGIN + self._paste + PASTE_END))
                self._paste = bytearray()
            return len(data)
        content, after = bytes(self._paste[:end]), len(self._paste) - end - len(PASTE_END)
        found.append(Paste(content, PASTE_BEGIN + content + PASTE_END))
        self._paste = None
        return len(data) - after

    def _next(self, data: bytes, at: int, final: bool) -> tuple[Input | None, int]:
        """Return the next item and its size; (None, 0) if it is unfinished."""
        if data[at] != 0x1B:
            return self._character(data, at, 0, final)
        if data.startswith(PASTE_BEGIN, at):
            self._paste = bytearray()
            return None, len(PASTE_BEGIN)
        sequence = SEQUENCE.match(data, at)
        if sequence:
            return _item(sequence, 0), sequence.end() - at
        if not final and UNFINISHED.match(data, at) and len(data) - at < ANSWER_BYTES_MAX:
            return None, 0
        if len(data) - at == 1:
            return KeyPress("Escape", b"\x1b"), 1
        if data[at + 1] == 0x1B:
            sequence = SEQUENCE.match(data, at + 1)
            if sequence and not isinstance(item := _item(sequence, META), Answer):
                return item._replace(raw=b"\x1b" + item.raw), sequence.end() - at
            return KeyPress("Escape", b"\x1b"), 1
        item_after, size = self._character(data, at + 1, META, final)
        if item_after is None:
            return None, 0
        return item_after._replace(raw=b"\x1b" + item_after.raw), size + 1

    def _character(
        self, data: bytes, at: int, modifiers: int, final: bool
    ) -> tuple[KeyPress | None, int]:
        first = data[at]
        if first < 0x80:
            return KeyPress(name_of(_plain(first, modifiers)), data[at : at + 1]), 1
        size = 2 if first < 0xE0 else 3 if first < 0xF0 else 4
        raw = data[at : at + size]
        try:
            return KeyPress(name_of(Key(raw.decode(), modifiers)), raw), size
        except UnicodeDecodeError as error:
            if error.reason == "unexpected end of data" and at + size > len(data) and not final:
                return None, 0
            return KeyPress(name_of(Key("\ufffd", modifiers)), data[at : at + 1]), 1


def _plain(code: int, modifiers: int) -> Key:
    if code in CONTROL_NAMES:
        name = CONTROL_NAMES[code]
        if name == "C-Space":
            return Key("Space", modifiers | CONTROL)
        return Key(name, modifiers)
    if code < 32:
        return Key(chr(code + 64).lower(), modifiers | CONTROL)
    return Key("Space" if code == 32 else chr(code), modifiers)


def _item(sequence: re.Match[bytes], modifiers: int) -> Input:
    raw = sequence.group()
    if sequence["mouse"]:
        code, column, row = map(int, sequence["mouse"].split(b";"))
        return Mouse(_mouse(code, column - 1, row - 1, sequence["mouse_end"] == b"m"), raw)
    if sequence["old_mouse"]:
        code, column, row = (byte - 32 for byte in sequence["old_mouse"])
        return Mouse(_mouse(code, column - 1, row - 1, code & 3 == 3 and code < 32), raw)
    key: Key | None = None
    if sequence["console"]:
        key = Key(f"F{sequence['console'][0] - 0x40}", modifiers)
    elif sequence["ss3"]:
        letter = sequence["ss3"].decode()
        name = NAMES_BY_LETTER.get(letter) or NAMES_BY_KEYPAD.get(letter)
        held = int(sequence["count"]) - 1 if sequence["count"] else 0
        key = Key(name, modifiers | held) if name else None
    elif sequence["final"]:
        final = sequence["final"].decode()
        if final in "IO" and not sequence["parameters"]:
            return Focus(final == "I", raw)
        parameters = sequence["parameters"].decode()
        if final == "M" and URXVT_MOUSE.fullmatch(parameters):
            code, column, row = map(int, parameters.split(";"))
            return Mouse(_mouse(code - 32, column - 1, row - 1, (code - 32) & 35 == 3), raw)
        key = _csi_key(parameters, final, modifiers)
    return KeyPress(name_of(key), raw) if key else Answer(raw)


def _csi_key(parameters: str, final: str, modifiers: int) -> Key | None:
    """Return the key of a CSI sequence: xterm's forms, modifyOtherKeys and the kitty protocol."""
    fields = [part.split(":") for part in parameters.split(";")]
    if final == "Z":
        return Key("BTab", modifiers)
    number = int(fields[0][0] or 1)
    if len(fields) > 1:
        modifiers |= (max(int(fields[1][0] or 1), 1) - 1) & (SHIFT | META | CONTROL)
        if fields[1][1:] == [RELEASE_EVENT]:
            return None
    if final == "u":
        return _code_key(number, modifiers)
    if final == "~":
        if number == 27 and len(fields) > 2:
            return _code_key(int(fields[2][0] or 0), modifiers)
        name = NAMES_BY_NUMBER.get(number)
        return Key(name, modifiers) if name else None
    if final == "R" and len(fields) > 1 and number != 1:
        return None  # a cursor position report
    name = NAMES_BY_LETTER.get(final)
    return Key(name, modifiers) if name and number == 1 else None


def _code_key(code: int, modifiers: int) -> Key | None:
    """Return the key of a code point, as the kitty protocol and modifyOtherKeys number keys."""
    name = NAMES_BY_CODE.get(code)
    if name == "Tab" and modifiers & SHIFT:
        return Key("BTab", modifiers & ~SHIFT)
    if name is not None:
        return Key(name, modifiers)
    if code < 32 or 0xD800 <= code < 0xF900 or code > 0x10FFFF:
        return None
    character = chr(code)
    if modifiers & SHIFT and len(character.upper()) == 1:
        upper = character.upper()
        if not modifiers & CONTROL or upper == character:
            return Key(upper, modifiers & ~SHIFT)
    return Key(character, modifiers)


def _mouse(code: int, column: int, row: int, released: bool) -> MouseEvent:
    button = BUTTONS_BY_CODE.get(code & ~(MOUSE_MOTION | 28), 0)
    action = "motion" if code & MOUSE_MOTION else "release" if released else "press"
    return MouseEvent(action, button, max(column, 0), max(row, 0), code & 28)  # type: ignore[arg-type]  # one of its literals
