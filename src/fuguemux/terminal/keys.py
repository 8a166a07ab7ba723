"""Keys by their tmux names: encoded for a program, and parsed from the bytes of a terminal.

Names: one character (`a`, `é`), `Enter`, `Escape`, `Tab`, `BTab`, `BSpace`, `Space`, `Up`, `Down`, `Left`, `Right`,
`Home`, `End`, `IC` (`Insert`), `DC` (`Delete`), `PPage` (`PgUp`, `PageUp`), `NPage` (`PgDn`, `PageDown`), `F1` to `F20`,
`KP0` … `KPEnter`, with the prefixes `C-` (or `^`), `M-` and `S-`. Source for the bytes: xterm's ctlseqs, "PC-Style
Function Keys" and "modifyOtherKeys"; for programs that ask for it, the kitty keyboard protocol.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from fuguemux.terminal.emulator import Modes, MouseEvent

SHIFT: Final = 1
META: Final = 2
CONTROL: Final = 4
PREFIXES: Final = {"S-": SHIFT, "M-": META, "C-": CONTROL}

SYNONYMS: Final = {
    "insert": "IC",
    "delete": "DC",
    "pageup": "PPage",
    "pgup": "PPage",
    "pagedown": "NPage",
    "pgdn": "NPage",
}
# Final byte of CSI and SS3 keys.
LETTER_KEYS: Final = {
    "Up": "A", "Down": "B", "Right": "C", "Left": "D", "Home": "H", "End": "F",
    "F1": "P", "F2": "Q", "F3": "R", "F4": "S",
}  # fmt: skip
CURSOR_KEYS: Final = frozenset({"Up", "Down", "Right", "Left", "Home", "End"})
# Number of CSI n ~ keys.
NUMBER_KEYS: Final = {
    "IC": 2, "DC": 3, "PPage": 5, "NPage": 6, "F5": 15, "F6": 17, "F7": 18, "F8": 19, "F9": 20, "F10": 21,
    "F11": 23, "F12": 24, "F13": 25, "F14": 26, "F15": 28, "F16": 29, "F17": 31, "F18": 32, "F19": 33,
    "F20": 34,
}  # fmt: skip
# Keypad keys: what they send in numeric mode, and the final byte of SS3 in application mode.
KEYPAD_KEYS: Final = {
    "KP0": ("0", "p"), "KP1": ("1", "q"), "KP2": ("2", "r"), "KP3": ("3", "s"), "KP4": ("4", "t"),
    "KP5": ("5", "u"), "KP6": ("6", "v"), "KP7": ("7", "w"), "KP8": ("8", "x"), "KP9": ("9", "y"),
    "KP*": ("*", "j"), "KP+": ("+", "k"), "KP-": ("-", "m"), "KP.": (".", "n"), "KP/": ("/", "o"),
    "KPEnter": ("\r", "M"),
}  # fmt: skip
PLAIN_KEYS: Final = {
    "Enter": "\r",
    "Escape": "\x1b",
    "Tab": "\t",
    "Space": " ",
    "BSpace": "\x7f",
}
KITTY_CODES: Final = {"Enter": 13, "Escape": 27, "Tab": 9, "BTab": 9, "Space": 32, "BSpace": 127}
KITTY_DISAMBIGUATE: Final = 1
KITTY_ALL_AS_ESCAPES: Final = 8
NAMED: Final = {
    name.lower(): name for name in (*LETTER_KEYS, *NUMBER_KEYS, *KEYPAD_KEYS, *PLAIN_KEYS, "BTab")
} | SYNONYMS
CONTROL_DIGITS: Final = {
    "2": 0,
    "3": 27,
    "4": 28,
    "5": 29,
    "6": 30,
    "7": 31,
    "8": 127,
    "?": 127,
    "/": 31,
}


class Key(NamedTuple):
    """A key: one character or a name from the tables above, and the sum of its modifiers."""

    name: str
    modifiers: int


def parse(name: str) -> Key | None:
    """Return the key that a tmux key name means, or None if there is no such key."""
    modifiers = 0
    rest = name
    if len(rest) > 1 and rest.startswith("^"):
        modifiers, rest = CONTROL, rest[1:]
    while len(rest) > 2 and rest[:2].upper() in PREFIXES:
        modifiers |= PREFIXES[rest[:2].upper()]
        rest = rest[2:]
    if len(rest) == 1:
        if ord(rest) < 32 or rest == "\x7f":
            return None
        return Key("Space", modifiers) if rest == " " else Key(rest, modifiers)
    known = NAMED.get(rest.lower())
    return None if known is None else Key(known, modifiers)


def encode(name: str, modes: Modes) -> bytes:
    """Return what the key sends to a program that has set `modes`. Raises ValueError for an unknown key."""
    key = parse(name)
    if key is None:
        raise ValueError(f"unknown key: {name}")
    if modes.kitty_keyboard & (KITTY_DISAMBIGUATE | KITTY_ALL_AS_ESCAPES):
        found = _encode_kitty(key, modes)
        if found is not None:
            return found
    return _encode_xterm(key, modes)


def _encode_xterm(key: Key, modes: Modes) -> bytes:
    name, modifiers = key
    if name in LETTER_KEYS:
        return _letter_key(name, modifiers, modes)
    if name in NUMBER_KEYS:
        return _csi(f"{NUMBER_KEYS[name]}{f';{modifiers + 1}' if modifiers else ''}~")
    if name in KEYPAD_KEYS:
        plain, application = KEYPAD_KEYS[name]
        sent = f"\x1bO{application}" if modes.application_keypad else plain
        return _meta(sent.encode(), modifiers)
    if name == "BTab" or (name == "Tab" and modifiers & SHIFT):
        return _meta(b"\x1b[Z", modifiers)
    if name == "BSpace":
        return _meta(b"\x08" if modifiers & CONTROL else b"\x7f", modifiers)
    if name == "Space":
        return _meta(b"\0" if modifiers & CONTROL else b" ", modifiers)
    if name in PLAIN_KEYS:
        return _meta(PLAIN_KEYS[name].encode(), modifiers)
    return _character(name, modifiers)


def _letter_key(name: str, modifiers: int, modes: Modes) -> bytes:
    if modifiers:
        return _csi(f"1;{modifiers + 1}{LETTER_KEYS[name]}")
    ss3 = modes.application_cursor if name in CURSOR_KEYS else True
    return f"\x1b{'O' if ss3 else '['}{LETTER_KEYS[name]}".encode()


def _character(name: str, modifiers: int) -> bytes:
    if modifiers & SHIFT:
        name = name.upper()
    if not modifiers & CONTROL:
        return _meta(name.encode(), modifiers)
    if name in CONTROL_DIGITS:
        return _meta(bytes([CONTROL_DIGITS[name]]), modifiers)
    code = ord(name)
    if 0x40 <= code < 0x80:
        return _meta(bytes([code & 0x1F]), modifiers)
    return _meta(name.encode(), modifiers)


def _encode_kitty(key: Key, modes: Modes) -> bytes | None:
    """Return the key in the kitty protocol. None if it sends the same as without that protocol."""
    name, modifiers = key
    every = bool(modes.kitty_keyboard & KITTY_ALL_AS_ESCAPES)
    if name in LETTER_KEYS or name in NUMBER_KEYS:
        if name == "F3":
            return _csi(f"13{f';{_kitty_modifiers(modifiers)}' if modifiers else ''}~")
        if name in CURSOR_KEYS or modifiers or name in NUMBER_KEYS:
            return None  # sent as xterm does
        return _csi(LETTER_KEYS[name]) if every else None
    if name in KEYPAD_KEYS:
        return None
    if name == "BTab":
        modifiers |= SHIFT
    code = KITTY_CODES.get(name)
    if code is None:
        code = ord(name.lower())
        if modifiers & SHIFT and not modifiers & (META | CONTROL):
            modifiers &= ~SHIFT
            code = ord(name.upper())
    if not every and not modifiers & (META | CONTROL) and name != "Escape":
        if name == "BTab" or not modifiers:
            return None
        if name not in KITTY_CODES or name == "Space":
            return None
    if not modifiers:
        return _csi(f"{code}u")
    return _csi(f"{code};{_kitty_modifiers(modifiers)}u")


def _kitty_modifiers(modifiers: int) -> int:
    return modifiers + 1  # shift 1, alt 2, control 4: the same bits


def _csi(rest: str) -> bytes:
    return b"\x1b[" + rest.encode()


def _meta(sent: bytes, modifiers: int) -> bytes:
    return b"\x1b" + sent if modifiers & META else sent


def encode_paste(data: bytes, *, bracketed: bool) -> bytes:
    """Return pasted text for a program. An end mark inside the text cannot end the paste."""
    if bracketed:
        return (
            b"\x1b[200~" + data.replace(b"\x1b[201~", b"").replace(b"\x1b[200~", b"") + b"\x1b[201~"
        )
    return data.replace(b"\r\n", b"\r").replace(b"\n", b"\r")


MOUSE_CODES: Final = {
    0: 3,
    1: 0,
    2: 1,
    3: 2,
    4: 64,
    5: 65,
    6: 66,
    7: 67,
    8: 128,
    9: 129,
    10: 130,
    11: 131,
}
MOUSE_MOTION: Final = 32
MOUSE_X10_MAX: Final = 222
MOUSE_UTF8_MAX: Final = 2014


def encode_mouse(event: MouseEvent, modes: Modes) -> bytes:
    """Return the report of a mouse event, or b"" if the program did not ask for this kind of event."""
    wheel = 4 <= event.button <= 7
    if not _mouse_wanted(event, modes, wheel):
        return b""
    code = MOUSE_CODES.get(event.button, 3)
    released = event.action == "release"
    if released and modes.mouse_format not in {"sgr", "sgr_pixels"}:
        code = 3
    if modes.mouse != "x10":
        code += event.modifiers & 28
    if event.action == "motion":
        code += MOUSE_MOTION
    x, y = event.column + 1, event.row + 1
    match modes.mouse_format:
        case "sgr" | "sgr_pixels":
            return _csi(f"<{code};{x};{y}{'m' if released else 'M'}")
        case "urxvt":
            return _csi(f"{code + 32};{x};{y}M")
        case "utf8":
            if max(x, y) > MOUSE_UTF8_MAX:
                return b""
            return b"\x1b[M" + "".join(map(chr, (code + 32, x + 32, y + 32))).encode()
        case "x10":
            if max(x, y) > MOUSE_X10_MAX:
                return b""
            return b"\x1b[M" + bytes((code + 32, x + 32, y + 32))


def _mouse_wanted(event: MouseEvent, modes: Modes, wheel: bool) -> bool:
    if modes.mouse == "off" or (wheel and event.action != "press"):
        return False
    if event.action == "press":
        return True
    if event.action == "release":
        return modes.mouse != "x10"
    if modes.mouse == "any":
        return True
    return modes.mouse == "button" and event.button > 0
