"""tmux's terminal features and overrides: names for things that a terminal can do, whatever terminfo says.

Source: tmux(1), TERMINFO EXTENSIONS and the options `terminal-features` and `terminal-overrides`.
"""

import re
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Final

Capabilities = Mapping[str, bytes]
"""What a terminal has, by terminfo's names: strings as they are there, decimal numbers, `1` for a flag."""

FEATURES: Final[dict[str, dict[str, bytes]]] = {
    "256": {"AX": b"1", "setab": b"\x1b[48;5;%p1%dm", "setaf": b"\x1b[38;5;%p1%dm"},
    "bpaste": {"Enbp": b"\x1b[?2004h", "Dsbp": b"\x1b[?2004l"},
    "ccolour": {"Cs": b"\x1b]12;%p1%s\x07", "Cr": b"\x1b]112\x07"},
    "clipboard": {"Ms": b"\x1b]52;%p1%s;%p2%s\x07"},
    "cstyle": {"Ss": b"\x1b[%p1%d q", "Se": b"\x1b[2 q"},
    "extkeys": {"Eneks": b"\x1b[>4;2m", "Dseks": b"\x1b[>4m"},
    "focus": {"Enfcs": b"\x1b[?1004h", "Dsfcs": b"\x1b[?1004l"},
    "margins": {},
    "mouse": {"kmous": b"\x1b[M"},
    "osc7": {},
    "overline": {"Smol": b"\x1b[53m"},
    "rectfill": {},
    "RGB": {"AX": b"1", "RGB": b"1", "setab": b"\x1b[48;5;%p1%dm", "setaf": b"\x1b[38;5;%p1%dm"},
    "strikethrough": {"smxx": b"\x1b[9m"},
    "sync": {"Sync": b"\x1b[?2026%?%p1%{1}%=%th%el%;"},
    "title": {"tsl": b"\x1b]0;", "fsl": b"\x07"},
    "usstyle": {"Smulx": b"\x1b[4:%p1%dm", "Setulc": b"\x1b[58:2:%p1%d:%p2%d:%p3%dm"},
}
"""What each stands for, in the order in which they are listed. fugue needs no margins, no filled rectangles and no OSC 7."""

_MODERN: Final = "256,RGB,bpaste,clipboard,mouse,strikethrough,title"
_NEWEST: Final = f"{_MODERN},ccolour,cstyle,focus,overline,sync,usstyle"
KNOWN_TERMINALS: Final[dict[str, str]] = {
    "mintty": f"{_MODERN},ccolour,cstyle,extkeys,margins,overline,usstyle",
    "tmux": f"{_MODERN},ccolour,cstyle,focus,overline,usstyle",
    "rxvt-unicode": "256,bpaste,ccolour,cstyle,mouse,title",
    "iTerm2": f"{_MODERN},cstyle,extkeys,margins,osc7,sync,usstyle",
    "XTerm": f"{_MODERN},ccolour,cstyle,extkeys,focus",
    # The following are fugue's own. Those of tmux 3.3a stand above.
    "contour": _NEWEST,
    "foot": _NEWEST,
    "fugue": _NEWEST,
    "ghostty": _NEWEST,
    "kitty": _NEWEST,
    "Konsole": f"{_MODERN},ccolour,cstyle,focus,overline,usstyle",
    "VTE": f"{_MODERN},ccolour,cstyle,focus,overline,usstyle",
    "WezTerm": _NEWEST,
}
"""The features of a terminal by the beginning of the name that it reports itself (XTVERSION)."""
LETTERS: Final = {77: "mintty", 84: "tmux", 85: "rxvt-unicode"}
"""Terminals by the first number of their secondary device attributes."""
RECTANGLES: Final = 41
"""The same number of a VT420, which has margins and filled rectangles."""
COLORTERM: Final = ("truecolor", "24bit")
"""Values of $COLORTERM with which a terminal says that it knows all colours. Such a terminal is a modern one."""
COLORTERM_FEATURES: Final = ("256", "RGB", "overline", "strikethrough", "usstyle")

_OF_ALL: Final = ("bpaste", "focus", "title")
"""Features of every terminal that understands control sequences."""


def named(text: str, separator: str) -> list[str]:
    """The features in a list. As in tmux, nothing counts from the first unknown one on."""
    found = []
    for word in filter(None, text.split(separator)):
        name = next((name for name in FEATURES if name.lower() == word.lower()), None)
        if name is None:
            break
        found.append(name)
    return found


def listed(features: Iterable[str]) -> str:
    """Features as tmux lists them."""
    wanted = set(features)
    return ",".join(name for name in FEATURES if name in wanted)


def of_option(term: str, entries: Iterable[str]) -> list[str]:
    """The features that the option `terminal-features` gives to a terminal. Its entries are `pattern:feature:…`."""
    found: list[str] = []
    for entry in entries:
        pattern, _, rest = entry.partition(":")
        if fnmatchcase(term, pattern):
            found += named(rest, ":")
    return found


def overridden(term: str, capabilities: Capabilities, entries: Iterable[str]) -> dict[str, bytes]:
    """The capabilities after the option `terminal-overrides`, whose entries are `pattern:name=value:flag:name@:…`."""
    changed = dict(capabilities)
    for entry in entries:
        pattern, *changes = re.split(r"(?<!\\):", entry)
        if not fnmatchcase(term, pattern):
            continue
        for change in changes:
            name, equals, value = change.partition("=")
            if equals:
                changed[name] = unescaped(value)
            elif name.endswith("@"):
                changed.pop(name[:-1], None)
            elif name:
                changed[name] = b"1"
    return changed


_ESCAPES: Final = {"E": 27, "e": 27, "n": 10, "r": 13, "t": 9, "b": 8, "f": 12, "s": 32, "a": 7}
_ESCAPED: Final = re.compile(r"\\([0-7]{1,3}|.)|\^(.)", re.DOTALL)


def unescaped(text: str) -> bytes:
    """A value as terminfo writes it: `\\E`, `\\033`, `^G`."""

    def one(found: re.Match[str]) -> str:
        after, control = found.groups()
        if control is not None:
            return chr(ord(control.upper()) & 0x1F if control != "?" else 127)
        if after[0] in "01234567":
            return chr(int(after, 8) & 0xFF)
        return chr(_ESCAPES.get(after, ord(after)))

    return _ESCAPED.sub(one, text).encode("utf-8", "surrogateescape")


def with_features(capabilities: Capabilities, features: Iterable[str]) -> dict[str, bytes]:
    """The capabilities together with what features add. What terminfo has stays."""
    added = dict(capabilities)
    for name in features:
        for capability, value in FEATURES[name].items():
            added.setdefault(capability, value)
        if name in ("256", "RGB"):
            colours = int(added.get("colors", b"0") or 0)
            added["colors"] = b"%d" % max(colours, 256)
    return added


def known_by_name(name: str) -> list[str]:
    """The features of a terminal that reports this name and version."""
    for beginning, features in KNOWN_TERMINALS.items():
        if name.startswith(beginning):
            return named(features, ",")
    return []


def known_by_letter(number: int) -> list[str]:
    """The features of a terminal by the first number of its secondary device attributes."""
    if number == RECTANGLES:
        return ["margins", "rectfill"]
    return named(KNOWN_TERMINALS.get(LETTERS.get(number, ""), ""), ",")


def basic(capabilities: Capabilities, colorterm: str) -> list[str]:
    """The features that show in terminfo and in $COLORTERM."""
    found = [*_OF_ALL] if capabilities.get("clear", b"").startswith(b"\x1b[") else []
    if colorterm in COLORTERM:
        found += COLORTERM_FEATURES
    if "Tc" in capabilities or "RGB" in capabilities or "setrgbf" in capabilities:
        found.append("RGB")
    return found
