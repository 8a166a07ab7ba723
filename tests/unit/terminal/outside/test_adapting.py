"""Bytes for terminals that can do less than an xterm. The expected styles are what tmux 3.3a sends to the same terminal."""

import pytest

from fuguemux.terminal.outside.abilities import Abilities, abilities, problem, speaks_utf8
from fuguemux.terminal.outside.adapting import Adapter

ANSI = {
    "clear": b"\x1b[H\x1b[J", "cup": b"\x1b[%i%p1%d;%p2%dH", "el": b"\x1b[K", "bold": b"\x1b[1m", "smul": b"\x1b[4m",
    "rev": b"\x1b[7m", "blink": b"\x1b[5m", "smso": b"\x1b[7m$<2>", "smkx": b"\x1b[?1h\x1b=", "rmkx": b"\x1b[?1l\x1b>",
    "acsc": b"``aaffggjjkkllmmnnooppqqrrssttuuvvwwxxyyzz{{||}}~~",
}  # fmt: skip
VT100 = ANSI | {"smacs": b"\x0e", "rmacs": b"\x0f", "enacs": b"\x1b(B\x1b)0"}
LINUX = ANSI | {
    "colors": b"8", "setaf": b"\x1b[3%p1%dm", "setab": b"\x1b[4%p1%dm", "ech": b"\x1b[%p1%dX", "kmous": b"\x1b[M",
    "civis": b"\x1b[?25l", "dim": b"\x1b[2m",
}  # fmt: skip
XTERM = LINUX | {
    "XT": b"1", "smcup": b"\x1b[?1049h", "rmcup": b"\x1b[?1049l", "sitm": b"\x1b[3m", "invis": b"\x1b[8m", "smxx": b"\x1b[9m",
    "colors": b"256", "Ms": b"\x1b]52;%p1%s;%p2%s\x07", "Ss": b"\x1b[%p1%d q",
}  # fmt: skip


def adapted(
    data: bytes, capabilities: dict[str, bytes], *, utf8: bool = True, given: tuple[str, ...] = ()
) -> bytes:
    return Adapter(abilities("some", capabilities, utf8=utf8, given=given)).adapted(data)


def test_a_terminal_that_can_do_everything_gets_everything() -> None:
    data = "\x1b[?2026h\x1b[0;4:3;38;2;1;2;3;58:2::1:2:3m┌é\x1b]8;;x\x1b\\".encode()
    assert Adapter(Abilities()).adapted(data) is data
    assert adapted(data, XTERM, given=("RGB", "usstyle", "overline")) is data


@pytest.mark.parametrize(
    ("style", "xterm_256", "linux", "vt100"),
    [
        ("0", "0", "0", "0"),
        ("0;38;2;1;2;3", "0;38;5;16", "0;30", "0"),
        ("0;48;2;255;255;255", "0;48;5;231", "0;47", "0;7"),
        ("0;38;5;200", "0;38;5;200", "0;31", "0"),
        ("0;48;5;200", "0;48;5;200", "0;41", "0;7"),
        ("0;38;5;9", "0;38;5;9", "0;1;31", "0;1"),
        ("0;91", "0;91", "0;1;31", "0;1"),
        ("0;101", "0;101", "0;41", "0;7"),
        ("0;40", "0;40", "0;40", "0"),
        ("0;7;32;44", "0;7;32;44", "0;7;32;44", "0"),
        ("0;4:3", "0;4", "0;4", "0;4"),
        ("0;58;5;9;9;53", "0;9", "0", "0"),
        ("0;3", "0;3", "0;7", "0;7"),
        ("0;2", "0;2", "0;2", "0"),
        ("0;8", "0;8", "0", "0"),
    ],
)
def test_a_style_is_shown_as_well_as_possible(
    style: str, xterm_256: str, linux: str, vt100: str
) -> None:
    data = f"\x1b[{style}m".encode()
    for capabilities, expected in ((XTERM, xterm_256), (LINUX, linux), (VT100, vt100)):
        assert adapted(data, capabilities) == f"\x1b[{expected}m".encode()


def test_a_style_may_come_in_pieces() -> None:
    pieces = b"\x1b[0m\x1b[7m\x1b[38;5;2m\x1b[48;5;4mH"
    assert adapted(pieces, VT100) == b"\x1b[0mH"
    assert adapted(pieces, LINUX) == b"\x1b[0;7;32;44mH"


def test_modes_that_a_terminal_lacks_are_not_sent() -> None:
    data = b"\x1b[?2026h\x1b[?25l\x1b[?1002h\x1b[?1006h\x1b[?7l\x1b[5 q\x1b[=1;1u\x1b]52;c;eA==\x07\x1b]8;;x\x07"
    assert adapted(data, VT100) == b"\x1b[?7l"
    assert adapted(data, LINUX) == b"\x1b[?25l\x1b[?1002h\x1b[?1006h\x1b[?7l"
    assert adapted(data, XTERM) == data


def test_cells_are_erased_with_blanks_where_nothing_else_erases_them() -> None:
    assert adapted(b"\x1b[2;3H\x1b[0m\x1b[4Xab", VT100) == b"\x1b[2;3H\x1b[0m    \x1b[4Dab"
    assert adapted(b"\x1b[4X", LINUX) == b"\x1b[4X"


def test_without_utf8_lines_are_drawn_and_the_rest_is_replaced() -> None:
    assert adapted("a┌──é界e\u0301".encode(), VT100, utf8=False) == b"a\x0elqq\x0f___e"
    plain = {name: value for name, value in LINUX.items() if name != "acsc"}
    assert adapted("│─┼".encode(), plain, utf8=False) == b"|-+"


def test_a_terminal_must_be_able_to_show_a_screen() -> None:
    assert problem({}) == "open terminal failed: terminal does not support clear"
    assert problem({"clear": b"x"}) == "open terminal failed: terminal does not support cup"
    assert "ANSI" in problem({"clear": b"x", "cup": b"\x1b=%p1%c"})
    assert problem(ANSI) == ""


def test_what_enters_a_terminal_is_undone() -> None:
    xterm = abilities("xterm", XTERM, utf8=True)
    assert b"\x1b[?1049h" in xterm.enter()
    assert b"\x1b[?1049l" in xterm.leave()
    stays = abilities("xterm", XTERM, utf8=True, overrides=["xterm*:smcup@:rmcup@"])
    assert b"1049" not in stays.enter() + stays.leave()
    vt100 = abilities("vt100", VT100, utf8=True)
    assert vt100.enter() == b"\x1b(B\x1b)0\x1b[m\x1b[H\x1b[J"
    assert b"1000" not in vt100.leave()
    assert Abilities().enter() == Abilities().leave() == b""


def test_colours_are_those_of_terminfo_features_and_overrides() -> None:
    def colours(capabilities: dict[str, bytes], **more: object) -> int:
        return abilities("xterm", capabilities, utf8=True, **more).colours  # type: ignore[arg-type] # one of its fields

    assert [colours(VT100), colours(LINUX), colours(XTERM)] == [0, 8, 256]
    assert colours(LINUX | {"colors": b"88"}) == 16
    assert colours(LINUX, given=("256",)) == 256
    assert colours(LINUX, given=("RGB",)) == colours(XTERM, overrides=["xterm*:Tc"]) == 1 << 24
    assert colours(XTERM, colorterm="truecolor") == 1 << 24


@pytest.mark.parametrize(
    ("environment", "utf8"),
    [
        ({b"LC_ALL": b"C", b"LANG": b"en_US.UTF-8"}, False),
        ({b"LC_CTYPE": b"C.utf8"}, True),
        ({b"LC_ALL": b"", b"LANG": b"C.UTF-8"}, True),
        ({}, False),
        ({b"TMUX": b"x", b"LANG": b"C"}, True),
    ],
)
def test_the_locale_says_whether_utf8_is_shown(environment: dict[bytes, bytes], utf8: bool) -> None:
    assert speaks_utf8(environment, asked=False) is utf8
    assert speaks_utf8(environment, asked=True)
