"""Tests for complaints about other terminal multiplexers. docs/complaints.md has the whole list; other tests cover
most of its rows."""

import json
import os
import signal
from contextlib import suppress
from pathlib import Path

import pytest

from tests.support.failpoint_listener import FailpointListener
from tests.support.running import Running, alive, kill, until
from tests.support.state_bytes import holders

pytestmark = pytest.mark.real

PLACES = "#{pane_index} #{pane_width}x#{pane_height}+#{pane_left}+#{pane_top}"


def begin(fugue: Running, *command: str, columns: int = 80, rows: int = 24) -> None:
    fugue("new-session", "-d", "-s", "work", "-x", str(columns), "-y", str(rows), *command)


def show(fugue: Running, pane: str, word: str, lines: int = 0) -> None:
    """Have the shell of `pane` print `lines` numbers, then `word`."""
    half = len(word) // 2
    command = f"seq {lines}; printf '%s%s\\n' {word[:half]} {word[half:]}"
    fugue("send-keys", "-t", pane, command, "Enter")
    fugue.wait_for(f"\n{word}\n", pane)


def lost(fugue: Running) -> object:
    return json.loads(fugue("recovery", "--json"))["recovery"]["lost"]


@pytest.mark.parametrize("pattern", ["MANIFEST-*", "pack-*"])
def test_an_empty_save_never_takes_the_place_of_a_good_one(fugue: Running, pattern: str) -> None:
    begin(fugue)
    show(fugue, "work", "first-word", lines=200)
    fugue("checkpoint")
    show(fugue, "work", "second-word", lines=200)
    fugue("checkpoint")
    fugue.kill_everything()
    newest = max(
        (fugue.state / "checkpoints").glob(pattern), key=lambda path: path.stat().st_mtime_ns
    )
    os.truncate(newest, 0)
    history = fugue.history("work")
    assert history.count("\nfirst-word\n") == 1
    assert history.count("\nsecond-word\n") == 1
    damages = json.loads(fugue("recovery", "--json"))["recovery"]["damages"]
    assert any(newest.name in str(damage) for damage in damages), damages


def test_text_never_comes_back_in_another_pane(fugue: Running) -> None:
    """Layout and text are of one moment, however panes were moved about since they were written."""
    begin(fugue, columns=120, rows=40)
    for _ in range(2):
        fugue("split-window", "-h", "-t", "work")
    fugue("new-window", "-d", "-t", "work:5")
    panes = fugue("list-panes", "-a", "-F", "#{pane_id}").split()
    for pane in panes:
        show(fugue, pane, f"text-of-{pane[1:]}", lines=60)
    fugue("checkpoint")
    fugue("swap-pane", "-d", "-s", panes[0], "-t", panes[2])
    fugue("join-pane", "-d", "-s", panes[3], "-t", panes[1])
    fugue("break-pane", "-d", "-s", panes[2], "-n", "alone")
    where = fugue("list-panes", "-a", "-F", "#{pane_id} #{window_index} #{window_layout} " + PLACES)
    fugue.kill_everything()
    after = fugue("list-panes", "-a", "-F", "#{pane_id} #{window_index} #{window_layout} " + PLACES)
    assert after == where
    for pane in panes:
        found = [line for line in fugue.history(pane).splitlines() if line.startswith("text-of-")]
        assert found == [f"text-of-{pane[1:]}"]


def test_odd_names_and_values_are_read_back(fugue: Running) -> None:
    odd = ["a 'b' \"c\"", "{d} #[e] %f", "漢字 é́ 🙂", "-x", "$HOME `id`", "\\n\\", "=,;:@!"]
    begin(fugue)
    for number, text in enumerate(odd):
        fugue("new-window", "-d", "-t", f"work:{number + 1}", "cat")
        fugue("rename-window", "-t", f"work:{number + 1}", "--", text)
        fugue("select-pane", "-t", f"work:{number + 1}", "-T", text)
        fugue("set-option", "-p", "-t", f"work:{number + 1}", "--", "@mark", text)
        fugue("set-environment", "-t", "work", "--", f"ODD_{number}", f"{text}\nsecond line")
        fugue("set-buffer", "-b", f"buffer{number}", "--", text)

    def everything() -> list[str]:
        shown = "#{window_name}|#{pane_title}|#{@mark}"
        return [
            fugue("list-windows", "-t", "work", "-F", shown),
            fugue("show-environment", "-t", "work"),
            *(fugue("show-buffer", "-b", f"buffer{number}") for number in range(len(odd))),
        ]

    before = everything()
    assert odd[0] in before[0]
    fugue.kill_everything()
    assert everything() == before


def test_nothing_waits_for_an_interval_to_be_saved(fugue: Running) -> None:
    fugue.config.write_text("[persistence]\ncheckpoint_interval_secs = 86_400\n")
    begin(fugue)
    fugue.kill_everything()
    assert fugue("list-sessions", "-F", "#{session_name}") == "work"
    fugue("rename-session", "-t", "work", "renamed")
    fugue.kill_everything()
    assert fugue("list-sessions", "-F", "#{session_name}") == "renamed"


def test_what_was_cleared_stays_clear(fugue: Running) -> None:
    begin(fugue)
    show(fugue, "work", "to-be-cleared", lines=100)
    fugue("checkpoint")
    fugue("send-keys", "-t", "work", "clear", "Enter")
    until("clear screen", lambda: "to-be" not in fugue.screen("work"))
    fugue("clear-history", "-t", "work")
    fugue.kill_everything()
    assert "to-be-cleared" not in fugue.history("work")
    fugue("checkpoint")
    until("end of the text on disk", lambda: not holders(fugue.state, b"to-be-cleared"))


def test_a_suspended_pane_leaves_new_ones_alone(fugue: Running) -> None:
    begin(fugue, "cat")
    fugue("set-option", "-p", "-t", "work", "restore-policy", "none")
    fugue.kill_everything()
    fugue.wait_for("press Enter to run", "work")
    fugue("split-window", "-t", "work")
    fugue("new-window", "-d", "-t", "work:5", "echo by a command; exec cat")
    show(fugue, "work:0.1", "by-a-shell")
    fugue.wait_for("by a command", "work:5")
    assert "press Enter" not in fugue.history("work:0.1") + fugue.history("work:5")


def test_a_new_shell_has_the_environment_of_its_pane_session_and_terminal(fugue: Running) -> None:
    fugue("new-session", "-d", "-s", "work", "-e", "OF_THE_SESSION=a b")
    fugue("set-environment", "-g", "OF_ALL", "c")
    fugue("set-option", "-g", "default-terminal", "tmux-256color")
    fugue("new-window", "-d", "-t", "work:5", "-e", "OF_THE_PANE=d 'e'")
    fugue.environment["TERM"] = "dumb"  # of whoever happens to start the next server
    fugue.kill_everything()
    fugue(
        "send-keys", "-t", "work:5", 'echo "=$OF_THE_SESSION=$OF_ALL=$OF_THE_PANE=$TERM="', "Enter"
    )
    fugue.wait_for("=a b=c=d 'e'=tmux-256color=", "work:5")


def test_layouts_do_not_drift_on_a_terminal_of_another_size(fugue: Running) -> None:
    """A restoration in the middle changes nothing about what a small terminal, and then a large one again, do to a layout."""
    for name in ("work", "other"):
        fugue("new-session", "-d", "-s", name, "-x", "171", "-y", "49", "cat")
        fugue("split-window", "-h", "-t", name, "-l", "40", "cat")
        fugue("split-window", "-v", "-t", name, "-l", "7", "cat")
        fugue("split-window", "-h", "-t", f"{name}:0.0", "-l", "33", "cat")
    first = fugue("list-panes", "-t", "work", "-F", PLACES)
    fugue.kill_everything()
    assert fugue("list-panes", "-t", "work", "-F", PLACES) == first, "before anybody attaches"

    def see(name: str, columns: int, rows: int) -> str:
        size = f"{columns}x{rows - 1}"
        with fugue.attached("attach-session", "-t", name, columns=columns, rows=rows) as client:
            client.wait_for(f"[{name}]")
            until(size, lambda: fugue.format("#{window_width}x#{window_height}", name) == size)
            return fugue("list-panes", "-t", name, "-F", PLACES)

    small = see("other", 60, 20)
    large = see("other", 171, 50)
    assert see("work", 60, 20) == small
    fugue.kill_everything()
    assert fugue("list-panes", "-t", "work", "-F", PLACES) == small
    assert see("work", 171, 50) == large


def test_a_tiny_terminal_ruins_no_text(fugue: Running) -> None:
    """Lines are kept, not what of them was to be seen: two columns, saved again and again, cost nothing."""
    begin(fugue)
    line = "a line that is much longer than the terminal: " + "".join(map(str, range(40)))
    script = fugue.directory / "lines"
    script.write_text(f"{line}\n" * 60)
    fugue("send-keys", "-t", "work", f"cat {script}; echo end-$((1))", "Enter")
    fugue.wait_for("\nend-1\n", "work")
    with fugue.attached("attach-session", "-t", "work", columns=2, rows=3):
        until("two columns", lambda: fugue.format("#{pane_width}", "work") == "2")
        fugue("checkpoint")
    for _ in range(3):
        fugue.kill_everything()
        assert fugue.format("#{pane_width}", "work") == "2"
        fugue("checkpoint")
    with fugue.attached("attach-session", "-t", "work", columns=200, rows=24):
        until("wide pane", lambda: fugue.format("#{pane_width}", "work") == "200")
        assert fugue.history("work").splitlines().count(line) == 60


def test_a_save_that_takes_long_holds_nobody_up(tmp_path: Path) -> None:
    point = "checkpoint.before_manifest"
    with FailpointListener(str(tmp_path / "points")) as points:
        fugue = Running(tmp_path, **points.environment(f"{point}=pause@1"))
        try:
            begin(fugue)
            show(fugue, "work", "before-it", lines=3_000)
            saving = fugue.begin("checkpoint")
            points.wait(point)
            with fugue.attached() as client:
                client.wait_for("[work]")
                client.type(b"echo typed-$((40+2))\r")
                client.wait_for("typed-42")
                client.type(b"\x02c")
                client.wait_for("1:bash*")
            show(fugue, "work:0", "during-it", lines=3_000)
            fugue("rename-window", "-t", "work:0", "renamed")
            assert saving.poll() is None
            points.answer(point)
            saving.communicate(timeout=60)
            assert saving.returncode == 0
            fugue.kill_everything()
            names = fugue("list-windows", "-t", "work", "-F", "#{window_name}").split()
            points.answer(point)  # the checkpoint after the recovery
            assert names == ["renamed", "bash"]
            assert "\nduring-it\n" in fugue.history("work:renamed")
        finally:
            fugue.end()


def test_a_stop_without_patience_costs_nothing(fugue: Running) -> None:
    """Whoever stops it and kills it a moment later, as a shutdown does, finds everything again."""
    begin(fugue)
    show(fugue, "work", "precious-text", lines=20_000)
    server, keeper, panes = fugue.server_pid(), fugue.keeper_pid(), fugue.pane_pids()
    os.kill(server, signal.SIGTERM)
    kill(keeper, server, *panes)
    assert "\nprecious-text\n" in fugue.history("work")
    assert lost(fugue) == []


def test_an_idle_server_writes_nothing(fugue: Running) -> None:
    """Not a byte for several intervals of checkpoints, while a client looks at its clock."""
    fugue.config.write_text("[persistence]\ncheckpoint_interval_secs = 1\n")
    begin(fugue)
    show(fugue, "work", "some-text")
    seen: dict[Path, tuple[int, int]] = {}
    since = 0

    def quiet() -> bool:
        nonlocal seen, since
        up = int(json.loads(fugue("status", "--json"))["status"]["uptime_seconds"])
        now = {}
        for path in fugue.state.rglob("*"):
            with suppress(FileNotFoundError):  # a checkpoint that replaces another one
                facts = path.stat()
                now[path] = facts.st_size, facts.st_mtime_ns
        if now != seen:
            seen, since = now, up
        return up - since >= 5

    with fugue.attached() as client:
        client.wait_for("[work]")
        until("five seconds without a change on the disk", quiet)
        client.read()
    assert json.loads(fugue("status", "--json"))["status"]["checkpoint"]["reason"] == "interval"


def test_servers_of_other_names_keep_apart(fugue: Running) -> None:
    begin(fugue, "cat")
    fugue("-L", "second", "new-session", "-d", "-s", "elsewhere", "cat")
    other = int(fugue("-L", "second", "display-message", "-p", "#{pid}"))
    fugue("-L", "third", "new-session", "-d", "-s", "ended", "cat")
    fugue("-L", "third", "kill-server")
    kill(other)
    until("its next life", lambda: fugue.run("-L", "second", "-N", "list-sessions").returncode == 0)
    fugue.kill_everything()
    assert fugue("list-sessions", "-F", "#{session_name}") == "work"
    assert fugue("-L", "second", "list-sessions", "-F", "#{session_name}") == "elsewhere"
    assert "no server running" in fugue.refused("-L", "third", "list-sessions")
    fugue("-L", "second", "kill-server")


def test_options_set_later_hold_for_restored_panes(fugue: Running) -> None:
    begin(fugue)
    show(fugue, "work", "some-text", lines=2_000)
    fugue.kill_everything()
    assert len(fugue.history("work").splitlines()) > 2_000
    fugue("set-option", "-g", "history-limit", "100")
    until("shorter history", lambda: len(fugue.history("work").splitlines()) < 130)
    fugue("set-option", "-g", "history-limit", "5000")
    show(fugue, "work", "more-text", lines=3_000)
    assert len(fugue.history("work").splitlines()) > 3_000


def test_a_connection_that_drops_takes_nothing_along(fugue: Running) -> None:
    """As when ssh ends: the terminal is gone, the client gets SIGHUP, and everything else stays as it was."""
    begin(fugue)
    fugue("split-window", "-t", "work", "cat")
    fugue("resize-pane", "-Z", "-t", "work:0.1")
    shape = "#{pane_id} #{pane_pid} #{window_layout} #{window_flags} #{pane_active}"
    with fugue.attached() as client:
        client.wait_for("[work]")
        before = fugue("list-panes", "-a", "-F", shape)
        client.type(b"typed before\r")
        client.wait_for("typed before")
        process = client.process
    assert not alive(process.pid)
    until("client gone", lambda: not fugue("list-clients"))
    assert fugue("list-panes", "-a", "-F", shape) == before
    with fugue.attached() as again:
        again.wait_for("typed before")
