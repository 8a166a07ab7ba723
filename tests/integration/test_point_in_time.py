"""Going back to an earlier point in time, end to end: closed sessions, saves, restoring the whole state, and exports."""

import json
import os
import signal
import time
from pathlib import Path

import pytest

from tests.support.running import Running, alive, until

pytestmark = pytest.mark.real


def build(fugue: Running) -> None:
    fugue("new-session", "-d", "-s", "work", "-n", "edit", "-x", "100", "-y", "30")
    fugue("split-window", "-h", "-t", "work")
    fugue("new-window", "-t", "work:", "-n", "logs")
    fugue("new-session", "-d", "-s", "other", "-x", "80", "-y", "24")
    fugue("send-keys", "-t", "work:edit.0", "seq 1 500; printf '\\033[31mred\\033[0m\\n'", "Enter")
    fugue.wait_for("\nred", "work:edit.0")


def stop(fugue: Running) -> None:
    """Stop the server so that everything would come back."""
    server, keeper = fugue.server_pid(), fugue.keeper_pid()
    os.kill(server, signal.SIGTERM)
    until("end of server and keeper", lambda: not alive(server) and not alive(keeper))


def numbers(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.isdigit()]


def test_a_closed_session_comes_back(fugue: Running) -> None:
    build(fugue)
    shape = "#{window_index} #{window_name} #{pane_index} #{pane_width}x#{pane_height}"
    before = fugue("list-panes", "-s", "-t", "work", "-F", shape)
    text = fugue.history("work:edit.0").rstrip()
    fugue("kill-session", "-t", "work")
    name = next_closed(fugue)
    assert name.startswith("closed-work-")
    assert "is back as work: 2 windows, 3 panes" in fugue("state", "restore", "--session", "work")
    assert fugue("list-panes", "-s", "-t", "work", "-F", shape) == before
    assert fugue.history("work:edit.0").startswith(text)
    assert "\x1b[31mred" in fugue.history("work:edit.0", "-e")
    fugue("send-keys", "-t", "work:edit.0", "echo again-$((40+2))", "Enter")
    fugue.wait_for("again-42", "work:edit.0")
    # What came back is logged like everything else.
    fugue.kill_server()
    assert numbers(fugue.history("work:edit.0")) == [str(n) for n in range(1, 501)]


def test_neither_throw_away_sessions_nor_a_clock_push_out_a_real_one(tmp_path: Path) -> None:
    shift = tmp_path / "shift"
    fugue = Running(tmp_path, FUGUE_CLOCK_SHIFT=str(shift))
    try:
        fugue("new-session", "-d", "-s", "stays", "exec sleep 1000")
        fugue("new-session", "-d", "-s", "real", "seq 1 500; exec sleep 1000")
        fugue.wait_for("500", "real")
        fugue("kill-session", "-t", "real")
        for number in range(22):
            made_and_closed(fugue, f"brief{number}")
        kept = {"real", *(f"brief{number}" for number in range(2, 22))}
        until("the others' ends", lambda: closed(fugue) == kept)
        shift.write_text(str(400 * 86_400))
        made_and_closed(fugue, "later")
        until("save", lambda: "later" in closed(fugue))
        assert "real" in closed(fugue)
        fugue.kill_server()
        made_and_closed(fugue, "last")
        until("save", lambda: "last" in closed(fugue))
        assert "is back as real" in fugue("state", "restore", "--session", "real")
        fugue.wait_for("500", "real")
    finally:
        fugue.end()


def made_and_closed(fugue: Running, name: str) -> None:
    made = ("new-session", "-d", "-s", name, "exec sleep 1000")
    fugue(*made, ";", "kill-session", "-t", name)


def closed(fugue: Running) -> set[str]:
    points = json.loads(fugue("state", "list", "--json"))["points"]
    names = {point["name"] for point in points if point["name"].startswith("closed-")}
    return {name.removeprefix("closed-").rsplit("-", 2)[0] for name in names}


def next_closed(fugue: Running) -> str:
    found: list[str] = []

    def listed() -> bool:
        points = json.loads(fugue("state", "list", "--json"))["points"]
        found[:] = [point["name"] for point in points if point["name"].startswith("closed-")]
        return bool(found)

    until("save of the closed session", listed)
    return found[0]


def test_saves_are_listed_restored_beside_and_deleted(fugue: Running) -> None:
    build(fugue)
    fugue("state", "save", "first")
    assert "first: fugue state delete first" in fugue.refused("state", "save", "first")
    fugue("send-keys", "-t", "work:edit.0", "echo later", "Enter")
    fugue.wait_for("\nlater", "work:edit.0")
    listed = fugue("state", "list")
    assert listed.splitlines()[0].split()[:3] == ["LSN", "TIME", "NAME"]
    assert [line for line in listed.splitlines() if " saved " in line] == [listed.splitlines()[-2]]
    assert listed.splitlines()[-1].startswith("1 self-contained save: ")
    assert "first" in listed
    assert "other, work" in listed or "work, other" in listed
    dry = fugue("state", "restore", "--at", "first", "--session", "work", "--dry-run")
    assert "session work" in dry
    assert "session other" not in dry
    fugue("state", "restore", "--at", "first", "--session", "work")
    assert "\nlater" not in fugue.history("work-2:edit.0")
    assert numbers(fugue.history("work-2:edit.0")) == [str(n) for n in range(1, 501)]
    fugue("state", "delete", "first")
    assert fugue.refused("state", "delete", "first").startswith("no save called 'first'")
    assert "no session called 'nope'" in fugue.refused(
        "state", "restore", "--session", "nope", "--at", "0s"
    )
    too_old = fugue.refused("state", "restore", "--session", "work", "--at", "5m")
    assert "is older than everything that is kept" in too_old
    assert "begin it with a letter" in fugue.refused("state", "save", "12")
    assert "kill $(fugue display-message -p '#{pid}')" in fugue.refused(
        "state", "restore", "--at", "1m"
    )
    assert "soon" in fugue.refused("state", "restore", "--at", "soon")


def test_everything_goes_back_while_no_server_runs(fugue: Running) -> None:
    build(fugue)
    fugue("checkpoint")
    lsn = json.loads(fugue("state", "list", "--json"))["points"][-1]["lsn"]
    fugue("kill-session", "-t", "other")
    fugue("rename-session", "-t", "work", "renamed")
    fugue("send-keys", "-t", "renamed:edit.0", "echo later", "Enter")
    fugue.wait_for("\nlater", "renamed:edit.0")
    stop(fugue)
    done = fugue("state", "restore", "--at", str(lsn))
    assert "the next start brings back: other, work (4 panes)" in done
    saved = done.split("is saved as ")[1].split()[0]
    assert fugue("new-session", "-d", "-P", "-s", "new", "-F", "#{session_name}") == "new"
    assert fugue("list-sessions", "-F", "#{session_name}").split() == ["new", "other", "work"]
    assert "\nlater" not in fugue.history("work:edit.0")
    assert numbers(fugue.history("work:edit.0")) == [str(n) for n in range(1, 501)]
    # And forth again.
    stop(fugue)
    fugue("state", "restore", "--at", saved)
    fugue("start-server")
    assert fugue("list-sessions", "-F", "#{session_name}") == "renamed"
    assert "later" in fugue.history("renamed:edit.0")
    fugue.kill_everything()
    assert fugue("list-sessions", "-F", "#{session_name}") == "renamed"
    assert json.loads(fugue("recovery", "--json"))["recovery"]["lost"] == []


def test_a_save_is_whole_whatever_happens_to_the_checkpoints(fugue: Running) -> None:
    fugue("new-session", "-d", "-s", "work", "-x", "80", "-y", "24")
    fugue("send-keys", "-t", "work", "seq 1 3000; echo the-$((1))", "Enter")
    fugue.wait_for("the-1", "work")
    fugue("state", "save", "first")
    points = json.loads(fugue("state", "list", "--json"))["points"]
    assert [point["name"] for point in points if point["self_contained"]] == ["first"]
    before = [line for line in fugue.history("work").splitlines() if line.isdigit()]
    assert len(before) == 3000
    fugue.kill_everything()
    for path in (fugue.state / "checkpoints").iterdir():
        path.write_bytes(b"\xff" * path.stat().st_size)
    fugue("state", "restore", "--at", "first")
    fugue("list-sessions")
    after = [line for line in fugue.history("work").splitlines() if line.isdigit()]
    assert after == before
    fugue("checkpoint")
    fugue("state", "delete", "first")
    left = [path.name for path in (fugue.state / "saves").iterdir()]
    assert not [name for name in left if name.endswith(f"-{b'first'.hex()}")]
    fugue.kill_everything()
    fugue("list-sessions")
    assert [line for line in fugue.history("work").splitlines() if line.isdigit()] == before


def test_a_time_is_reached_by_the_log(fugue: Running) -> None:
    fugue("new-session", "-d", "-s", "work", "-x", "80", "-y", "24")
    fugue("send-keys", "-t", "work", "echo one-$((40+2))", "Enter")
    fugue.wait_for("one-42", "work")
    moment = time.time() + 0.2
    until("a later moment", lambda: time.time() > moment + 0.2)
    fugue("send-keys", "-t", "work", "echo two-$((40+2))", "Enter")
    fugue.wait_for("two-42", "work")
    at = f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.localtime(moment))}.{int(moment % 1 * 1000):03}"
    shown = fugue("state", "export", "-t", "work", "--at", at)
    assert "one-42" in shown
    assert "two-42" not in shown
    assert "two-42" in fugue("state", "export", "-t", "work:0.0")


def test_what_is_exported(fugue: Running) -> None:
    fugue("new-session", "-d", "-s", "work", "-x", "40", "-y", "10")
    fugue(
        "send-keys", "-t", "work", "seq 1 50; printf '\\033[1;31mw\\303\\251<\\033[0m\\n'", "Enter"
    )
    fugue.wait_for("\nwé<", "work")
    text = fugue("state", "export", "-t", "%0")
    assert numbers(text) == [str(n) for n in range(1, 51)]
    assert "\nwé<\n" in text
    ansi = fugue("state", "export", "-t", "work", "--format", "ansi")
    assert next(line for line in ansi.splitlines() if "wé<" in line).startswith("\x1b[")
    html = fugue("state", "export", "-t", "work:0", "--format", "html")
    assert '<span style="color:#cd0000;font-weight:bold">wé&lt;</span>' in html
    for version in (3, 2):
        flags = ["--v2"] if version == 2 else []
        cast = fugue("state", "export", "-t", "%0", "--format", "asciicast", *flags).splitlines()
        head, *events = map(json.loads, cast)
        assert head["version"] == version
        shown = "".join(text for _, code, text in events if code == "o")
        assert "wé<" in shown
        times = [at for at, _, _ in events]
        assert min(times) >= 0
        assert version == 3 or times == sorted(times)
    assert "no pane %9" in fugue.refused("state", "export", "-t", "%9")
