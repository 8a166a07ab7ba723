"""Clients in terminals of several kinds: what tmux and fugue send to each, read cell by cell."""

from pathlib import Path

import pytest

from tests.support.running import PROGRAM, Attached, until
from tests.support.side_by_side import side_by_side
from tests.support.tmux_pair import TMUX, Pair

pytestmark = pytest.mark.skipif(not TMUX, reason="tmux is not installed")

STYLES = (
    "38;2;1;2;3", "48;2;250;128;9", "38;5;200", "48;5;200", "38;5;244", "91", "101", "1;31", "7;32;44", "4", "4:3", "9", "53",
    "3", "2", "5", "44", "40", "48;5;244", "38;5;59", "48;5;25", "33;41",
)  # fmt: skip
LETTERS = "abcdefghijklmnopqrstuvwxyz"
PRINTED = "".join(
    f"\\033[0;{style}m{letter}" for style, letter in zip(STYLES, LETTERS, strict=False)
)
PROGRAM_OF_PANE = (
    f"printf '{PRINTED}\\033[m \\342\\224\\200\\303\\251\\347\\225\\214.\\n'; exec sleep 100000"
)


@pytest.mark.parametrize(
    "client",
    [
        {"TERM": "linux"},
        {"TERM": "vt100"},
        {"TERM": "screen-256color"},
        {"TERM": "tmux-256color", "LC_ALL": "C"},
    ],
    ids=lambda client: "-".join(client.values()),
)
def test_a_terminal_gets_what_it_can_show(tmp_path: Path, client: dict[str, str]) -> None:
    with side_by_side(tmp_path, columns=60, rows=8, client=client) as pair:
        pair.reset(PROGRAM_OF_PANE)
        pair.same(shows="abcdefgh")
        theirs, ours = pair.both(
            "list-clients", "-F", "#{client_termname} #{client_termfeatures} #{client_utf8}"
        )
        assert ours == theirs


@pytest.mark.parametrize("term", ["dumb", "", "no-such-terminal"])
def test_a_terminal_that_cannot_be_used_is_refused_with_the_same_words(
    tmp_path: Path, term: str
) -> None:
    pair = Pair(tmp_path)
    try:
        assert pair.both("new-session", "-d", "-s", "one", "sleep 1000")[0][0] == 0
        environment = {**pair.fugue.environment, "TERM": term}
        socket = str(pair.tmux.directory / "socket")
        texts = []
        for words, home in (
            ([str(TMUX), "-S", socket, "attach-session"], pair.tmux.directory),
            ([PROGRAM, "attach-session"], pair.fugue.directory),
        ):
            client = Attached(words, {**environment, "HOME": str(home)}, home, 80, 8)
            try:
                until("the end", lambda one=client: one.process.poll() is not None)  # type: ignore[misc] # bound at once
                assert client.process.returncode == 1
                client.read()
                texts.append(client.raw.decode())
            finally:
                client.close()
        assert texts[0] == texts[1]
    finally:
        pair.end()
