"""An attached client of tmux and one of fugue, side by side: the same terminal, the same commands, the same keys.

What both draw is read by fugue's own emulator and compared cell by cell. One pair of servers serves many cases:
`reset` gives the next case a new session and every option its default again.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from fuguemux.terminal.style import TOKENS, width
from tests.support.running import PROGRAM, Attached, until
from tests.support.tmux_pair import TMUX, Answer, Pair

Words = tuple[str, ...]
SGR = re.compile(r"\x1b\[([0-9;:]*)m\Z")
ON_A_BLANK = ("4", "7", "9", "21", "53")
"""Attributes that show in a cell without a character. Without one of them its foreground shows nothing."""
DEADLINE_SECONDS = float(os.environ.get("FUGUE_SIDE_BY_SIDE_SECONDS", "30"))
"""How long the screens may be different. Shorter while a difference is being mended."""
QUIET = "exec sleep 100000"
"""The program of a pane that shows nothing."""
OPTIONS: tuple[Words, ...] = (
    ("set-option", "-g", "automatic-rename", "off"),
    ("set-option", "-g", "status-right", ""),
)
"""What every case starts with: nothing that depends on the time or on the name of a process."""

TRUE_COLOURS: Words = ("set-option", "-as", "terminal-features", ",xterm*:RGB")
"""Colours are sent as they are, not as the nearest of 256."""


class Cell(NamedTuple):
    """A character ("" is the second half of a wide one) and the style that shows: `fg;bg;attributes`."""

    text: str
    style: str = ""


class Seen(NamedTuple):
    """What a client shows: text and cells of each row, without blanks at the end, and the cursor."""

    rows: list[str]
    cells: list[list[Cell]]
    cursor: tuple[int, int] | None


class SideBySide:
    """A server and an attached client of each program. `main` is the session of the first case."""

    def __init__(
        self, directory: Path, columns: int, rows: int, client: dict[str, str] | None = None
    ) -> None:
        self.columns, self.lines = columns, rows
        self._client = client or {}
        self._pair = Pair(directory)
        self._cases = 0
        self._options: dict[str, dict[str, str]] = {}
        self.session = "main"
        # A busy machine takes long for it, and fugue says on stderr that it waits.
        self._pair.fugue.run("start-server")
        self.run(*_session("main", columns, rows, QUIET), TRUE_COLOURS)
        self.run(*OPTIONS)
        self.tmux, self.fugue = self._attach()
        self.same(shows="0:")
        self._pair.fugue("unbind-key", "-a", "-T", "move")  # tmux 3.3a has no such table
        self._options = {name: self._option_lines(name) for name in ("-s", "-g", "-gw")}

    def _attach(self) -> tuple[Attached, Attached]:
        tmux, fugue = self._pair.tmux, self._pair.fugue
        words = ("attach-session", "-t", self.session)
        size = (self.columns, self.lines)
        return (
            Attached(
                [str(TMUX), "-S", str(tmux.directory / "socket"), "-f", "/dev/null", *words],
                {**fugue.environment, "HOME": str(tmux.directory), **self._client},
                tmux.directory,
                *size,
            ),
            Attached(
                [PROGRAM, *words],
                {**fugue.environment, **self._client},
                fugue.directory,
                *size,
            ),
        )

    # What the cases do

    def both(self, *words: str) -> tuple[Answer, Answer]:
        """Run one command line in both. Returns exit code, output and errors of tmux and of fugue."""
        return self._pair.both(*words)

    def run(self, *commands: Words) -> None:
        """Run commands in both, as one sequence. Both must succeed and print the same."""
        words: list[str] = []
        for command in commands:
            words += [*([";"] if words else []), *(_escaped(word) for word in command)]
        theirs, ours = self.both(*words)
        assert theirs[0] == 0, f"tmux {words}: {theirs}"
        assert ours == theirs, f"{words}\n  tmux:  {theirs}\n  fugue: {ours}"

    def type(self, keys: bytes) -> None:
        """Type raw bytes into both clients."""
        self.tmux.type(keys)
        self.fugue.type(keys)

    def resize(self, columns: int, rows: int) -> None:
        """Give both terminals another size."""
        for client in (self.tmux, self.fugue):
            client.resize(columns, rows)

    def reset(self, program: str = QUIET, *, columns: int = 0, rows: int = 0) -> None:
        """Begin another case: a session of its own with one window and one pane, and global options as at the start.

        `program` is the shell command of the pane. The session is called `caseN`. Key bindings and hooks stay.
        """
        columns, rows = columns or self.columns, rows or self.lines
        self._cases += 1
        previous, self.session = self.session, f"case{self._cases}"
        self.resize(columns, rows)
        self._unset_options()
        self.run(
            *_session(self.session, columns, rows, program),
            ("switch-client", "-t", self.session),
            ("kill-session", "-t", previous),
        )
        self.same(shows=f"[{self.session}]" if columns >= 20 else "")

    # What both show

    def seen(self) -> tuple[Seen, Seen]:
        """What the clients of tmux and of fugue show now."""
        return _seen(self.tmux), _seen(self.fugue)

    def same(
        self,
        *,
        shows: str = "",
        rows: Sequence[int] | None = None,
        styles: bool = True,
        cursor: bool = False,
        mask: str = "",
    ) -> Seen:
        """Wait until both clients show the same, and `shows` among it. Returns what they show.

        `rows`: compare only these (negative ones count from the end); `styles`: compare them too; `cursor`: its place
        too; `mask`: an expression whose matches are compared only by their lengths. Fails with the rows that differ.
        """
        self.settle()

        def alike() -> bool:
            theirs, ours = self.seen()
            here = "\n".join(theirs.rows)
            return shows in here and not _differences(theirs, ours, rows, styles, cursor, mask)

        try:
            until("equal screens", alike, DEADLINE_SECONDS)
        except AssertionError:
            raise AssertionError(self._explained(shows, rows, styles, cursor, mask)) from None
        return self.seen()[0]

    def settle(self) -> None:
        """Let both servers finish what they were asked: one round trip each."""
        self.both("display-message", "-p", "")

    def wait_for(self, text: str) -> None:
        """Wait until both clients show a text."""
        for client in (self.tmux, self.fugue):
            client.wait_for(text)

    def _explained(
        self, shows: str, rows: Sequence[int] | None, styles: bool, cursor: bool, mask: str
    ) -> str:
        theirs, ours = self.seen()
        found = _differences(theirs, ours, rows, styles, cursor, mask)
        if shows not in "\n".join(theirs.rows):
            found.insert(0, f"tmux does not show {shows!r}")
        whole = [
            f"  tmux  |{row}\n  fugue |{other}"
            for row, other in zip(theirs.rows, ours.rows, strict=False)
        ]
        return "\n".join([f"different for {DEADLINE_SECONDS:.0f} s:", *found, "all rows:", *whole])

    # Options

    def _option_lines(self, scope: str) -> dict[str, str]:
        """The options of one scope by name, as tmux shows them."""
        shown = self._pair.tmux.run("show-options", scope)[1]
        return dict(line.partition(" ")[::2] for line in shown.splitlines())

    def _unset_options(self) -> None:
        commands: list[Words] = []
        for scope, before in self._options.items():
            now = self._option_lines(scope)
            changed = [name for name in {**before, **now} if now.get(name) != before.get(name)]
            whole = dict.fromkeys(name.partition("[")[0] for name in changed)
            commands += [("set-option", f"{scope}u", name) for name in whole]
        if commands:
            self.run(*commands, *OPTIONS)

    def end(self) -> None:
        """End both clients and both servers."""
        for client in (self.tmux, self.fugue):
            client.close()
        self._pair.end()


@contextmanager
def side_by_side(
    directory: Path, *, columns: int = 80, rows: int = 24, client: dict[str, str] | None = None
) -> Iterator[SideBySide]:
    """A pair with clients of this size, and with these variables in their environments. `directory` must be empty."""
    made = SideBySide(directory, columns, rows, client)
    try:
        yield made
    finally:
        made.end()


def _session(name: str, columns: int, rows: int, program: str) -> tuple[Words, ...]:
    size = ("-x", str(columns), "-y", str(rows))
    return (("new-session", "-d", "-s", name, "-n", "zero", *size, program),)


def _escaped(word: str) -> str:
    """A last `;` of a word would end the command."""
    return word[:-1] + "\\;" if word.endswith(";") and len(word) > 1 else word


def _seen(client: Attached) -> Seen:
    rows = [row.rstrip() for row in client.text().split("\n")]
    cells = [cells_of(row.decode("utf-8", "replace")) for row in client.terminal.render()]
    place = client.terminal.cursor
    return Seen(rows, cells, (place.column, place.row) if place.visible else None)


def cells_of(row: str) -> list[Cell]:
    """The cells of a row of self-contained ANSI, without blanks in the default style at the end."""
    cells: list[Cell] = []
    style: dict[str, str] = {}
    for index, part in enumerate(TOKENS.split(row)):
        if index % 2:
            if found := SGR.match(part):
                _apply(style, found.group(1))
            continue
        for character in part:
            size = width(character)
            if size == 0 and cells:
                cells[-1] = cells[-1]._replace(text=cells[-1].text + character)
                continue
            shown = _shown(style, character)
            cells += [Cell(character, shown), *[Cell("", shown)] * (size - 1)]
    while cells and cells[-1] == Cell(" ", ""):
        cells.pop()
    return cells


def _apply(style: dict[str, str], parameters: str) -> None:
    numbers = re.split("[;:]", parameters) or ["0"]
    at = 0
    while at < len(numbers):
        number = numbers[at] or "0"
        at += 1
        if number == "0":
            style.clear()
        elif number in ("38", "48", "58"):
            length = 2 if numbers[at] == "5" else 4
            style[number] = ",".join(numbers[at : at + length])
            at += length
        elif number[:1] in "34" and len(number) == 2 and number[1] in "01234567":
            style[f"{number[0]}8"] = f"5,{number[1]}"
        elif len(number) >= 2 and number[:-1] in ("9", "10"):
            style["38" if number[0] == "9" else "48"] = f"5,{int(number[-1]) + 8}"
        elif number in ("39", "49", "59"):
            style.pop(f"{number[0]}8", None)
        else:
            style[f"a{number}"] = number


def _shown(style: dict[str, str], character: str) -> str:
    attributes = {value for key, value in style.items() if key[0] == "a"}
    if character == " ":
        attributes &= {*ON_A_BLANK}
    foreground = style.get("38", "") if character != " " or attributes else ""
    parts = (
        f"fg={foreground}" if foreground else "",
        f"bg={style['48']}" if "48" in style else "",
        ",".join(sorted(attributes)),
    )
    return " ".join(filter(None, parts))


def _differences(
    theirs: Seen,
    ours: Seen,
    rows: Sequence[int] | None,
    styles: bool,
    cursor: bool,
    mask: str,
) -> list[str]:
    found = []
    if len(theirs.rows) != len(ours.rows):
        found.append(f"tmux has {len(theirs.rows)} rows, fugue {len(ours.rows)}")
    count = min(len(theirs.rows), len(ours.rows))
    for row in range(count) if rows is None else [row % count for row in rows]:
        one, other = _masked(theirs.rows[row], mask), _masked(ours.rows[row], mask)
        if one != other:
            found.append(f"row {row}:\n  tmux  |{one}\n  fugue |{other}")
        elif styles and (parted := _styles(theirs.cells[row])) != (
            mine := _styles(ours.cells[row])
        ):
            found.append(f"row {row}: {one}\n  tmux  {parted}\n  fugue {mine}")
    if cursor and theirs.cursor != ours.cursor:
        found.append(f"cursor: tmux {theirs.cursor}, fugue {ours.cursor}")
    return found


def _masked(row: str, mask: str) -> str:
    return re.sub(mask, lambda found: "?" * len(found.group()), row) if mask else row


def _styles(cells: list[Cell]) -> list[str]:
    """The runs of one style: `column style`."""
    runs = []
    before = ""
    for column, cell in enumerate(cells):
        if cell.style != before:
            runs.append(f"{column}:{cell.style or 'default'}")
            before = cell.style
    return [*runs, f"{len(cells)}:end"] if before else runs
