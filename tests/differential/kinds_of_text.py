"""Scripts about formats, paste buffers, the command language, and lists."""

from random import Random

from tests.differential.programs import SLEEP, Words

VARIABLES = (
    *("session_name", "session_id", "session_windows", "session_attached", "session_many_attached", "session_group"),
    *("session_grouped", "session_stack", "session_alerts", "session_format", "session_marked", "session_path"),
    *("window_index", "window_name", "window_panes", "window_width", "window_height", "window_flags", "window_zoomed_flag"),
    *("window_active", "window_last_flag", "window_start_flag", "window_end_flag", "window_layout", "window_format"),
    *("window_bell_flag", "window_activity_flag", "window_silence_flag", "window_marked_flag", "window_bigger"),
    *("window_cell_height", "window_offset_x", "window_linked", "window_linked_sessions_list", "window_active_sessions"),
    *("pane_index", "pane_width", "pane_height", "pane_active", "pane_dead", "pane_dead_status", "pane_in_mode"),
    *("pane_mode", "pane_synchronized", "pane_input_off", "pane_pipe", "pane_start_command", "pane_tabs", "pane_title"),
    *("pane_top", "pane_left", "pane_right", "pane_bottom", "pane_marked", "pane_marked_set", "pane_last", "pane_format"),
    *("cursor_x", "cursor_y", "cursor_flag", "cursor_character", "insert_flag", "wrap_flag", "origin_flag"),
    *("keypad_flag", "keypad_cursor_flag", "mouse_any_flag", "mouse_all_flag", "mouse_button_flag", "mouse_sgr_flag"),
    *("mouse_standard_flag", "mouse_utf8_flag", "alternate_on", "alternate_saved_x", "scroll_region_lower"),
    *("scroll_region_upper", "scroll_position", "selection_present", "selection_active", "rectangle_toggle"),
    *("history_limit", "history_size", "client_name", "client_width", "client_prefix", "client_key_table", "line"),
    *("host_short", "version", "buffer_name", "buffer_size", "command", "hook", "nothing", "@mine"),
    *("current_file", "config_files", "copy_cursor_x", "copy_cursor_line", "search_present", "pane_search_string"),
    *("next_session_id", "status", "mouse", "base-index", "status-left-length", "default-terminal", "mode-keys"),
)  # fmt: skip
WORDS = (
    "a",
    "abc",
    "0",
    "1",
    "-3",
    "7.5",
    "",
    "é",
    "日本",
    "x y",
    "main",
    "#,",
    "##",
    "a/b",
    "100",
    "A*",
    "[ab]c",
)


_COMPARISONS = ("==", "!=", "<", ">", "<=", ">=", "||", "&&", "m", "m/r", "m/i", "m/ri", "m/z")
_OPERATORS = ("+", "-", "*", "/", "m", "%", "==", "!=", "<", ">", "<=", ">=", "x")
_OF_A_VARIABLE = (
    *(
        "=3",
        "=-3",
        "=/5/...",
        "=/-2/>",
        "=0",
        "=x",
        "b",
        "d",
        "l",
        "q",
        "n",
        "w",
        "E",
        "T",
        "a",
        "c",
        "p5",
    ),
    *("p-5", "q/e", "q/h", "t/f/%Y", "=5;b", "=5;q", "=4;p8", "=-4;p-8", "=5;s/a/b/"),
)
_OF_TEXT = ("S", "W", "P", "N", "N/w", "N/s", "C", "C/r", "C/i", "n", "l")
_PATTERNS = ("a", "b|c", "(x)?", "^m", "n$", ".", "[a-c]")


def expression(pick: Random, depth: int = 0) -> str:
    """A random expression of the format language, without the outer text."""
    if depth > 2 or pick.random() < 0.25:
        return pick.choice(VARIABLES)
    a, b, c = (value(pick, depth + 1) for _ in range(3))
    inner = expression(pick, depth + 1)
    suffix = pick.choice(("", "", "|f", "|f|2", "|f|-1"))
    substitution = f"s/{pick.choice(_PATTERNS)}/{pick.choice(('X', '', '&', '1'))}"
    return pick.choice((
        f"?{inner},{a},{b}",
        f"?{a},{b},{c}",
        f"{pick.choice(_COMPARISONS)}:{a},{b}",
        f"{pick.choice(_COMPARISONS)}:{a},{b}",
        f"e|{pick.choice(_OPERATORS)}{suffix}:{a},{b}",
        f"{substitution}/{pick.choice(('', 'i'))}:{inner}",
        f"{pick.choice(_OF_A_VARIABLE)}:{inner}",
        f"{pick.choice(_OF_A_VARIABLE)}:{inner}",
        f"{pick.choice(_OF_TEXT)}:{a}",
        f"{pick.choice(('S', 'W', 'P'))}:{a},{b}",
        f"E:{pick.choice(('status-left', '@mine', '@styled', 'window-status-format'))}",
    ))  # fmt: skip


def value(pick: Random, depth: int) -> str:
    """Text with expressions in it."""
    if pick.random() < 0.55:
        return "#{" + expression(pick, depth) + "}"
    return pick.choice(WORDS)


def formats(pick: Random) -> list[Words]:
    """Expressions are expanded for a pane."""
    script: list[Words] = [
        (
            "set-option",
            "-g",
            "@mine",
            pick.choice(("#{session_name}", "x,y", "a}b", "#S:#I", "é日")),
        ),
        ("set-option", "-g", "@styled", "#[fg=red]x#[default]#{@mine}"),
        ("split-window", "-d", "-h", "-t", "main:0", SLEEP),
        ("new-window", "-d", "-t", "main:", "-n", pick.choice(("second", "日本", "a,b")), SLEEP),
    ]
    aliases = (
        "#S",
        "#I",
        "#W",
        "#P",
        "#D",
        "#T",
        "#F",
        "##",
        "#",
        "#{",
        "#}",
        "#,",
        "#Q",
        "#[bold]",
        "}",
    )
    for _ in range(12):
        text = "#{" + expression(pick) + "}"
        if pick.random() < 0.3:
            text = pick.choice(aliases) + text + pick.choice(aliases)
        script.append(
            ("display-message", "-p", "-t", pick.choice(("main:0.0", "main:0.1", "main:1")), text)
        )
    return script


def buffers(pick: Random) -> list[Words]:
    """Paste buffers."""
    script: list[Words] = []
    for _ in range(10):
        name = pick.choice(("one", "two", "buffer0", "é", "a b", ""))
        text = pick.choice(("abc", "", "a\nb", "日本", "x" * 300, "\t", "a'b", "tab\there", "\x01"))
        script.append(pick.choice((
            ("set-buffer", "-b", name, text), ("set-buffer", "-a", "-b", name, text), ("set-buffer", text),
            ("set-buffer", "-b", name, "-n", pick.choice(("one", "three"))), ("show-buffer", "-b", name),
            ("show-buffer",), ("delete-buffer", "-b", name), ("delete-buffer",), ("set-buffer",),
            ("list-buffers", "-F", "#{buffer_size} #{buffer_sample}"), ("list-buffers",),
            ("list-buffers", "-f", "#{m:o*,#{buffer_name}}"), ("paste-buffer", "-b", name, "-t", "main"),
            ("save-buffer", "-b", name, "-"), ("set-option", "-s", "buffer-limit", pick.choice(("1", "3"))),
        )))  # fmt: skip
    script.append(("list-buffers", "-F", "#{buffer_size} #{buffer_sample}"))
    return script


_PIECES = (
    *("display-message -p a", "display-message -p 'a b'", 'display-message -p "a#S"', "display-message -p a\\ b"),
    *("display-message -p {a b}", "if-shell -F 1 { display-message -p yes }", "set -g @v 'x'", "show -gv @v"),
    *("if-shell -F 0 { display-message -p yes } { display-message -p no }", "%if 1", "%else", "%endif"),
    *("%elif '#{==:a,a}'", "X=1", "display-message -p $X", "display-message -p ${X}", "display-message -p '$X'"),
    *("display-message -p ~", 'display-message -p "\\u00e9\\101\\n"', "nonsense", "has-session -t none", "# comment"),
    *("display-message -p a ; display-message -p b", "display-message -p a \\; display-message -p b", "\\"),
    *("display-message -p \\", "b", "set -g @w {", "}", "%hidden Y=2", "display-message -p $Y", "%error x", "'", '"'),
    *("display-message -p 'a'\"b\"c", "display-message -p a#b", "display-message -p a # b", "%if 0", "%if #{nothing}"),
    *("run-shell -C 'display-message -p inner'", "bind-key -n F9 display-message 'x ; y'", "list-keys -T root F9"),
)  # fmt: skip


def language(pick: Random) -> list[Words]:
    """Command strings are parsed and run."""
    script: list[Words] = []
    for _ in range(6):
        lines = [pick.choice(_PIECES) for _ in range(pick.randint(1, 4))]
        text = pick.choice(("\n", "\n", " ; ")).join(lines)
        script.append(("if-shell", "-F", "1", text))
    return script


def listings(pick: Random) -> list[Words]:
    """Lists with filters and formats, and captured panes."""
    text = pick.choice(
        (
            "abc",
            "a\\tb",
            "\\033[31mred\\033[0m x",
            "one\\r\\ntwo",
            "日本",
            "\\033[1;4mbold",
            "a   b  ",
        )
    )
    script: list[Words] = [
        ("new-window", "-d", "-t", "main:", "-n", "two", SLEEP),
        ("split-window", "-d", "-t", "main:0", f"printf '{text}'; {SLEEP}"),
        ("new-session", "-d", "-s", "other", SLEEP),
    ]
    filters = (
        "#{window_active}",
        "0",
        "1",
        "#{==:#S,main}",
        "#{m:*w*,#{window_name}}",
        "",
        "#{pane_active}",
    )
    forms = ("#S:#I", "#{session_name} #{window_index} #{pane_index}", "", "#{line}", "x")
    for _ in range(8):
        command = pick.choice((
            ("list-windows",), ("list-windows", "-a"), ("list-panes",), ("list-panes", "-a"), ("list-panes", "-s"),
            ("list-sessions",),
        ))  # fmt: skip
        words: Words = command
        if command in (("list-windows",), ("list-panes",), ("list-panes", "-s")):
            words += ("-t", pick.choice(("main", "main:1", "other", "nothing")))
        words += ("-F", pick.choice(forms)) if pick.random() < 0.8 else ()
        words += ("-f", pick.choice(filters)) if pick.random() < 0.5 else ()
        script.append(words)
    script.append(("wait-for", "-S", "x"))
    return script
