"""The last screen of a program that ended with the machine is printed, shown beside the list and copied: with real
vim and real clients."""

import json
from pathlib import Path

import pytest

from tests.support.faults import require
from tests.support.logged_events import foreground
from tests.support.running import Running, kill, until

UNSAVED = "three pages of unsaved text"
VIM = "vim -n -u NONE -i NONE -c 'syntax on' -c 'set number' notes.md"
pytestmark = pytest.mark.real


def edits(fugue: Running, target: str, text: str = UNSAVED) -> None:
    """Vim with text that no file has, in a shell's foreground, and noted as that."""
    fugue.wait_for("$", target)
    fugue("send-keys", "-t", target, VIM, "Enter")
    fugue.wait_for("~", target)
    fugue("send-keys", "-t", target, "i", f"# A heading é漢\r{text}", "Escape")
    fugue.wait_for(text, target)
    until_noted(fugue, target, b"vim")


def until_noted(fugue: Running, target: str, program: bytes) -> None:
    """Everything may be killed from then on: the log knows what runs."""
    pane = int(fugue.format("#{pane_id}", target).removeprefix("%"))
    until(f"{program!r} in the log", lambda: foreground(fugue.state, pane)[:1] == (program,))


def begun(fugue: Running, *, columns: int = 80, rows: int = 23) -> str:
    """A session with vim; its screen with styles."""
    require(programs=("vim",))
    fugue("new-session", "-d", "-s", "work", "-x", str(columns), "-y", str(rows))
    edits(fugue, "work")
    before = fugue("capture-pane", "-pe", "-t", "work")
    assert "\x1b[" in before
    return before


def again(fugue: Running) -> None:
    fugue.kill_everything()
    fugue("start-server")


def test_an_editors_unsaved_text_is_printed_as_it_was(fugue: Running) -> None:
    styled = begun(fugue)
    text = fugue("capture-pane", "-p", "-t", "work")
    again(fugue)
    assert fugue("recovery", "screen", "-e", "%0") == styled
    assert fugue("recovery", "screen", "work") == text
    found = json.loads(fugue("recovery", "screen", "--json", "%0"))["screen"]
    assert found["screen"] == text.split("\n")
    assert (found["columns"], found["rows"], found["alternate"]) == (80, 23, True)
    assert (found["pane"], found["place"]) == (0, "work:0")
    assert found["program"].startswith("vim ")
    assert found["cursor"] == {"column": 7 + len(UNSAVED), "row": 1, "visible": True}
    assert UNSAVED not in fugue.history("work")
    fugue.wait_for("its last screen: C-b M-r", "work")
    (row,) = fugue("recovery", "screens").splitlines()[1:]
    assert row.startswith("%0 ")
    assert "80x23  vim " in row
    (file,) = (fugue.state / "screens").iterdir()
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700


def test_a_repl_is_kept_with_what_had_left_its_screen(fugue: Running) -> None:
    fugue("new-session", "-d", "-s", "work", "-x", "40", "-y", "5")
    fugue.wait_for("$", "work")
    fugue("send-keys", "-t", "work", "seq 1 9; printf '%s' $(seq 1 30); cat", "Enter")
    until_noted(fugue, "work", b"cat")
    screen = fugue("capture-pane", "-p", "-t", "work")
    above = fugue("capture-pane", "-p", "-S", "-", "-E", "-1", "-t", "work").splitlines()
    again(fugue)
    found = json.loads(fugue("recovery", "screen", "--json", "%0"))["screen"]
    assert found["screen"] == screen.split("\n")
    assert found["above"] == above
    assert not found["alternate"]


@pytest.mark.parametrize(("columns", "rows"), [(80, 24), (40, 12)])
def test_the_list_of_panes_shows_it_and_the_pane_gives_its_text(
    fugue: Running, columns: int, rows: int
) -> None:
    begun(fugue, columns=columns, rows=rows - 1)
    again(fugue)
    with fugue.attached(columns=columns, rows=rows) as client:
        client.wait_for("its last screen")
        client.type(b"\x02R")
        client.wait_for(UNSAVED)
        shown = client.text().splitlines()
        (place,) = [n for n, row in enumerate(shown) if UNSAVED in row]
        if columns == 80:  # beside the list
            assert shown[place].startswith("(1) ")
            assert "│" in shown[place]
        else:
            assert place > next(n for n, row in enumerate(shown) if row.startswith("(1) "))
        client.type(b"q")
        client.wait_for("its last screen")
        client.type(b"\x02\x1br")
        client.wait_for(UNSAVED)
        assert fugue.format("#{pane_mode}", "work") == "view-mode"
        if columns == 80:
            fugue.kill_server()  # the view outlives it
            until("client", lambda: fugue("list-clients"))
            assert fugue.format("#{pane_mode}", "work") == "view-mode"
        client.type(b"\x01\x1bf\x00\x05\x1bw")  # behind the number of the line, to its end
        until("screen", lambda: fugue.format("#{pane_in_mode}", "work") == "0")
        assert UNSAVED in fugue("show-buffer")
        client.type(b"\x02R\x1b[B\r")  # the row below it in the list shows it as well
        until("view", lambda: fugue.format("#{pane_mode}", "work") == "view-mode")
        client.wait_for(UNSAVED)
        client.type(b"q")
        until("screen", lambda: fugue.format("#{pane_in_mode}", "work") == "0")


def test_every_recovery_keeps_its_own(fugue: Running) -> None:
    first = begun(fugue)
    again(fugue)
    again(fugue)  # only a shell at its prompt ended now
    assert fugue("recovery", "screen", "-e", "%0") == first
    edits(fugue, "work", "other text")
    second = fugue("capture-pane", "-pe", "-t", "work")
    again(fugue)
    fugue("checkpoint")
    assert fugue("recovery", "screen", "-e", "%0") == second != first
    assert fugue("recovery", "screen", "-e", "%0", "show", "3") == first
    assert (
        fugue.refused("recovery", "screen", "%0", "show", "2")
        == "no last screen of %0 of that recovery is kept: see fugue recovery screens"
    )
    fugue("new-session", "-d", "-s", "other")
    fugue("kill-session", "-t", "work")
    assert fugue("recovery", "screen", "-e", "%0") == second  # the pane is gone, this is not
    assert fugue("purge", "--all").startswith("purged")
    assert fugue.refused("recovery", "screen", "%0").startswith("no last screen of %0 is kept")
    assert list((fugue.state / "screens").iterdir()) == []


def test_a_purge_takes_those_of_its_pane_and_a_pane_that_is_not_kept_has_none(
    fugue: Running,
) -> None:
    begun(fugue)
    fugue("new-window", "-d", "-t", "work:1")
    edits(fugue, "work:1", "the other pane")
    fugue("new-window", "-d", "-t", "work:2")
    fugue("set-option", "-p", "-t", "work:2", "persist", "off")
    fugue("send-keys", "-t", "work:2", VIM, "Enter")
    fugue.wait_for("~", "work:2")
    again(fugue)
    assert "the other pane" in fugue("recovery", "screen", "%1")
    assert fugue.refused("recovery", "screen", "%2").startswith("no last screen of %2 is kept")
    fugue("purge", "-t", "%1")
    assert fugue.refused("recovery", "screen", "%1").startswith("no last screen of %1 is kept")
    assert UNSAVED in fugue("recovery", "screen", "%0")
    again(fugue)
    assert UNSAVED in fugue("recovery", "screen", "%0")
    fugue("set-option", "-p", "-t", "%0", "persist", "off")
    fugue("checkpoint")
    assert fugue.refused("recovery", "screen", "%0").startswith("no last screen of %0 is kept")
    assert list((fugue.state / "screens").iterdir()) == []


def test_without_persistence_and_in_safe_mode_it_is_said_that_none_is_kept(
    fugue: Running, tmp_path: Path
) -> None:
    begun(fugue)
    fugue.kill_everything()
    fugue("--no-restore", "start-server")
    assert "safe mode" in fugue.refused("recovery", "screen", "%0")
    fugue("kill-server")
    fugue("start-server")
    assert UNSAVED in fugue("recovery", "screen", "%0")
    other = Running(tmp_path / "other", FUGUE_PERSISTENCE_ENABLED="false")
    try:
        other("new-session", "-d")
        assert "persistence.enabled" in other.refused("recovery", "screen", "%0")
        assert "persistence.enabled" in other("recovery", "screens")
    finally:
        other.end()


def test_a_damaged_file_and_a_directory_that_is_none_stop_nothing(fugue: Running) -> None:
    styled = begun(fugue)
    place = fugue.state / "screens"
    place.write_text("in the way")
    again(fugue)
    assert fugue("recovery", "screen", "-e", "%0") == styled  # from memory
    assert "screens: what was in its place was not a directory" in fugue("recovery")
    until("the file", lambda: place.is_dir() and any(place.glob("*.screen")))
    (file,) = place.glob("*.screen")
    kill(fugue.server_pid())
    fugue.wait_for_server()
    assert fugue("recovery", "screen", "-e", "%0") == styled
    data = bytearray(file.read_bytes())
    data[-1] ^= 1
    file.write_bytes(data)
    kill(fugue.server_pid())
    fugue.wait_for_server()
    told = fugue.refused("recovery", "screen", "%0")
    assert told == f"the last screen of %0 is damaged: {file}: its checksum does not match"
    assert "is damaged" in fugue("recovery", "screens")
