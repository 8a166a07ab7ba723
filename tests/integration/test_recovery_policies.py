"""What is started in a pane after everything was killed, and what is never started.

Complaints: "quotes and arguments lost, wrong command run again", "command not recognised: absolute path, wrapper",
"environment variables not restored", "never run anything again by itself", "pane sizes wrong on another terminal",
"cleared panes come back full".
"""

import json
from pathlib import Path

import pytest

from tests.support.running import Running, until


def program(fugue: Running, name: str) -> Path:
    """A program called `name` that says how often it was started, and with what."""
    path = fugue.directory / "bin" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(
        "#!/usr/bin/env python3\n"
        "import sys, time\n"
        f"open({str(fugue.directory / 'started')!r}, 'a').write(repr(sys.argv[1:]) + '\\n')\n"
        "print('program runs', flush=True)\ntime.sleep(1000)\n"
    )
    path.chmod(0o700)
    return path


def started(fugue: Running) -> list[str]:
    path = fugue.directory / "started"
    return path.read_text().splitlines() if path.exists() else []


def status(fugue: Running) -> dict[str, object]:
    panes = json.loads(fugue("recovery", "--json"))["recovery"]["panes"]
    assert isinstance(panes[0], dict)
    return panes[0]


def with_less(fugue: Running, *words: str) -> None:
    """`less` runs in the foreground of the shell, on a file whose name needs quotes."""
    name = fugue.directory / "a 'quoted\" name.txt"
    name.write_text("contents of the file\n" * 100)
    fugue("new-session", "-d", "-s", "work", "-x", "91", "-y", "31", "-e", "STAGE=x y")
    for each in range(0, len(words), 2):
        fugue("set-option", "-t", "work", words[each], words[each + 1])
    fugue("send-keys", "-t", "work", "less a*.txt", "Enter")
    fugue.wait_for("contents of the file", "work")
    until("less", lambda: fugue.format("#{pane_current_command}", "work") == "less")
    fugue("send-keys", "-t", "work", "j")
    until(
        "facts", lambda: b"\xc4\x04less" in log(fugue)
    )  # the event's first argument, not less's own prompt
    fugue.kill_everything()


def log(fugue: Running) -> bytes:
    return b"".join(path.read_bytes() for path in (fugue.state / "wal").iterdir())


def shell_answers(fugue: Running) -> None:
    fugue("send-keys", "-t", "work", "C-u")
    fugue("send-keys", "-t", "work", "echo stage $STAGE, $COLUMNS columns", "Enter")
    fugue.wait_for("stage x y, 91 columns", "work")


@pytest.mark.real
def test_by_default_nothing_runs_again(fugue: Running) -> None:
    with_less(fugue)
    fugue.wait_for("was running: less", "work")
    shell_answers(fugue)
    assert status(fugue)["status"] == "respawned"
    assert "── restored " in fugue.history("work")


@pytest.mark.real
def test_suspended_types_the_command_and_a_person_enters_it(fugue: Running) -> None:
    """Arguments are a list all the way, and quoted for the shell that the person sees."""
    with_less(fugue, "restore-policy", "suspended")
    fugue.wait_for("press Enter to run: less ", "work")
    until(
        "command line", lambda: fugue.screen("work").rstrip().splitlines()[-1].startswith("$ less ")
    )
    assert fugue.format("#{pane_current_command}", "work") == "bash"
    fugue("send-keys", "-t", "work", "Enter")
    until("less", lambda: fugue.format("#{pane_current_command}", "work") == "less")
    until("file", lambda: "contents of the file" in fugue.screen("work"))
    fugue("send-keys", "-t", "work", "q")
    shell_answers(fugue)


@pytest.mark.real
def test_an_enter_that_comes_before_the_shell_is_ready_does_not_cost_the_command(
    fugue: Running,
) -> None:
    """The line asks for Enter, and some shells take their time."""
    path, ready = fugue.directory / "slow-shell", fugue.directory / "ready"
    path.write_text(
        f"#!/bin/bash\nread -r _early\nuntil [ -e {ready} ]; do sleep 0.02; done\nPS1='$ ' exec bash --norc\n"
    )
    path.chmod(0o700)
    with_less(fugue, "restore-policy", "suspended", "default-shell", str(path))
    fugue.wait_for("press Enter to run: less ", "work")
    fugue("send-keys", "-t", "work", "Enter")
    ready.touch()
    until("command line", lambda: "\n$ less " in fugue.screen("work"))


@pytest.mark.real
def test_rerun_enters_it_too(fugue: Running) -> None:
    with_less(fugue, "restore-policy", "rerun")
    fugue("list-sessions")
    until("less", lambda: fugue.format("#{pane_current_command}", "work") == "less")


@pytest.mark.real
def test_rerun_runs_no_program_that_is_not_listed(fugue: Running) -> None:
    path = program(fugue, "danger")
    fugue("new-session", "-d", "-s", "work", str(path), "rm -rf", 'a "b"')
    fugue("set-option", "-g", "restore-policy", "rerun")
    fugue.wait_for("program runs", "work")
    fugue.kill_everything()
    fugue.wait_for("was running: ", "work")
    assert 'add "danger" to persistence.restore_commands' in fugue("recovery")
    fugue("send-keys", "-t", "work", "echo shell-$((40+2))", "Enter")
    fugue.wait_for("shell-42", "work")
    assert len(started(fugue)) == 1


@pytest.mark.real
def test_a_listed_program_is_recognised_by_its_absolute_path_and_keeps_its_words(
    fugue: Running,
) -> None:
    path = program(fugue, "vim")
    words = ["it's", 'a "b"', "two\nlines", "$HOME `x`"]
    fugue("new-session", "-d", "-s", "work", str(path), *words)
    fugue("set-option", "-p", "-t", "work", "restore-policy", "rerun")
    fugue.wait_for("program runs", "work")
    fugue.kill_everything()
    fugue("list-sessions")
    fugue.wait_for(
        "not typed: it has characters", "work"
    )  # a newline is never typed, nor run unseen
    assert started(fugue) == [repr(words)]
    assert fugue.format("#{pane_start_command}", "work").startswith(str(path))


@pytest.mark.real
def test_none_starts_nothing_until_enter(fugue: Running) -> None:
    path = program(fugue, "server")
    fugue("new-session", "-d", "-s", "work", str(path), "--port", "80")
    fugue("set-option", "-w", "-t", "work", "restore-policy", "none")
    fugue.wait_for("program runs", "work")
    fugue.kill_everything()
    fugue.wait_for("press Enter to run:", "work")
    assert status(fugue)["status"] == "suspended"
    assert fugue.format("#{pane_dead}", "work") == "1"
    assert len(started(fugue)) == 1
    with fugue.attached("attach-session", "-t", "work") as client:
        client.wait_for("press Enter to run")
        client.type(b"\r")
        until("second start", lambda: len(started(fugue)) == 2)
    assert started(fugue) == [repr(["--port", "80"])] * 2


@pytest.mark.real
def test_a_restore_command_is_started_in_place_of_anything_else(fugue: Running) -> None:
    fugue("new-session", "-d", "-s", "work")
    fugue(
        "set-option",
        "-w",
        "-t",
        "work",
        "restore-command",
        "echo hook for #{session_name}; exec cat",
    )
    fugue.kill_everything()
    fugue.wait_for("hook for work", "work")


@pytest.mark.real
def test_the_policy_of_a_session_stands_above_the_global_one(fugue: Running) -> None:
    fugue("new-session", "-d", "-s", "work")
    fugue("new-session", "-d", "-s", "other")
    fugue("set-option", "-t", "work", "@restore-policy", "none")
    fugue.kill_everything()
    until("suspended", lambda: fugue.format("#{pane_restore_status}", "work") == "suspended")
    assert fugue.format("#{pane_restore_status}", "other") == "respawned"


@pytest.mark.real
def test_a_directory_that_is_gone_is_told_and_its_parent_taken(fugue: Running) -> None:
    inner = fugue.directory / "project" / "deep"
    inner.mkdir(parents=True)
    fugue("new-session", "-d", "-s", "work", "-c", str(inner))
    fugue.kill_everything()
    inner.rmdir()
    fugue.wait_for("is gone", "work")
    assert status(fugue)["status"] == "cwd-fallback"
    fugue("send-keys", "-t", "work", "clear; pwd", "Enter")
    until("parent", lambda: str(inner.parent) in fugue.screen("work").replace("\n", ""))


@pytest.mark.real
def test_replayed_bytes_ring_no_bell_set_no_clipboard_and_answer_nothing(fugue: Running) -> None:
    fugue("new-session", "-d", "-s", "work", "-x", "80", "-y", "23")
    asks = r"printf 'x\a\033]52;c;Y2xpcA==\007\033[6n\033[c'; read -rd R; read -rd c"  # and hears
    fugue("send-keys", "-t", "work", f"stty -echo; {asks}; stty echo; echo mark-$((40+2))", "Enter")
    fugue.wait_for("mark-42", "work")
    fugue.kill_everything()
    fugue("list-sessions")
    with fugue.attached("attach-session", "-t", "work") as client:
        client.wait_for("restored")
        client.type(b"cat -v\r")
        client.wait_for("cat -v")
        assert b"\x07" not in client.raw.replace(b"\x07", b"", client.raw.count(b"\x1b]"))
        assert b"\x1b]52;" not in client.raw
        assert "^[[" not in client.text()


@pytest.mark.real
def test_sizes_are_exact_before_any_client_attaches(fugue: Running) -> None:
    fugue("new-session", "-d", "-s", "work", "-x", "171", "-y", "49")
    fugue("split-window", "-h", "-t", "work", "-l", "40")
    sizes = fugue("list-panes", "-t", "work", "-F", "#{pane_width}x#{pane_height}").split()
    fugue.kill_everything()
    fugue("list-sessions")
    for pane, size in enumerate(sizes):
        columns, rows = size.split("x")
        until("shell", lambda pane=pane: "$" in fugue.screen(f"work:0.{pane}"))  # type: ignore[misc]  # mypy cannot infer a lambda with defaults
        fugue("send-keys", "-t", f"work:0.{pane}", "stty size", "Enter")
        fugue.wait_for(f"{rows} {columns}", f"work:0.{pane}")
    with fugue.attached("attach-session", "-t", "work", columns=60, rows=20) as client:
        client.wait_for("fugue: 2 panes are back as new shells. Output")
    until("detached", lambda: not fugue("list-clients"))
    assert len(sizes) == 2


@pytest.mark.real
def test_modes_are_reset_for_a_new_process_and_kept_for_a_surviving_one(fugue: Running) -> None:
    """Complaint: "restored text makes the screen a mess"."""
    fugue(
        "new-session",
        "-d",
        "-s",
        "work",
        "bash",
        "-c",
        r"printf '\033[?1049h\033[?1000h\033[?2004hin alternate'; exec cat",
    )
    fugue.wait_for("in alternate", "work")
    fugue.kill_server()
    assert fugue.format("#{alternate_on} #{mouse_any_flag}", "work") == "1 1"
    fugue.kill_everything()
    fugue("list-sessions")
    assert fugue.format("#{alternate_on} #{mouse_any_flag}", "work") == "0 0"
