"""Scripts about sessions, windows, panes and their sizes, targets, and flags."""

from random import Random

from tests.differential.programs import SLEEP, Words

PICTURE: Words = (
    "list-panes", "-a", "-F",
    "#{session_id} #{session_name} #{session_windows} #{window_id} #{window_index} #{window_name} "
    "#{window_layout} #{window_visible_layout} #{window_flags} #{window_raw_flags} #{window_panes} "
    "#{window_linked} #{window_linked_sessions} #{window_stack_index} #{pane_id} #{pane_index} "
    "#{pane_active} #{pane_last} #{pane_width}x#{pane_height} #{pane_left} #{pane_top} "
    "#{pane_right} #{pane_bottom} #{pane_at_top}#{pane_at_left}#{pane_at_right}#{pane_at_bottom} "
    "#{pane_marked} #{pane_dead} #{pane_title} #{history_limit}",
)  # fmt: skip
SIZES = ("1", "2", "3", "5", "10", "20", "30%", "50%", "99%", "0", "200", "-1", "x", "")
LAYOUTS = (
    *("even-horizontal", "even-vertical", "main-horizontal", "main-vertical", "tiled", "even-h"),
    *("main-v", "nonsense", "main"),
)
_BAD = ("nothing", "=nothing", "main:99", "main:0.9", "%9999", "@9999", "$9999", "", ":", ".")


_WINDOWS = (
    *(
        "main",
        "main:",
        "main:0",
        "main:1",
        "main:2",
        "main:+",
        "main:-",
        "main:^",
        "main:$",
        "main:!",
    ),
    *("@+0", "@+1", "@+2", "other:0", "oth", "=main:=w1", "main:w", "{last}", "{next}"),
)
_PANES = (
    *(
        "%+0",
        "%+1",
        "%+2",
        "%+3",
        "main:0.0",
        "main:0.1",
        "main.1",
        "main:1.0",
        "main:0.+",
        "main:.!",
    ),
    *("main:.{top-left}", "main:.{bottom}", "main:.{up-of}", "main:.{right-of}"),
)


def some_window(pick: Random) -> str:
    """A target of a window that often exists."""
    return pick.choice(_WINDOWS)


def some_pane(pick: Random) -> str:
    """A target of a pane that often exists."""
    return pick.choice(_PANES)


def some_command(pick: Random) -> Words:
    """A command that changes sessions, windows or panes."""
    window, pane, other = some_window(pick), some_pane(pick), some_pane(pick)
    target = pick.choice(_BAD) if pick.random() < 0.08 else pane
    maybe_d = pick.choice(((), ("-d",)))
    size = pick.choice(SIZES)
    choices: list[Words] = [
        ("new-window", *maybe_d, "-t", pick.choice(("main:", window, "main:5")), "-n", "w1", SLEEP),
        ("new-window", *maybe_d, pick.choice(("-a", "-b", "-k", "-S")), "-t", window, "-n", "w2", SLEEP),
        ("split-window", *maybe_d, pick.choice(("-h", "-v", "-hb", "-vb", "-f", "-hf", "-Z")), "-t", target, SLEEP),
        ("split-window", *maybe_d, pick.choice(("-h", "-v")), "-l", size, "-t", pane, SLEEP),
        ("kill-pane", *pick.choice(((), ("-a",))), "-t", target),
        ("kill-window", *pick.choice(((), (), ("-a",))), "-t", window),
        ("select-pane", pick.choice(("-L", "-R", "-U", "-D", "-l", "-Z", "-e", "-d")), "-t", pane),
        ("select-pane", "-t", target),
        ("select-pane", "-T", "a title", "-t", pane),
        ("select-pane", pick.choice(("-m", "-M")), "-t", pane),
        ("last-pane", *pick.choice(((), ("-Z",))), "-t", window),
        ("select-window", *pick.choice(((), ("-l",), ("-n",), ("-p",), ("-T",))), "-t", window),
        (pick.choice(("next-window", "previous-window", "last-window")), "-t", "main"),
        ("resize-pane", pick.choice(("-L", "-R", "-U", "-D")), "-t", pane, pick.choice(SIZES)),
        ("resize-pane", pick.choice(("-x", "-y")), size, "-t", pane),
        ("resize-pane", "-Z", "-t", pane),
        ("swap-pane", *maybe_d, pick.choice(("-U", "-D")), "-t", pane),
        ("swap-pane", *maybe_d, *pick.choice(((), ("-Z",))), "-s", pane, "-t", other),
        ("rotate-window", pick.choice(("-U", "-D", "-DZ", "-UZ")), "-t", window),
        ("select-layout", "-t", pane, pick.choice(LAYOUTS)),
        ("select-layout", pick.choice(("-E", "-n", "-p", "-o")), "-t", pane),
        (pick.choice(("next-layout", "previous-layout")), "-t", window),
        ("break-pane", *maybe_d, *pick.choice(((), ("-a",), ("-b",))), "-s", pane, "-t", "main:"),
        ("break-pane", *maybe_d, "-n", "broken", "-P", "-s", pane),
        ("join-pane", *maybe_d, pick.choice(("-h", "-v", "-hb", "-vb", "-f")), "-s", pane, "-t", other),
        ("move-pane", *maybe_d, "-l", size, "-s", pane, "-t", other),
        ("move-window", *maybe_d, "-s", window, "-t", f"main:{pick.randrange(12)}"),
        ("move-window", "-r", "-t", "main"),
        ("move-window", pick.choice(("-a", "-b", "-k")), "-s", window, "-t", some_window(pick)),
        ("link-window", *maybe_d, "-s", window, "-t", f"other:{pick.randrange(8)}"),
        ("unlink-window", *pick.choice(((), ("-k",))), "-t", window),
        ("swap-window", *maybe_d, "-s", window, "-t", some_window(pick)),
        ("rename-window", "-t", window, pick.choice(("x", "w1", "", "a b", "a.b", "é"))),
        ("rename-session", "-t", "other", pick.choice(("other", "main", "o:p", ""))),
        ("new-session", "-d", "-s", pick.choice(("other", "main", "a.b", "")), "-x", "60", "-y", "20", SLEEP),
        ("new-session", "-d", "-A", "-s", "other", "-n", "first", SLEEP),
        ("respawn-pane", *pick.choice(((), ("-k",))), "-t", pane, SLEEP),
        ("has-session", "-t", pick.choice(("main", "=main", "mai", "other", *_BAD))),
    ]  # fmt: skip
    return pick.choice(choices)


def structure(pick: Random) -> list[Words]:
    """A walk through windows and panes, with a look at everything after each step."""
    script: list[Words] = [("split-window", "-h", "-t", "main", SLEEP)]
    for _ in range(pick.randint(5, 12)):
        script += [some_command(pick), PICTURE]
    return script


def _resizing(pick: Random) -> Words:
    x, y = str(pick.randint(1, 200)), str(pick.randint(1, 100))
    option = pick.choice(("main-pane-width", "main-pane-height", "other-pane-width"))
    choices: list[Words] = [
        ("resize-window", "-t", "main", "-x", x, "-y", y),
        ("resize-window", "-t", "main", pick.choice(("-L", "-R", "-U", "-D")), x),
        ("resize-window", "-t", "main", pick.choice(("-A", "-a"))),
        ("select-layout", "-t", "main", pick.choice(LAYOUTS)),
        ("resize-pane", "-t", some_pane(pick), pick.choice(("-x", "-y")), pick.choice(SIZES)),
        ("set-window-option", "-t", "main", option, pick.choice(SIZES)),
        ("select-layout", "-t", "main", "-E"),
    ]
    return pick.choice(choices)


def sizes(pick: Random) -> list[Words]:
    """Layouts of many panes under changing sizes."""
    script: list[Words] = []
    for _ in range(pick.randint(2, 6)):
        way = pick.choice(("-h", "-v", "-hf", "-vbf"))
        script.append(("split-window", way, "-t", some_pane(pick), SLEEP))
    for _ in range(pick.randint(3, 6)):
        script += [_resizing(pick), PICTURE]
    return script


_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123?"
_PARTS = (
    *(
        "main",
        "=main",
        "ma",
        "$+0",
        "@+1",
        "%+1",
        "abc",
        "=abc",
        "ab",
        "a*",
        "3",
        "=3",
        "7",
        "^",
        "$",
    ),
    *(
        "+",
        "-",
        "!",
        "+2",
        "-2",
        "{start}",
        "{end}",
        "{last}",
        "{next}",
        "{previous}",
        "{marked}",
        "~",
    ),
    *(
        "1",
        "0",
        "{top}",
        "{left-of}",
        "{bottom-right}",
        "{nothing}",
        "",
        "zz",
        "mainly",
        "main*",
        "@",
        "%",
    ),
)


def targets(pick: Random) -> list[Words]:
    """What targets mean."""
    script: list[Words] = [
        ("new-window", "-d", "-t", "main:3", "-n", pick.choice(("abc", "ab", "a*b", "1")), SLEEP),
        ("new-window", "-d", "-t", "main:7", "-n", pick.choice(("abd", "abc", "x:y", "")), SLEEP),
        ("split-window", "-d", "-h", "-t", "main:3", SLEEP),
        ("new-session", "-d", "-s", pick.choice(("mainly", "zz", "3", "a b")), SLEEP),
    ]
    for _ in range(10):
        text = pick.choice(_PARTS)
        if pick.random() < 0.7:
            text += ":" + pick.choice(_PARTS)
        if pick.random() < 0.5:
            text += "." + pick.choice(_PARTS)
        command = pick.choice(("display-message", "list-panes", "has-session", "list-windows"))
        form = "#{session_name}:#{window_index}.#{pane_index} #{window_name}"
        if command == "display-message":
            script.append((command, "-p", "-t", text, form))
        elif command == "has-session":
            script.append((command, "-t", text))
        else:
            script.append((command, "-t", text, "-F", form))
    return script


_NAMES = (
    *("list-panes", "split-window", "select-pane", "resize-pane", "capture-pane", "send-keys"),
    *("new-window", "kill-session", "list-windows", "display-message", "set-option", "show-options"),
    *("bind-key", "unbind-key", "if-shell", "swap-window", "move-window", "link-window", "break-pane"),
    *("paste-buffer", "set-buffer", "pipe-pane", "copy-mode", "select-layout", "wait-for", "set-hook"),
    *("rename-window", "rename-session", "set-environment", "list-keys", "has-session", "select-window"),
    *("splitw", "neww", "lsp", "lsw", "killp", "selectp", "show", "set", "spl", "new-w", "list-", "sel"),
)  # fmt: skip
"""Commands for which words are made up, and names that are short or ambiguous."""


def flags(pick: Random) -> list[Words]:
    """Commands with flags and numbers of arguments that they may not have."""
    script: list[Words] = []
    for _ in range(10):
        words = [pick.choice(_NAMES)]
        words += ["-" + pick.choice(_LETTERS) for _ in range(pick.randint(0, 2))]
        words += ["extra"] * pick.choice((0, 0, 1, 2, 5))
        if "wait" in words[0] and len(words) < 4:
            continue
        script.append(tuple(words))
    return script
