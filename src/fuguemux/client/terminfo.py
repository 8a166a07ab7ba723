"""What terminfo says of the terminal, for a server that asks. Few clients are asked, so only those import curses."""

from fuguemux.protocol.terminals import TerminalMessage

STRINGS = (
    "acsc",
    "blink",
    "bold",
    "civis",
    "clear",
    "cnorm",
    "cup",
    "dim",
    "ech",
    "el",
    "enacs",
    "fsl",
    "invis",
    "kmous",
    "rev",
    "rmacs",
    "rmcup",
    "rmkx",
    "setab",
    "setaf",
    "sitm",
    "smacs",
    "smcup",
    "smkx",
    "smso",
    "smul",
    "smxx",
    "tsl",
    "Cr",
    "Cs",
    "Dsbp",
    "Dseks",
    "Dsfcs",
    "Enbp",
    "Eneks",
    "Enfcs",
    "Ms",
    "Se",
    "Setulc",
    "Smol",
    "Smulx",
    "Ss",
    "Sync",
    "setrgbb",
    "setrgbf",
)
NUMBERS = ("colors", "U8")
FLAGS = ("AX", "RGB", "Tc", "XT", "bce")
"""What the server wants to know. Names with a capital letter are no part of X/Open curses."""

_MISSING = "could not find terminal"


def described(term: str, features: str) -> TerminalMessage:
    """Return what terminfo has about the terminal `term`. Call it once in a process, because curses keeps the first answer.

    `features` is the value of `-T`, which is passed on.
    """
    if not term:
        return TerminalMessage(features=features)
    try:
        import _curses  # late: it costs more than everything else that most clients import
    except ImportError:
        # An interpreter without curses: a terminal like an xterm is the best guess.
        return TerminalMessage({"XT": b"1"}, features=features)
    try:
        _curses.setupterm(term, 1)
    except _curses.error as error:
        return TerminalMessage(problem=_problem(term, str(error)), features=features)
    found: dict[str, bytes] = {}
    for name in STRINGS:
        text = _curses.tigetstr(name)
        if text is not None:
            found[name] = text
    for name in NUMBERS:
        number = _curses.tigetnum(name)
        if number >= 0:
            found[name] = b"%d" % number
    for name in FLAGS:
        # An unknown flag is -1. Some descriptions have RGB as a number or as a string.
        if _curses.tigetflag(name) > 0 or _curses.tigetnum(name) > 0 or _curses.tigetstr(name):
            found[name] = b"1"
    return TerminalMessage(found, features=features)


def _problem(term: str, error: str) -> str:
    """tmux's words."""
    if error.endswith(_MISSING):
        return f"missing or unsuitable terminal: {term}"
    return "can't find terminfo database" if "database" in error else f"can't use terminal: {term}"
