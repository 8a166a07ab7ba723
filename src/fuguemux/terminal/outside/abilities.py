"""What one client's terminal can do, and the sequences that take it over and give it back."""

import re
from collections.abc import Iterable
from typing import Final, NamedTuple

from fuguemux.terminal.outside import features as known
from fuguemux.terminal.outside import xterm
from fuguemux.terminal.outside.features import Capabilities

RGB_COLOURS: Final = 1 << 24
"""The number of colours of a terminal that takes red, green and blue."""
_PADDING: Final = re.compile(rb"\$<[0-9.]+[*/]*>")
_XTERM_LIKE: Final = ("xterm", "tmux")
_MOUSE_OFF: Final = b"\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l"
REFUSAL: Final = "open terminal failed: terminal does not support {}"
REQUIRED: Final = ("clear", "cup")


def problem(capabilities: Capabilities) -> str:
    """Why a terminal cannot be used, in tmux's words. Empty: it can."""
    for name in REQUIRED:
        if name not in capabilities:
            return REFUSAL.format(name)
    # tmux addresses the cursor as terminfo says. fugue knows one way.
    if not capabilities["cup"].startswith(b"\x1b["):
        return "open terminal failed: terminal does not understand ANSI sequences"
    return ""


class Abilities(NamedTuple):
    """What a terminal can do. As a default: everything."""

    capabilities: Capabilities = {}
    xterm: bool = True
    """Whether it understands, or ignores, every sequence of xterm."""
    utf8: bool = True
    colours: int = RGB_COLOURS
    """RGB_COLOURS, 256, 16, 8, or 0."""
    features: tuple[str, ...] = ()

    def has(self, name: str) -> bool:
        """Whether it has a capability, by terminfo's name. Without any, nothing is known against the terminal."""
        return not self.capabilities or name in self.capabilities

    def text(self, name: str) -> bytes:
        """A capability that is a string, without padding. Empty: the terminal does not have it."""
        return _PADDING.sub(b"", self.capabilities.get(name, b""))

    @property
    def answers(self) -> bool:
        """Whether it may be asked for its colours: it swallows questions that it does not know."""
        return self.xterm or self.has("Ms") or self.has("Cs")

    def around(self) -> tuple[bytes, bytes]:
        """What takes the terminal over, and what gives it back."""
        return self.enter(), self.leave()

    def enter(self) -> bytes:
        """What takes the terminal over: its other screen, if it has one, empty."""
        if not self.capabilities:
            return b""
        if self.xterm:
            alternate = xterm.ALTERNATE if self.has("smcup") else b""
            charset = b"" if self.utf8 else self.text("enacs")
            return xterm.SAVE_TITLES + alternate + xterm.CLEAR + charset
        return self.text("smcup") + self.text("enacs") + b"\x1b[m" + self.text("clear")

    def leave(self) -> bytes:
        """What gives it back, in whatever state it is."""
        if not self.capabilities:
            return b""
        if self.xterm:
            primary = xterm.LEAVE_ALTERNATE if self.has("smcup") else b""
            return xterm.RESTORE + primary + xterm.RESTORE_TITLES
        parts = [
            _MOUSE_OFF if self.has("kmous") else b"",
            self.text("Dsbp"),
            self.text("Dsfcs"),
            self.text("rmkx"),
            b"\x1b[?7h\x1b[r",
            self.text("rmacs"),
            b"\x1b[m",
            self.text("cnorm"),
            self.text("clear"),
            self.text("rmcup"),
        ]
        return b"".join(parts)


def abilities(
    term: str,
    capabilities: Capabilities,
    *,
    utf8: bool,
    colorterm: str = "",
    given: Iterable[str] = (),
    overrides: Iterable[str] = (),
    reported: Iterable[str] = (),
) -> Abilities:
    """What a terminal can do.

    `given`: features from `-2`, `-T` and the option `terminal-features`. `overrides`: the entries of that option.
    `reported`: features that are known by the name that the terminal reports.
    """
    changed = known.overridden(term, capabilities, overrides)
    features = (*given, *reported, *known.basic(changed, colorterm))
    whole = known.with_features(changed, features)
    return Abilities(
        whole,
        "XT" in whole or term.startswith(_XTERM_LIKE),
        utf8,
        _colours(whole, features),
        tuple(dict.fromkeys(features)),
    )


def _colours(capabilities: Capabilities, features: Iterable[str]) -> int:
    if "RGB" in features:
        return RGB_COLOURS
    if "setaf" not in capabilities and "XT" not in capabilities:
        return 0
    number = int(capabilities.get("colors", b"0") or 0)
    return next((count for count in (256, 16, 8) if number >= count), 0)


def speaks_utf8(environment: dict[bytes, bytes], *, asked: bool) -> bool:
    """Whether a client's terminal shows UTF-8: by `-u`, inside of a pane, or by its locale."""
    if asked or any(environment.get(name) for name in (b"TMUX", b"FUGUE")):
        return True
    locale = next(
        (value for name in (b"LC_ALL", b"LC_CTYPE", b"LANG") if (value := environment.get(name))),
        b"",
    )
    return b"UTF-8" in locale.upper() or b"UTF8" in locale.upper()
