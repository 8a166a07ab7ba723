"""Files of commands: those of -f, which may connect to their own server, files that never end, and commands that
never stop."""

import os
from pathlib import Path

import pytest

from fuguemux.model.limits import BUFFER_BYTES_MAX, DEPTH_MAX
from tests.support.running import PROGRAM, Running, alive, until

pytestmark = pytest.mark.real

PIPE = "is a pipe, which may never end: give a file"


def written(fugue: Running, text: str, name: str = "start.conf") -> str:
    path = fugue.directory / name
    path.write_text(text)
    return str(path)


def servers_started(fugue: Running) -> int:
    return (fugue.state / "keeper.log").read_text().count("server started as process")


def test_a_file_at_start_may_talk_to_its_own_server(fugue: Running) -> None:
    """As plugin managers do. Its sessions are detached, and the first client's command comes after all of it."""
    plugin = Path(
        written(fugue, f'#!/bin/sh\n"{PROGRAM}" set-option -g @plugin loaded\n', "plugin")
    )
    plugin.chmod(0o700)
    start = written(
        fugue,
        f"""
        run-shell '{plugin}'
        if-shell '[ "$({PROGRAM} show-options -gqv @plugin)" = loaded ]' 'set-option -g @if yes'
        new-session -s main -n first cat
        new-window -n second cat
        new-session -A -s main
        run-shell "{PROGRAM} rename-window -t main:second '#{{@if}}'"
        set-hook -g after-new-session 'run-shell "{PROGRAM} set-option -g @hook #{{session_name}}"'
        """,
    )
    assert fugue("-f", start, "new-session", "-d", "-P", "-s", "mine", "cat") == "mine:"
    windows = fugue("list-windows", "-a", "-F", "#{session_id} #{session_name}:#{window_name}")
    assert windows.splitlines() == ["$0 main:first", "$0 main:yes", "$1 mine:cat"]
    assert fugue("show-options", "-gqv", "@hook") == "mine"
    again = written(fugue, f"run-shell '{PROGRAM} set-option -g @again 1'\n", "again.conf")
    fugue("source-file", again)
    assert fugue("show-options", "-gqv", "@again") == "1"
    assert servers_started(fugue) == 1


def test_a_session_of_the_file_that_ends_at_once_does_not_end_the_server(fugue: Running) -> None:
    start = written(
        fugue, f"new-session true\nrun-shell '{PROGRAM} wait-for -S over'\nwait-for over\n"
    )
    fugue("-f", start, "new-session", "-d", "-s", "mine", "cat")
    until("end of the other", lambda: fugue("list-sessions", "-F", "#{session_name}") == "mine")
    server = fugue.server_pid()
    assert servers_started(fugue) == 1
    fugue("kill-session", "-t", "mine")
    until("end of the server", lambda: not alive(server))


def test_a_server_that_only_its_file_needed_ends_with_it(fugue: Running) -> None:
    start = written(fugue, "new-session true\n")
    fugue("-f", start, "start-server")
    log = fugue.state / "keeper.log"
    until("end of the keeper", lambda: "keeper ends" in log.read_text())
    assert servers_started(fugue) == 1


def test_what_is_wrong_with_a_file_is_told_and_the_rest_is_run(fugue: Running) -> None:
    pipe, missing = str(fugue.directory / "pipe"), str(fugue.directory / "missing")
    os.mkfifo(pipe)
    broken = written(fugue, "set-option -g @b {\n", "broken.conf")
    good = written(fugue, f"source-file {broken}\nset-option -g @good 1\n")
    fugue("-f", pipe, "-f", missing, "-f", good, "new-session", "-d", "-s", "mine", "cat")
    assert fugue("show-options", "-gqv", "@good") == "1"
    told = fugue("show-messages")
    assert f"{pipe}: {PIPE}" in told
    assert f"{missing}: No such file or directory" in told
    assert f"{broken}:2: syntax error: a block is not closed, add }}" in told


def test_the_usual_files_are_read_without_f_and_every_error_names_its_line(fugue: Running) -> None:
    config = fugue.directory / "config/fugue"
    config.mkdir(parents=True, exist_ok=True)
    start, inner = config / "fugue.conf", config / "inner.conf"
    inner.write_text('set -gF @inner "#{current_file}"\n\nset -g bogus 1\n')
    start.write_text(
        """
        set -gF @outer "#{current_file} #{command}"
        source-file -F "#{d:current_file}/inner.conf"
        if-shell true {
            kill-pane -t %99
        }
        set -g @last 1
        """
    )
    (fugue.directory / ".tmux.conf").write_text("set -g @tmux 1\n")
    fugue("new-session", "-d", "-s", "mine", "cat")
    assert fugue("show-options", "-gqv", "@outer") == f"{start} set-option"
    assert fugue("show-options", "-gqv", "@inner") == str(inner)
    assert fugue("show-options", "-gqv", "@last") == "1"
    assert fugue("show-options", "-gqv", "@tmux") == ""
    assert fugue("display-message", "-p", "#{config_files}#{current_file}") == str(start)
    told = fugue("show-messages")
    assert f"{inner}:3: invalid option: bogus" in told
    assert f"{start}:4: no current target" in told


def test_a_file_that_ends_the_server_is_told_of_and_not_tried_again(fugue: Running) -> None:
    start = written(fugue, "kill-server\n")
    told = fugue.refused("-f", start, "new-session", "-d", "cat")
    assert told == "the server was ended before the command was begun"
    assert servers_started(fugue) == 1


def test_an_end_before_that_of_the_files_is_told(fugue: Running) -> None:
    start = written(fugue, "new-session -s file cat\nwait-for never\nset-option -g @rest 1\n")
    asking = fugue.begin("-f", start, "new-session", "-d", "-s", "mine", "cat")
    until(
        "session of the file", lambda: fugue.run("-N", "has-session", "-t", "file").returncode == 0
    )
    fugue("restart-server")
    error = "the server ended before the files of -f did: the rest is not run\n"
    assert asking.communicate(timeout=60) == ("", error)
    assert fugue("list-sessions", "-F", "#{session_name}") == "file\nmine"
    assert fugue("show-options", "-gqv", "@rest") == ""


def test_files_that_never_end_or_never_stop_are_refused(fugue: Running) -> None:
    fugue("new-session", "-d", "-s", "work", "cat")
    fugue("set-buffer", "text")
    pipe = fugue.directory / "pipe"
    os.mkfifo(pipe)
    itself = fugue.directory / "itself.conf"
    itself.write_text(f"source-file {itself}\n")
    one, other = fugue.directory / "one.conf", fugue.directory / "other.conf"
    one.write_text(f"source-file {other}\nsource-file {other}\n")
    other.write_text(f"source-file {one}\nsource-file {one}\n")
    deep = f"commands that run commands: more than {DEPTH_MAX} deep"
    for argv, error in {
        ("source-file", str(pipe)): f"{pipe}: {PIPE}",
        ("source-file", str(fugue.directory)): f"{fugue.directory}: Is a directory",
        ("source-file", "/dev/zero"): f"/dev/zero: longer than {1 << 20} bytes",
        ("source-file", str(itself)): deep,
        ("source-file", str(one)): deep,
        ("load-buffer", str(pipe)): f"{pipe}: {PIPE}",
        ("load-buffer", "/dev/zero"): f"/dev/zero: longer than {BUFFER_BYTES_MAX} bytes",
        ("save-buffer", str(pipe)): f"{pipe}: {PIPE}",
        ("save-buffer", str(fugue.directory)): f"{fugue.directory}: Is a directory",
    }.items():
        assert fugue.refused(*argv) == error
    assert fugue("source-file", "/dev/null") == ""
    assert fugue("save-buffer", "/dev/null") == ""


def test_the_report_of_a_file_says_that_options_have_no_effect(fugue: Running) -> None:
    start = written(fugue, "set -g mouse on\nset -g focus-events on\nset -s editor ed\n")
    fugue("-f", start, "new-session", "-d", "-s", "a", "cat")
    said = sorted(line.partition(": ")[2] for line in fugue("show-messages").splitlines())
    assert said[0].startswith("option editor has no effect in fugue: ")
    assert (
        said[1]
        == "option focus-events has no effect in fugue: a program that asks for focus events always gets them"
    )
    assert said[2] == "start.conf: 2 lines have no effect in fugue: see show-messages"
    assert len(said) == 3
