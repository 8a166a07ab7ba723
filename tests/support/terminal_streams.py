"""Output of programs as a PTY transmits it: an editor, a pager, coloured listings, CJK and emoji text.

It is written by hand after the output of vim, less, htop, ls and git with TERM=xterm-256color, so that the tests do
not need these programs.
"""

from __future__ import annotations

from typing import Final

from tests.support.streams import RECORDED


def _editor() -> bytes:
    """Open a file in a full-screen editor, scroll, insert, leave."""
    parts = [
        b"$ vim notes\r\n\x1b[?1049h\x1b[22;0;0t\x1b[>4;2m\x1b[?1h\x1b=\x1b[?2004h\x1b[?1004h\x1b[1;24r",
        b"\x1b[?12h\x1b[?12l\x1b[22;2t\x1b[22;1t\x1b[27m\x1b[23m\x1b[29m\x1b[m\x1b[H\x1b[2J\x1b[?25l",
        b'\x1b[24;1H"notes" 120L, 4211B\x1b[1;1H',
    ]
    for row in range(1, 24):
        parts.append(b"\x1b[%d;1H\x1b[38;5;130m%4d \x1b[m" % (row, row))
        parts.append(
            b"\x1b[38;5;%dm\x1b[1mword%d\x1b[m plain \x1b[48;2;%d;20;40mtint\x1b[m\x1b[K"
            % (row * 7 % 256, row, row * 9)
        )
    parts.append(b"\x1b[24;63H1,1\x1b[11CTop\x1b[1;6H\x1b[?25h")
    for step in range(10):
        parts.append(
            b"\x1b[?25l\x1b[1;23r\x1b[23;1H\r\n\x1b[1;24r\x1b[23;1H\x1b[38;5;130m%4d \x1b[m"
            % (24 + step)
        )
        parts.append(
            "läng zeile 漢字 ✓ ".encode() * 4 + b"\x1b[24;63H%d,1\x1b[K\x1b[?25h" % (24 + step)
        )
    parts.append(
        b"\x1b[5;6H\x1b[4hinserted \x1b[4l\x1b[2L\x1b[3P\x1b[4@\x1b[6X\x1b[5 q\x1b[3;10r\x1b[3;1H\x1bM\x1bM\x1b[r"
    )
    parts.append(
        b"\x1b[24;1H\x1b[?1004l\x1b[?2004l\x1b[?1l\x1b>\x1b[?1049l\x1b[23;0;0t\x1b[0 q\x1b[?25h\x1b[>4;m$ "
    )
    return b"".join(parts)


def _monitor() -> bytes:
    """A process monitor that redraws bars and a table."""
    parts = [
        b"\x1b[?1049h\x1b[22;0;0t\x1b[1;24r\x1b(B\x1b[m\x1b[4l\x1b[?7h\x1b[?1h\x1b=\x1b[?25l\x1b[?1000h\x1b[?1006h\x1b[39;49m\x1b[H\x1b[2J"
    ]
    for frame in range(6):
        for cpu in range(4):
            used = (frame * 5 + cpu * 7) % 30
            parts.append(
                b"\x1b[%d;3H\x1b[36m%d\x1b[1m\x1b[39m[\x1b[32m%b\x1b[31m%b\x1b[90m\x1b[%dX\x1b[%d;40H%4.1f%%\x1b[39m]\x1b(B\x1b[m"
                % (cpu + 2, cpu, b"|" * used, b"|" * (cpu + 1), 30 - used, cpu + 2, used / 3)
            )
        parts += [
            b"\x1b[7;1H\x1b[30m\x1b[42m  PID USER      PRI  NI  VIRT   S CPU% ",
            b"\x1b[30m\x1b[46mMEM%\x1b[42m   TIME+  Command\x1b[K",
        ]
        for row in range(8, 24):
            style = b"\x1b[30;46m" if row == 10 else b"\x1b(B\x1b[m"
            numbers = (row * 13, row * frame, row, frame, frame)
            parts += [
                b"\x1b[%d;1H" % row + style,
                b"%5d root       20   0  \x1b[36m%4dM\x1b[39m %3d  S  0.%d" % numbers[:4],
                b" \x1b[32m/usr/bin/thing\x1b[39m --frame %d\x1b[K" % frame,
            ]
        parts.append(
            b"\x1b[24;1HF1\x1b[30m\x1b[46mHelp  \x1b(B\x1b[mF10\x1b[30m\x1b[46mQuit\x1b[K\x1b(B\x1b[m"
        )
    parts.append(
        b"\x1b[24;1H\x1b[?1006l\x1b[?1000l\x1b[?1049l\x1b[23;0;0t\r\x1b[?1l\x1b>\x1b[?12l\x1b[?25h"
    )
    return b"".join(parts)


def _pager() -> bytes:
    parts = [b"\x1b[?1049h\x1b[22;0;0t\x1b[?1h\x1b=\r"]
    parts += [
        b"line %d of the \x1b[1mmanual\x1b[0m, \x1b[4munderlined\x1b[24m\x1b[m\r\n" % line
        for line in range(23)
    ]
    parts.append(b":\x1b[K")
    parts += [
        b"\r\x1b[Kline %d %b\r\n:\x1b[K" % (line, b"long " * (line % 30)) for line in range(23, 50)
    ]
    parts += [
        b"\r\x1b[K\x1b[H\x1bMline %d again\r\n\x1b[24;1H\r\x1b[K:\x1b[K" % line for line in range(8)
    ]
    parts.append(b"\x1b[7m(END)\x1b[27m\x1b[K\r\x1b[K\x1b[?1l\x1b>\x1b[?1049l\x1b[23;0;0t")
    return b"".join(parts)


def _shell() -> bytes:
    """Prompts with marks, a listing with links, a diff, a progress bar, a build log."""
    parts = []
    for command in range(5):
        parts.append(
            b"\x1b]133;D;%d\x07\x1b]7;file://host/tmp/d%d\x07\x1b]133;A\x07\x1b]0;bash: d%d\x07"
            % (command, command, command)
        )
        parts.append(
            b"\x1b[?2004h\x1b[01;32muser@host\x1b[00m:\x1b[01;34m~/d%d\x1b[00m$ \x1b]133;B\x07ls\x1b[?2004l\r\r\n\x1b]133;C\x07"
            % command
        )
        parts += [
            b"\x1b[0m\x1b]8;;file://host/tmp/f%d\x1b\\\x1b[01;3%dmfile-%d\x1b[0m\x1b]8;;\x1b\\\t%d\r\n"
            % (name, name % 8, name, name * 1000)
            for name in range(12)
        ]
        parts.append(
            b"\x1b[1mdiff --git a/x b/x\x1b[m\r\n\x1b[31m-old\x1b[m\r\n\x1b[32m+\x1b[m\x1b[32mnew\x1b[m\x1b[41m \x1b[m\r\n"
        )
        parts += [
            b"\r\x1b[K\x1b[32m%3d%%\x1b[0m [%-20b]" % (percent, b"=" * (percent // 5))
            for percent in range(0, 101, 10)
        ]
        parts.append(
            b"\r\n"
            + b"warning: something rather long that wraps around the edge of the screen " * 3
            + b"\r\n"
        )
    return b"".join(parts)


def _text() -> bytes:
    lines = [
        "日本語のテキストは二桁の幅を持つ。" * 5,
        "Ünïcödé with combining: e\u0301 o\u0308 n\u0303, Zalgo: h\u0301\u0302\u0303",
        "emoji 👍🏽 👨‍👩‍👧 🇩🇪 ❤️ ☂ ✈️ 🏳️‍🌈 done",
        "Привет мир, γειά σου Κόσμε, שלום עולם, مرحبا",
        "한국어 텍스트와 中文字符混合 text",
        "\t tabs\tand \x1b(0lqqqk\x1b(B boxes",
    ]
    return b"".join(line.encode() + b"\r\n" for _ in range(8) for line in lines)


STREAMS: Final = {
    "editor": _editor(),
    "monitor": _monitor(),
    "pager": _pager(),
    "shell": _shell(),
    "text": _text(),
    **RECORDED,
}
