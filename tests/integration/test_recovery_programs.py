"""The names of ended programs in the report of a recovery, and the directories of panes that never printed anything.

Everything is killed at once, so what is known of a pane must be in the log before that.
"""

import json
import os
import signal
import sys

import pytest

from fuguemux.model.events import ForegroundChanged, PaneDirectoryChanged
from fuguemux.model.state import Ran
from fuguemux.reactions.foreground_changed import Programs
from fuguemux.server.processes.process_table import children
from tests.support.logged_events import events
from tests.support.running import Running, until, wait_dead

pytestmark = pytest.mark.real
SLEEP = (b"sleep", b"1000")
SHELL = ("bash", "--norc", "--noediting")
"""The line editor writes something at every Enter."""
LOOP_LINE = "while true; do sleep 0.05; done"
LOOP = Programs((b"bash", b"--norc", b"--noediting"), ran=Ran.LOOP)
SILENT = "stty -echo; PS1=; PS2=; clear"


def programs(fugue: Running, pane: int) -> Programs:
    """What the log has last of the programs in a pane."""
    found = [e for e in events(fugue.state) if isinstance(e, ForegroundChanged) and e.pane == pane]
    last = found[-1] if found else ForegroundChanged(pane, ())  # type: ignore[arg-type]  # a plain number does
    return Programs(last.argv, last.pipeline, last.ran, last.jobs)


def directory(fugue: Running, pane: int) -> bytes:
    found = [
        e for e in events(fugue.state) if isinstance(e, PaneDirectoryChanged) and e.pane == pane
    ]
    return found[-1].cwd if found else b""


def window(fugue: Running, *lines: str) -> int:
    """A window with a shell into which these lines are typed; the number of its pane."""
    pane = fugue("new-window", "-dPF", "#{pane_id}", "-t", "work:", *SHELL).strip("%\n")
    for line in lines:
        fugue("send-keys", "-t", f"%{pane}", line, "Enter")
    return int(pane)


def until_known(fugue: Running, wanted: dict[int, Programs]) -> None:
    for pane, found in wanted.items():
        until(
            f"{found} in the log",
            lambda pane=pane, found=found: programs(fugue, pane) == found,  # type: ignore[misc]  # bound now
        )


def ended(fugue: Running) -> dict[int, list[str]]:
    report = json.loads(fugue("recovery", "--json"))["recovery"]
    found: dict[int, list[str]] = {}
    for row in report["programs_ended"]:
        found.setdefault(row["pane"], []).append(row["program"])
    return found


def test_programs_are_called_as_a_person_started_them(fugue: Running) -> None:
    script = fugue.directory / "build.sh"
    script.write_text("#!/usr/bin/env bash\nwhile true; do sleep 0.05; done\n")
    script.chmod(0o700)
    fugue("new-session", "-d", "-s", "work", "bash", "--norc")
    wanted = {
        window(fugue, "sleep 1000 | cat"): Programs(SLEEP, ((b"cat",),)),
        window(fugue, LOOP_LINE): LOOP,
        window(fugue, str(script)): Programs((bytes(script),)),
        window(fugue, "sleep 1000 &"): Programs(jobs=(SLEEP,)),
        window(fugue, "exec sleep 1000"): Programs(SLEEP),
        window(fugue, "(cd /; exec -a 'my title' sleep 1000)"): Programs((b"my title", b"1000")),
    }
    idle = window(fugue, "true")
    until_known(fugue, wanted)
    fugue.kill_everything()
    summary = fugue.format("#{recovery_summary}")
    assert ended(fugue) == dict(
        zip(
            wanted,
            (
                ["sleep 1000 | cat"],
                ["a loop in bash"],
                [str(script)],
                ["sleep 1000"],
                ["sleep 1000"],
                ["'my title' 1000"],
            ),
            strict=True,
        )
    )
    assert summary.startswith(
        "8 panes are back as new shells. 6 programs ended: sleep 1000 | cat (work:1), a loop in bash (work:2), "
    )
    assert "nothing lost" not in fugue("recovery")
    fugue.wait_for("was running: a loop in bash", "work:2")
    fugue.wait_for("in the background: sleep 1000", "work:4")
    assert "was running" not in fugue.history(f"%{idle}")


def test_a_pane_that_shows_nothing_is_where_its_program_went(fugue: Running) -> None:
    """No output tells of the change: only that somebody typed does."""
    project = fugue.directory / "project"
    project.mkdir()
    fugue("new-session", "-d", "-s", "work", "-c", "/", "bash", "--norc")
    panes = [window(fugue, SILENT) for _ in range(2)]
    for pane in panes:
        until("silence", lambda pane=pane: fugue.screen(f"%{pane}").strip() == "")  # type: ignore[misc]  # bound now
    # Two looks tell a loop; by then the two that the panes were due have been taken as well.
    until_known(fugue, {window(fugue, LOOP_LINE): LOOP})
    fugue("send-keys", "-t", f"%{panes[0]}", f"cd {project} && exec sleep 1000", "Enter")
    fugue("send-keys", "-t", f"%{panes[1]}", f"cd {project}", "Enter")
    for pane in panes:
        until("directory", lambda pane=pane: directory(fugue, pane) == bytes(project))  # type: ignore[misc]  # bound now
    until_known(fugue, {panes[0]: Programs(SLEEP)})
    fugue.kill_everything()
    fugue("list-sessions")
    paths = {
        fugue.format("#{pane_current_path}", f"%{pane}"): ended(fugue).get(pane) for pane in panes
    }
    assert paths == {str(project): None}
    assert ended(fugue)[panes[0]] == ["sleep 1000"]


def test_what_goes_on_in_silence_is_seen_when_a_program_ends(fugue: Running) -> None:
    """Nothing is typed and nothing shown when the first program gives way to the second."""
    project, go = fugue.directory / "project", fugue.directory / "go"
    project.mkdir()
    fugue("new-session", "-d", "-s", "work", "-c", "/", "bash", "--norc")
    wait = f"bash -c 'until [ -e {go} ]; do sleep 0.05; done'"
    pane = window(fugue, f"{SILENT}; {wait}; cd {project}; exec sleep 1000")
    until("wait", lambda: b"-c" in programs(fugue, pane).argv)
    go.touch()
    until_known(fugue, {pane: Programs(SLEEP)})
    assert directory(fugue, pane) == bytes(project)


def test_a_checkpoint_looks_first(fugue: Running) -> None:
    """A child of the shell changes nothing that anybody is told of; a checkpoint has it nevertheless."""
    project, go, gone = (fugue.directory / name for name in ("project", "go", "gone"))
    project.mkdir()
    script = fugue.directory / "wanderer"
    script.write_text(
        f"import os, time\nwhile not os.path.exists({str(go)!r}): time.sleep(0.02)\n"
        f"os.chdir({str(project)!r})\nopen({str(gone)!r}, 'w')\ntime.sleep(1000)\n"
    )
    fugue("new-session", "-d", "-s", "work", "-c", "/", "bash", "--norc")
    pane = window(fugue, f"{SILENT}; {sys.executable} {script}")
    until("python", lambda: bytes(script) in programs(fugue, pane).argv)
    go.touch()
    until("change", gone.exists)
    fugue("checkpoint")
    fugue.kill_everything()
    fugue("list-sessions")
    assert fugue.format("#{pane_current_path}", f"%{pane}") == str(project)


def test_a_graceful_stop_tells_of_programs_that_had_only_begun(fugue: Running) -> None:
    fugue("new-session", "-d", "-s", "work", "bash", "--norc")
    started = fugue.directory / "started"
    pane = window(fugue, f"bash -c 'touch {started}; sleep 1000; true'")
    until("start", started.exists)
    server, keeper = fugue.server_pid(), fugue.keeper_pid()
    os.kill(server, signal.SIGTERM)
    wait_dead(server)
    wait_dead(keeper)
    fugue("list-sessions")
    assert ended(fugue)[pane][0].startswith("bash -c 'touch ")


def test_what_a_shutdown_ended_a_moment_before_the_server_is_told_of(fugue: Running) -> None:
    """Everybody gets SIGTERM at once: a shell at its prompt ignores it, its program does not."""
    fugue("new-session", "-d", "-s", "work", "bash", "--norc")
    pane = window(fugue, "sleep 1000")
    until_known(fugue, {pane: Programs(SLEEP)})
    server, keeper = fugue.server_pid(), fugue.keeper_pid()
    (program,) = children(int(fugue.format("#{pane_pid}", f"%{pane}")))
    os.kill(server, signal.SIGSTOP)
    os.kill(program, signal.SIGTERM)
    wait_dead(program)
    os.kill(server, signal.SIGTERM)
    os.kill(server, signal.SIGCONT)
    wait_dead(server)
    wait_dead(keeper)
    fugue("list-sessions")
    assert ended(fugue)[pane] == ["sleep 1000"]


def test_a_first_start_brings_nothing_back_and_says_so(fugue: Running) -> None:
    fugue("new-session", "-d", "-s", "work")
    assert fugue.format("#{recovery_summary}") == "first start: there was nothing to bring back."
