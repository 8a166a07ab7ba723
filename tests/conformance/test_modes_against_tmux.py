"""Compares the modes of panes in tmux and in fugue: what they draw, and what their keys do."""

import shutil
from collections.abc import Iterator

import pytest

from tests.support.running import until
from tests.support.side_by_side import QUIET, SideBySide, Words, side_by_side

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed"),
]
TIMES = r"\d\d:\d\d"
CLIENTS = r"/dev/\S+"


@pytest.fixture(scope="module")
def clients(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SideBySide]:
    """One pair of servers for all cases of this module."""
    with side_by_side(tmp_path_factory.mktemp("modes"), columns=80, rows=30) as made:
        yield made


def look(clients: SideBySide, shows: str = "", mask: str = TIMES) -> None:
    """Compare what both show: all of the text, and the styles of the list and the status line.

    tmux's preview leaves the colours of a cell on the blanks behind it in some terminals. Names of clients are masked,
    since they hold numbers of terminals.
    """
    mask = f"{mask}|{CLIENTS}"
    clients.same(shows=shows, mask=mask, styles=False)
    clients.same(rows=[*range(13), -1], mask=mask)


BUFFERS: list[Words] = [
    ("set-buffer", "-b", "foo", "hello\tworld\nsecond \\ line $HOME a$b \x1b[31m"),
    ("set-buffer", "-b", "alpha", "the longest one " * 20),
    ("set-buffer", "-b", "utf", "é and 漢字 and ñ"),
]


def with_buffers(clients: SideBySide) -> None:
    clients.reset()
    clients.run(*BUFFERS)


CHOOSE_BUFFER: dict[str, tuple[Words, list[bytes]]] = {
    "plain": ((), []),
    "moves": ((), [b"j", b"j"]),
    "orders": ((), [b"O", b"O"]),
    "order by size, reversed": (("-O", "size", "-r"), [b"j"]),
    "order by name": (("-O", "name"), [b"r"]),
    "without preview": (("-N",), []),
    "format": (("-F", "#[fg=red]#{buffer_name} #{buffer_size}"), []),
    "filter": (("-f", "#{m:*o*,#{buffer_name}}"), []),
    "no matches": (("-f", "0"), []),
    "key format": (("-K", "#{?#{==:#{line},1},x,}"), []),
    "tags": ((), [b"t", b"t", b"T", b"t"]),
    "all tagged": ((), [b"\x14"]),
    "search in the contents": ((), [b"/", b"second\r"]),
    "preview off": ((), [b"v"]),
}


@pytest.mark.parametrize("case", CHOOSE_BUFFER)
def test_choose_buffer(clients: SideBySide, case: str) -> None:
    words, keys = CHOOSE_BUFFER[case]
    with_buffers(clients)
    clients.run(("choose-buffer", *words))
    look(clients, "utf" if case == "key format" else "(0)")
    for key in keys:
        clients.type(key)
        clients.settle()
    look(clients)
    clients.type(b"q")
    look(clients)


@pytest.mark.parametrize("keys", [b"\r", b"jp", b"ttP", b"jd", b"tjtD", b"1"])
def test_choose_buffer_pastes_and_deletes(clients: SideBySide, keys: bytes) -> None:
    with_buffers(clients)
    clients.run(("respawn-pane", "-k", "cat"), ("choose-buffer",))
    look(clients, "alpha")
    for at in range(len(keys)):
        clients.type(keys[at : at + 1])
        clients.settle()
    look(clients)
    clients.run(("list-buffers", "-F", "#{buffer_name}"))
    clients.run(("display-message", "-p", "#{pane_mode}"))


def test_choose_buffer_ends_with_the_last_buffer(clients: SideBySide) -> None:
    with_buffers(clients)
    for name in ("foo", "utf"):
        clients.run(("delete-buffer", "-b", name))
    clients.run(("choose-buffer",))
    look(clients, "alpha")
    clients.type(b"d")
    look(clients)
    clients.run(("display-message", "-p", "#{pane_mode}#{pane_in_mode}"))
    clients.run(("choose-buffer",), ("display-message", "-p", "#{pane_mode}"))


CHOOSE_CLIENT: dict[str, tuple[Words, list[bytes]]] = {
    "plain": ((), []),
    "order": (("-O", "creation"), [b"O"]),
    "format": (("-F", "#{client_width} #{client_session}"), []),
    "filter": (("-f", "#{==:#{client_width},80}"), []),
    "without preview": (("-N",), []),
}


@pytest.mark.parametrize("case", CHOOSE_CLIENT)
def test_choose_client(clients: SideBySide, case: str) -> None:
    words, keys = CHOOSE_CLIENT[case]
    clients.reset()
    clients.run(("choose-client", *words))
    look(clients, "(0)")
    for key in keys:
        clients.type(key)
        clients.settle()
    look(clients)


@pytest.mark.parametrize("position", ["top", "bottom"])
def test_choose_client_shows_the_status_line(clients: SideBySide, position: str) -> None:
    clients.reset("echo words; exec sleep 1000")
    clients.wait_for("words")
    clients.run(
        ("set-option", "-g", "status-position", position),
        ("set-option", "-g", "status", "2"),
    )
    clients.same()
    clients.run(("choose-client",))
    look(clients, "(0)")


CHOOSE_TREE: dict[str, tuple[Words, list[bytes]]] = {
    "plain": ((), []),
    "sessions": (("-s",), [b"l"]),
    "windows": (("-w",), [b"j", b"l"]),
    "without preview": (("-N",), []),
    "reversed": (("-r",), []),
    "by name": (("-O", "name"), [b"r"]),
    "zoomed": (("-Z",), [b"\x1b[A"]),
    "format": (("-F", "#{pane_index} #{window_name}"), []),
    "filter": (("-f", "#{==:#{window_name},two}"), []),
    "key format": (("-K", "#{line}:"), []),
    "folded": ((), [b"h", b"h", b"l"]),
    "tagged": ((), [b"t", b"t", b"k"]),
}


@pytest.mark.parametrize("case", CHOOSE_TREE)
def test_choose_tree(clients: SideBySide, case: str) -> None:
    words, keys = CHOOSE_TREE[case]
    clients.reset("echo first; exec sleep 1000")
    clients.run(
        ("new-window", "-d", "-n", "two", "echo second; exec sleep 1000"),
        ("split-window", "-d", "-h", "echo third; exec sleep 1000"),
        ("select-pane", "-t", ":0.0", "-T", "here"),
        ("select-pane", "-t", ":0.1", "-T", "there"),
        ("select-pane", "-t", ":two.0", "-T", "elsewhere"),
        ("select-pane", "-t", ":0.0"),
    )
    clients.wait_for("third")
    clients.run(("choose-tree", *words))
    look(clients, "(0)" if "-K" not in words else "0:")
    for key in keys:
        clients.type(key)
        clients.settle()
    look(clients)
    clients.type(b"q")
    look(clients)


FIND: dict[str, Words] = {
    "name": ("-N", "tw"),
    "title": ("-T", "elsew"),
    "contents": ("-C", "second"),
    "anything": ("second",),
    "without case": ("-i", "TWO"),
    "name or title": ("-NT", "here"),
    "zoomed": ("-Z", "two"),
    "nowhere": ("nowhere",),
}


def _printed(clients: SideBySide, text: str, window: str) -> None:
    """Wait until the first pane of the window shows the text in both."""
    words = ("capture-pane", "-p", "-t", f"{clients.session}:{window}.0")
    until(text, lambda: all(text in answer[1] for answer in clients.both(*words)))


@pytest.mark.parametrize("case", FIND)
def test_find_window(clients: SideBySide, case: str) -> None:
    clients.reset("echo first; exec sleep 1000")
    clients.run(
        ("new-window", "-d", "-n", "two", "echo second; exec sleep 1000"),
        ("split-window", "-d", "exec sleep 1000"),
        ("select-pane", "-t", ":0.0", "-T", "here"),
        ("select-pane", "-t", ":0.1", "-T", "there"),
        ("select-pane", "-t", ":two", "-T", "elsewhere"),
        ("select-pane", "-t", ":0.0"),
    )
    _printed(clients, "first", "0")
    _printed(clients, "second", "two")
    clients.run(("find-window", *FIND[case]))
    look(clients, "(0)")
    clients.type(b"q")
    look(clients)


def test_a_clock(clients: SideBySide) -> None:
    clients.reset()
    clients.run(("clock-mode",))
    clients.same(styles=False)
    clients.run(
        ("set-option", "-g", "clock-mode-colour", "red"),
        ("set-option", "-g", "clock-mode-style", "12"),
        ("split-window", "-l", "3", QUIET),
        ("clock-mode",),
    )
    clients.same(rows=range(20, 30))
    clients.type(b"x")
    clients.same(rows=range(20, 30))


def test_lists_without_a_client_or_an_item(clients: SideBySide) -> None:
    clients.reset()
    for words in (
        ("choose-client", "-t", "%9999"),
        ("choose-buffer", "a", "b"),
        ("choose-tree", "-Q"),
        ("find-window",),
        ("find-window", "-Q", "a"),
        ("choose-buffer", "-O", "nothing"),
    ):
        theirs, ours = clients.both(*words)
        assert ours == theirs, words


def test_customize_mode_lists_groups_and_keys(clients: SideBySide) -> None:
    clients.reset()
    clients.run(("customize-mode",))
    look(clients, "Key Table - root")
    clients.type(b"v")
    look(clients)
    clients.type(b"v")
    look(clients, "┌")
    clients.type(b"q")
    look(clients)


# tmux 3.3a hangs when customize-mode has a filter, so these cases search.
CUSTOMIZED: dict[str, tuple[bytes, list[bytes], Words]] = {
    "a number": (
        b"buffer-limit",
        [b"\r", b"\x15", b"77\r"],
        ("show-options", "-s", "buffer-limit"),
    ),
    "a flag of a session": (b"renumber-windows", [b"s"], ("show-options", "renumber-windows")),
    "a flag for all": (b"renumber-windows", [b"S"], ("show-options", "-g", "renumber-windows")),
    "a choice": (b"mode-keys", [b"w"], ("show-options", "-w", "mode-keys")),
    "a pane option": (b"allow-rename", [b"s"], ("show-options", "-p", "allow-rename")),
    "a text": (b"word-separators", [b"s", b"\x15", b"text\r"], ("show-options", "word-separators")),
    "unset": (b"@mine", [b"u", b"y"], ("show-options", "-q", "@mine")),
    "not unset": (b"@mine", [b"u", b"n"], ("show-options", "-q", "@mine")),
    "tagged": (b"@mine", [b"t", b"U", b"y"], ("show-options", "-q", "@mine")),
}


@pytest.mark.parametrize("case", CUSTOMIZED)
def test_customize_mode(clients: SideBySide, case: str) -> None:
    name, keys, asked = CUSTOMIZED[case]
    clients.reset()
    clients.run(("set-option", "@mine", "x y"), ("customize-mode", "-N"))
    look(clients, "(0)")
    for key in (b"\x1b+", b"/", name + b"\r", *keys):
        clients.type(key)
        clients.settle()
    until("the same answer", lambda: len(set(clients.both(*asked))) == 1)
    clients.type(b"q")
    clients.wait_for("zero")


def test_customize_mode_changes_keys(clients: SideBySide) -> None:
    clients.reset()
    table = ("list-keys", "-T", "mine")
    clients.run(
        ("bind-key", "-T", "mine", "-N", "a note", "x", "display-message", "hello"),
        ("customize-mode",),
    )
    look(clients, "mine")
    for key in (b"/", b"Key Table - mine\r", b"l", b"j", b"l", b"j"):
        clients.type(key)
        clients.settle()
    look(clients)
    for keys in (b"s", b"\x15display-message bye\r", b"j", b"j", b"s"):
        clients.type(keys)
        clients.settle()
    until("the same keys", lambda: len(set(clients.both(*table))) == 1)
    look(clients)
    clients.type(b"q")
