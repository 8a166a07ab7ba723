"""Compares what attached clients of tmux and of fugue show, cell by cell."""

import shutil
from collections.abc import Iterator

import pytest

from tests.support.running import until
from tests.support.side_by_side import QUIET, SideBySide, Words, side_by_side

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed"),
]


@pytest.fixture(scope="module")
def clients(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SideBySide]:
    """One pair of servers for all cases of this module."""
    with side_by_side(tmp_path_factory.mktemp("screens"), columns=60, rows=16) as made:
        yield made


STATUS: dict[str, list[Words]] = {
    "style": [("set-option", "-g", "status-style", "bg=blue,fg=yellow,bold")],
    "style with formats": [
        ("set-option", "-g", "status-style", "bg=#{?session_attached,magenta,red},fg=orange")
    ],
    "status-fg and status-bg": [
        ("set-option", "-g", "status-fg", "white"),
        ("set-option", "-g", "status-bg", "colour20"),
    ],
    "left and right": [
        ("set-option", "-g", "status-left", "#[fg=red]<#S> "),
        ("set-option", "-g", "status-right", "#[reverse]right#[default]."),
    ],
    "lengths": [
        ("set-option", "-g", "status-left", "#[bold]a long text on the left #S"),
        ("set-option", "-g", "status-left-length", "7"),
        ("set-option", "-g", "status-left-style", "fg=blue"),
        ("set-option", "-g", "status-right", "right ##, #[fg=red]one##[two"),
        ("set-option", "-g", "status-right-length", "16"),
        ("set-option", "-g", "status-right-style", "bg=cyan underscore"),
    ],
    **{
        f"justify {justify}": [
            ("new-window", "-d", "-n", "another", QUIET),
            ("set-option", "-g", "status-justify", justify),
            ("set-option", "-g", "status-right", "right"),
        ]
        for justify in ("centre", "right", "absolute-centre")
    },
    "windows": [
        ("new-window", "-n", "one", QUIET),
        ("new-window", "-n", "two", QUIET),
        ("set-option", "-g", "window-status-format", " #I:#W "),
        ("set-option", "-g", "window-status-current-format", "#[fg=red]>#W#{window_flags}"),
        ("set-option", "-g", "window-status-style", "bg=colour240"),
        ("set-option", "-g", "window-status-current-style", "bold,bg=default"),
        ("set-option", "-g", "window-status-last-style", "underscore"),
        ("set-option", "-g", "window-status-separator", "|"),
    ],
    "format": [
        (
            "set-option", "-g", "status-format[0]",
            "#[align=left]l#[align=centre,fill=red]c#[align=absolute-centre]#[bold]a#[align=right]r",
        )
    ],
    "push and pop": [
        (
            "set-option", "-g", "status-format[0]",
            "a#[fg=red]b#[push-default]c#[fg=blue]d#[default]e#[pop-default]f#[default]g#[ignore]#[bold]x",
        )
    ],
    "bad marks": [
        ("set-option", "-g", "status-format[0]", "a#[fg=nonsense,bold]b#[reverse bad]c#[underscore]d###[bold]e"),
    ],
    "five rows": [
        ("set-option", "-g", "status", "5"),
        ("set-option", "-g", "status-format[2]", "#[align=centre]third #S"),
        ("set-option", "-g", "status-format[4]", "#[reverse]fifth#[align=right]漢字"),
    ],
    "two rows at the top": [
        ("new-window", "-d", QUIET),
        ("set-option", "-g", "status", "2"),
        ("set-option", "-g", "status-position", "top"),
    ],
}  # fmt: skip


@pytest.mark.parametrize("name", STATUS)
def test_status_lines(clients: SideBySide, name: str) -> None:
    clients.reset()
    clients.run(*STATUS[name])
    clients.same()


def test_output_of_programs(clients: SideBySide) -> None:
    clients.reset(
        "printf '\\033[1;31mred\\033[0m and \\033[44m\\033[K\\033[0m\\nend'; exec sleep 10000"
    )
    clients.same(shows="end", cursor=True)


def test_a_list_of_windows_scrolls(clients: SideBySide) -> None:
    clients.reset()
    for number in range(1, 12):
        clients.run(("new-window", "-d", "-n", f"window{number}", QUIET))
    for justify in ("left", "centre", "right", "absolute-centre"):
        clients.run(("set-option", "-g", "status-justify", justify))
        for window in ("0", "5", "11"):
            clients.run(("select-window", "-t", f":{window}"))
            clients.same(rows=[-1])


BORDERS: dict[str, list[Words]] = {
    "two beside": [("split-window", "-h", QUIET)],
    "two below": [("split-window", "-d", QUIET)],
    "three": [("split-window", "-h", QUIET), ("split-window", QUIET), ("select-pane", "-t", ".0")],
    "four": [
        ("split-window", "-h", QUIET), ("split-window", QUIET), ("split-window", "-t", ".0", QUIET),
        ("set-option", "-g", "pane-active-border-style", "bg=#{?pane_active,blue,red},bold"),
        ("set-option", "-g", "pane-border-style", "fg=colour#{pane_index}"),
    ],
    "synchronized": [("split-window", "-h", QUIET), ("set-option", "-w", "synchronize-panes", "on")],
    "in a mode": [("split-window", "-h", QUIET), ("split-window", QUIET), ("clock-mode",)],
    "marked": [("split-window", "-h", QUIET), ("split-window", QUIET), ("select-pane", "-m")],
    **{
        f"lines {lines}": [
            ("split-window", "-h", QUIET), ("split-window", QUIET), ("split-window", "-t", ".0", QUIET),
            ("set-option", "-g", "pane-border-lines", lines),
        ]
        for lines in ("double", "heavy", "simple", "number")
    },
    **{
        f"indicators {name}": [
            ("split-window", "-h", QUIET), ("split-window", QUIET), ("split-window", "-t", ".0", QUIET),
            ("set-option", "-g", "pane-border-indicators", name),
        ]
        for name in ("arrows", "both", "off")
    },
    "two with arrows": [("split-window", "-h", QUIET), ("set-option", "-g", "pane-border-indicators", "both")],
    "smaller than the client": [
        ("split-window", "-h", QUIET), ("split-window", QUIET), ("resize-window", "-x", "50", "-y", "10"),
        ("set-option", "-g", "pane-border-style", "fg=red"), ("set-option", "-g", "fill-character", "x"),
    ],
}  # fmt: skip


def _beside(edge: str) -> list[Words]:
    return [
        ("split-window", "-h", QUIET), ("split-window", QUIET), ("split-window", "-t", ".0", QUIET),
        ("set-option", "-g", "pane-border-status", edge),
    ]  # fmt: skip


PANE_TEXT: Words = (
    "set-option",
    "-g",
    "pane-border-format",
    "#[fg=red]#P#[default] #{pane_width}x#{pane_height} @#{pane_top}",
)
TEXTS: dict[str, list[Words]] = {
    **{f"{edge}, one pane": [("set-option", "-g", "pane-border-status", edge), PANE_TEXT] for edge in ("top", "bottom")},
    **{f"{edge}, four panes": [*_beside(edge), PANE_TEXT] for edge in ("top", "bottom")},
    **{
        f"{edge}, two {flag}": [("split-window", flag, QUIET), ("set-option", "-g", "pane-border-status", edge), PANE_TEXT]
        for edge in ("top", "bottom") for flag in ("-h", "-v")
    },
    **{f"{edge}, zoomed": [*_beside(edge), PANE_TEXT, ("resize-pane", "-Z")] for edge in ("top", "bottom")},
    **{
        f"{edge}, {lines}": [*_beside(edge), PANE_TEXT, ("set-option", "-g", "pane-border-lines", lines)]
        for edge in ("top", "bottom") for lines in ("double", "number")
    },
    "default format": [*_beside("top"), ("select-pane", "-t", ".2", "-T", "a title that is too long for its pane")],
    "aligned": [*_beside("top"), ("set-option", "-g", "pane-border-format", "l#[align=centre]c#[align=right]r")],
    "filled": [*_beside("bottom"), ("set-option", "-g", "pane-border-format", "#[fill=blue]text")],
    "styles and arrows": [
        *_beside("top"), PANE_TEXT, ("set-option", "-g", "pane-border-indicators", "both"),
        ("set-option", "-g", "pane-active-border-style", "fg=blue,bold"), ("set-option", "-g", "pane-border-style", "fg=red"),
    ],
    "marked": [*_beside("bottom"), PANE_TEXT, ("select-pane", "-m", "-t", ".1")],
    "a window of its own": [*_beside("top"), ("set-option", "-w", "pane-border-status", "off")],
    "formats of panes": [*_beside("top"), ("set-option", "-p", "-t", ".1", "pane-border-format", "own #{pane_index}")],
    "smaller than the client": [*_beside("bottom"), PANE_TEXT, ("resize-window", "-x", "50", "-y", "10")],
    "smaller, at the top": [*_beside("top"), PANE_TEXT, ("resize-window", "-x", "50", "-y", "10")],
    "narrow": [*_beside("top"), PANE_TEXT, ("resize-pane", "-t", ".0", "-x", "3")],
    "tiny": [*_beside("top"), PANE_TEXT, ("resize-window", "-x", "10", "-y", "3")],
    **{
        f"{edge} {layout}": [*_beside(edge), PANE_TEXT, ("select-layout", layout)]
        for edge in ("top", "bottom")
        for layout in ("even-vertical", "even-horizontal", "main-vertical", "main-horizontal", "tiled")
    },
    "too small to split": [("set-option", "-g", "pane-border-status", "top"), PANE_TEXT, ("resize-window", "-y", "3")],
    "neighbours": [*_beside("bottom"), PANE_TEXT, ("select-pane", "-U"), ("select-pane", "-U"), ("select-pane", "-D")],
    "spread out": [*_beside("top"), PANE_TEXT, ("resize-pane", "-U", "3"), ("select-layout", "-E")],
}  # fmt: skip


@pytest.mark.parametrize("name", TEXTS)
def test_texts_on_borders(clients: SideBySide, name: str) -> None:
    clients.reset()
    clients.run(*TEXTS[name])
    clients.same(rows=range(15))


@pytest.mark.parametrize("name", BORDERS)
def test_borders(clients: SideBySide, name: str) -> None:
    clients.reset()
    clients.run(*BORDERS[name])
    rows = range(15) if "mode" not in name else range(6, 8)
    clients.same(rows=rows)


def test_titles(clients: SideBySide) -> None:
    clients.reset()

    def alike() -> bool:
        clients.seen()
        titles = [client.terminal.title for client in (clients.tmux, clients.fugue)]
        return titles[0] == titles[1] != ""

    clients.run(("set-option", "-g", "set-titles", "on"))
    until("equal titles", alike)
    clients.run(("set-option", "-g", "set-titles-string", "#W of #S %% #[fg=red]"))
    until("equal titles", lambda: alike() and "zero of" in clients.fugue.terminal.title)
    clients.run(("rename-window", "another"))
    until("equal titles", lambda: alike() and "another of" in clients.fugue.terminal.title)
