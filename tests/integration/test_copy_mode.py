"""Copy mode as a user sees it: keys that are typed into an attached client."""

from pathlib import Path

from tests.support.failpoint_listener import FailpointListener
from tests.support.running import Running, until

TEXT = "for i in $(seq 1 500); do echo line $i; done; exec sleep 1000"
PLACE = "#{scroll_position} #{copy_cursor_line}"


def begun(fugue: Running) -> None:
    fugue("new-session", "-d", "-s", "work", "-x", "80", "-y", "23", TEXT)
    until("all lines", lambda: fugue.format("#{history_size}", "work") == "478")


ASK_AT_ONCE = 'command-prompt -T search -p "(search up)" { send-keys -X search-backward "%%" }'
"""The whole pattern is searched for, not each beginning of it while it is typed."""


def test_emacs_keys_search_select_copy_and_paste(fugue: Running) -> None:
    begun(fugue)
    fugue("bind-key", "-T", "copy-mode", "C-r", ASK_AT_ONCE)
    with fugue.attached() as client:
        client.wait_for("line 500")
        client.type(b"\x02[")
        client.wait_for("[0/478]")
        client.type(b"\x12")
        client.wait_for("(search up)")
        client.type(b"line 12\r")
        until("match", lambda: fugue.format(PLACE, "work").endswith("line 129"))
        client.wait_for("/478]")
        assert fugue.format("#{search_present} #{pane_search_string}", "work") == "1 line 12"
        client.type(b"n\x00\x0e\x0e")
        until("selection", lambda: fugue.format(PLACE, "work").endswith("line 130"))
        client.type(b"\x1bw")
        until("screen", lambda: fugue.format("#{pane_in_mode}", "work") == "0")
        assert fugue("show-buffer") == "line 128\nline 129"
        until("clipboard", lambda: client.text() and b"\x1b]52;c;" in client.raw)


def test_vi_keys_go_everywhere(fugue: Running) -> None:
    begun(fugue)
    fugue("set-option", "-g", "mode-keys", "vi")
    with fugue.attached() as client:
        client.wait_for("line 500")
        client.type(b"\x02[g")
        until("top", lambda: fugue.format(PLACE, "work") == "478 line 1")
        client.type(b"/LINE 4[0]\r")
        client.wait_for("search: not found")
        client.type(b"/line 4[0]\r")
        until("match", lambda: fugue.format(PLACE, "work").endswith("line 40"))
        client.type(b"N")
        until("one before", lambda: fugue.format(PLACE, "work").endswith("line 409"))
        client.type(b"G")
        until("bottom", lambda: fugue.format("#{scroll_position}", "work") == "0")
        client.type(b"q")
        until("screen", lambda: fugue.format("#{pane_in_mode}", "work") == "0")


def test_the_top_of_a_trimmed_history_is_its_first_line(fugue: Running) -> None:
    """Lines leave the store in blocks; copy mode shows none that the limit has taken away, and finds none."""
    fugue("new-session", "-d", "-s", "first", "-x", "80", "-y", "23", "cat")
    fugue("set-option", "-g", "history-limit", "1500")
    lines = "seq -f 'line %.0f' 1 4000; exec sleep 1000"
    fugue("new-session", "-d", "-s", "work", "-x", "80", "-y", "23", lines)
    fugue.wait_for("line 4000", "work")
    with fugue.attached("attach-session", "-t", "work") as client:
        client.wait_for("line 4000")
        fugue("copy-mode", "-t", "work")
        fugue("send-keys", "-X", "-t", "work", "history-top")
        client.wait_for("[1500/1500]")
        assert fugue.format(f"#{{history_size}} {PLACE}", "work") == "1500 1500 line 2479"
        fugue("send-keys", "-X", "-t", "work", "history-bottom")
        assert "not found" in fugue.refused(
            "send-keys", "-X", "-t", "work", "search-backward", "line 2478"
        )
        client.resize(80, 20)
        fugue("send-keys", "-X", "-t", "work", "history-top")
        client.wait_for("[1504/1504]")


def test_what_arrives_meanwhile_moves_nothing(fugue: Running) -> None:
    fugue("new-session", "-d", "-s", "work", "-x", "80", "-y", "23")
    fugue("send-keys", "-t", "work", "seq 1 200", "Enter")
    fugue.wait_for("\n200\n$", "work")
    fugue("copy-mode", "-u", "-t", "work")
    place = fugue.format(PLACE, "work")
    fugue("run-shell", "true")
    pid = fugue.format("#{pane_tty}", "work")
    with open(pid, "w") as tty:
        tty.write("more\r\n" * 500)
    until("history", lambda: int(fugue.format("#{history_size}", "work")) > 500)
    assert fugue.format(PLACE, "work") == place
    assert (
        fugue.refused("send-keys", "-X", "-t", "work", "search-backward", "more")
        == "search: not found"
    )
    assert "missing )" in fugue.refused("send-keys", "-X", "-t", "work", "search-backward", "(")
    fugue("send-keys", "-X", "-t", "work", "cancel")
    assert fugue.refused("send-keys", "-X", "-t", "work", "cancel") == "not in a mode"


def test_a_restarted_server_shows_the_same_lines(fugue: Running) -> None:
    begun(fugue)
    with fugue.attached() as client:
        client.wait_for("line 500")
        client.type(b"\x02[")
        client.wait_for("[0/478]")
        fugue("send-keys", "-X", "-t", "work", "goto-line", "300")
        client.wait_for("[300/478]")
        shown = client.text().splitlines()[1:20]
        fugue.kill_server()
        until(
            "same lines",
            lambda: (
                fugue.run("display-message", "-p", "-t", "work", "#{scroll_position}").stdout
                == "300\n"
            ),
        )
        client.wait_for("[300/478]")
        until("same text", lambda: client.text().splitlines()[1:20] == shown)


def test_a_search_is_stopped_by_c_c_and_copy_mode_stays(tmp_path: Path) -> None:
    """Everybody else is served meanwhile, and what was typed before C-c is forgotten."""
    with FailpointListener(str(tmp_path / "points")) as points:
        fugue = Running(tmp_path, **points.environment("search.step=pause@1"))
        try:
            begun(fugue)
            fugue("bind-key", "-T", "copy-mode", "C-r", ASK_AT_ONCE)
            with fugue.attached() as client:
                client.wait_for("line 500")
                client.type(b"\x02[\x12")
                client.wait_for("(search up)")
                client.type(b"line 1\r")
                points.wait("search.step")
                client.type(b"q\x03")
                client.wait_for("stopping]")
                assert fugue.format("#{pane_in_mode}", "work") == "1"
                points.answer("search.step")
                client.wait_for("search: stopped")
                client.type(b"\x12line 1\r")  # the same once more, and nobody stops it
                until("match", lambda: fugue.format(PLACE, "work").endswith("line 199"))
        finally:
            fugue.end()


ALL_OF_IT = (
    "#{pane_in_mode} #{scroll_position} #{copy_cursor_x} #{copy_cursor_y} #{selection_present}"
)


def test_it_outlives_the_server_with_its_place_and_selection(fugue: Running) -> None:
    fugue("new-session", "-d", "-s", "kept", "seq 1 500; exec cat")
    fugue.wait_for("500", "kept")
    fugue("copy-mode", "-t", "kept")
    for words in (("-N", "100", "cursor-up"), ("begin-selection",), ("-N", "2", "cursor-down")):
        fugue("send-keys", "-t", "kept", "-X", *words)
    before = fugue.format(ALL_OF_IT, "kept")
    assert before.startswith("1 ")
    assert before.endswith(" 1")
    for _ in range(2):
        fugue.kill_server()
        assert fugue.format(ALL_OF_IT, "kept") == before
    fugue("send-keys", "-t", "kept", "-X", "copy-selection-and-cancel")
    lines = fugue("show-buffer").splitlines()
    assert len(lines) == 3, "from the end of one line to the end of the next but one"
    assert int(lines[2]) == int(lines[1]) + 1
    fugue.kill_server()
    assert fugue.format("#{pane_in_mode}", "kept") == "0", "it was left before"


def test_where_it_cannot_outlive_the_server_it_says_so(fugue: Running) -> None:
    fugue("new-session", "-d", "-s", "kept", "seq 1 500; exec cat")
    fugue.wait_for("500", "kept")
    fugue("copy-mode", "-u", "-t", "kept")
    pane = fugue.format("#{pane_id}", "kept")
    fugue.kill_everything()
    assert fugue.format("#{pane_in_mode}", "kept") == "0"
    assert f"{pane}: copy mode was left when the last server ended" in fugue("show-messages")
    (fugue.state / "modes").write_bytes(b"no JSON")
    fugue.kill_server()
    assert fugue.format("#{pane_in_mode}", "kept") == "0"
