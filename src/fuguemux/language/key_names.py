"""Names of keys in their canonical spelling: `C-a`, `M-Up`, `PPage`, `MouseDown1Pane`. After tmux(1), KEY BINDINGS."""

from typing import Final

_NAMED: Final = (
    *(f"F{number}" for number in range(1, 13)),
    *("IC", "DC", "Home", "End", "NPage", "PPage", "BTab", "Space", "BSpace"),
    *("Up", "Down", "Left", "Right", "Enter", "Escape", "Tab", "Any", "None"),
    *("KP/", "KP*", "KP-", "KP+", "KPEnter", "KP."),
    *(f"KP{number}" for number in range(10)),
)
_OTHER_SPELLINGS: Final = {
    "insert": "IC",
    "delete": "DC",
    "pagedown": "NPage",
    "pgdn": "NPage",
    "pageup": "PPage",
    "pgup": "PPage",
}
_MOUSE_EVENTS: Final = (
    *(f"{event}{button}" for event in ("MouseDown", "MouseUp") for button in range(1, 12)),
    *(f"{event}{button}" for event in ("MouseDrag", "MouseDragEnd") for button in range(1, 12)),
    *(
        f"{event}{button}"
        for event in ("SecondClick", "DoubleClick", "TripleClick")
        for button in range(1, 12)
    ),
    *("WheelUp", "WheelDown", "MouseMove"),
)
_MOUSE_PLACES: Final = (
    *("Pane", "Status", "StatusLeft", "StatusRight", "StatusDefault", "Border"),
)
_BY_LOWER: Final = (
    {name.lower(): name for name in _NAMED}
    | _OTHER_SPELLINGS
    | {(event + where).lower(): event + where for event in _MOUSE_EVENTS for where in _MOUSE_PLACES}
)
_MOUSE_NAMES: Final = frozenset(
    (event + where).lower() for event in _MOUSE_EVENTS for where in _MOUSE_PLACES
)
_CONTROL_NAMES: Final = {"i": "Tab", "m": "Enter", "[": "Escape", "@": "C-Space", " ": "C-Space"}
_CONTROL_CODES: Final = {
    9: "Tab",
    13: "Enter",
    27: "Escape",
    32: "Space",
    127: "BSpace",
    0: "C-Space",
}
_USER_KEYS_MAX: Final = 1000


def key_name(text: str) -> str | None:
    """The canonical name of the key that `text` names; None if there is no such key."""
    if text.startswith("^") and len(text) == 2:
        return _with_modifiers({"C"}, text[1])
    if text.lower().startswith("0x"):
        return _by_code(text[2:])
    modifiers: set[str] = set()
    rest = text
    while len(rest) > 1 and rest[1] == "-" and rest[0].upper() in "CMS":
        modifiers.add(rest[0].upper())
        rest = rest[2:]
    return _with_modifiers(modifiers, rest) if rest else None


def is_mouse_key(name: str) -> bool:
    """Whether a key name in its canonical spelling is one of the mouse."""
    return name.rpartition("-")[2].lower() in _MOUSE_NAMES


def _with_modifiers(modifiers: set[str], rest: str) -> str | None:
    base = _base(rest)
    if base is None:
        return None
    if "C" in modifiers and len(base) == 1:
        base = base.lower() if base.isascii() else base
        named = _CONTROL_NAMES.get(base)
        if named is not None:
            modifiers = modifiers - {"C"}
            base = named
    prefix = "".join(f"{letter}-" for letter in "CMS" if letter in modifiers)
    if prefix.startswith("C-M-") and len(base) == 1:
        prefix = "M-C-" + prefix[4:]
    return prefix + base


def _base(text: str) -> str | None:
    if len(text) == 1:
        return text if text > " " and text != "\x7f" else _CONTROL_CODES.get(ord(text))
    if text.startswith("User"):
        number = text[4:]
        valid = number.isascii() and number.isdigit() and int(number) < _USER_KEYS_MAX
        return text if valid else None
    return _BY_LOWER.get(text.lower())


def _by_code(digits: str) -> str | None:
    try:
        code = int(digits, 16)
    except ValueError:
        return None
    if code in _CONTROL_CODES:
        return _CONTROL_CODES[code]
    if 0 < code < 32:
        return "C-" + chr(code + 96)
    return chr(code) if 32 < code <= 0x10FFFF and not 0xD800 <= code < 0xE000 else None
