"""`fugue search` on a real server."""

import json

from tests.support.running import Running, until
from tests.support.terminal_client import terminal_client

LINES = 60_000


def filled(fugue: Running) -> None:
    """A pane with many lines, on which nothing runs any more."""
    fugue("new-session", "-d", "-s", "work", "-x", "80", "-y", "24", "-n", "log", "sleep 1000")
    fugue("set-option", "-g", "history-limit", "1000000")
    fugue("new-window", "-t", "work:", f"seq -f 'line %.0f of many' 1 {LINES}; exec sleep 1000")
    until("all lines", lambda: f"line {LINES}" in fugue.screen("work:1"))


def test_lines_are_found_by_number_in_every_pane(fugue: Running) -> None:
    filled(fugue)
    fugue("split-window", "-t", "work:1", "echo line 59999 of few; exec sleep 1000")
    until("other pane", lambda: "few" in fugue.screen("work:1.1"))
    assert fugue("search", "-a", "^line 59999").splitlines() == [
        "work:1.0 59998: line 59999 of many",
        "work:1.1 0: line 59999 of few",
    ]
    assert fugue("search", "-t", "work:1.0", "-c", "-i", "-F", "OF MANY") == f"work:1.0: {LINES}"
    found = json.loads(fugue("search", "-t", "work:1.0", "--json", "-m", "1", "5{4}5"))
    assert (found["line"], found["spans"]) == (55554, [[5, 10]])
    assert fugue.refused("search", "-t", "work:1.0", "nowhere") == ""
    assert "missing ]" in fugue.refused("search", "-t", "work:1.0", "[a")
    # A restarted server numbers the lines as before.
    fugue.kill_everything()
    fugue("start-server")
    until("lines", lambda: fugue.run("search", "-a", "^line 59999 of many").stdout != "")
    assert fugue("search", "-a", "^line 59999 of many") == "work:1.0 59998: line 59999 of many"


def test_an_expression_that_never_ended_elsewhere_does(fugue: Running) -> None:
    fugue("new-session", "-d", "-s", "work", "-x", "80", "-y", "24")
    fugue("send-keys", "-t", "work", "printf 'a%.0s' {1..5000}; echo END", "Enter")
    fugue.wait_for("aEND", "work")
    assert fugue.refused("search", "-t", "work", "(a+)+$") == ""
    assert fugue("search", "-c", "-t", "work", "(a|a)+END$") == "work:0.0: 1"


def test_an_interrupted_search_leaves_a_server_that_answers(fugue: Running) -> None:
    filled(fugue)
    words = ("search", "-t", "work:1", "--json", "line")
    with terminal_client(*words, environment=fugue.environment) as client:
        client.until(b'"line":3')  # what it prints from now on nobody reads, so that it cannot end
        assert fugue.format("#{session_name}") == "work"
        client.type(b"\x03")
        assert client.wait() == 130
    assert fugue.format("#{session_name}") == "work"
    with terminal_client(
        "search", "-t", "work:1", "-c", "line", environment=fugue.environment
    ) as it:
        assert it.wait() == 0
        assert f"work:1.0: {LINES}".encode() in it.screen
