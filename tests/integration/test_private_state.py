"""What is on disk is private, contains only what it should, and is deleted when the user requests that."""

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from fuguemux.server.state.safe_mode import ServerStarts
from tests.support.failpoint_run import reaped
from tests.support.running import Running, until
from tests.support.state_bytes import holders

MAX_ARG_STRLEN = 128 << 10  # execve(2): a longer word is refused
pytestmark = pytest.mark.real

NOBODY = 65534


def show(fugue: Running, text: str, target: str = "work", lines: int = 0) -> None:
    """Have a pane show `text`, which the command line itself does not hold, above `lines` others."""
    half = len(text) // 2
    fugue(
        "send-keys",
        "-t",
        target,
        f"printf '%s%s\\n' {text[:half]} {text[half:]}; seq {lines}",
        "Enter",
    )
    fugue.wait_for(text, target)
    if lines:
        fugue.wait_for(f"\n{lines}\n", target)


def begin(fugue: Running) -> None:
    fugue("new-session", "-d", "-s", "work", "-x", "80", "-y", "24")
    fugue.wait_for("$", "work")


@pytest.mark.parametrize("umask", [0o000, 0o777])
def test_private_from_the_beginning_whatever_the_umask(fugue: Running, umask: int) -> None:
    old = os.umask(umask)
    try:
        begin(fugue)
        fugue("checkpoint")
        fugue("split-window", "-t", "work")
    finally:
        os.umask(old)
    runtime = fugue.runtime / "fugue"
    for path in [fugue.state, *fugue.state.rglob("*"), runtime, *runtime.rglob("*")]:
        try:
            found = path.stat()
        except FileNotFoundError:
            continue  # the server has just removed or renamed it
        wanted = 0o700 if stat.S_ISDIR(found.st_mode) else 0o600
        assert stat.S_IMODE(found.st_mode) == wanted, path
        assert found.st_uid == os.geteuid()


@pytest.mark.parametrize("which", ["state", "socket", "log"])
def test_a_symbolic_link_in_its_place_is_refused(fugue: Running, which: str) -> None:
    target = fugue.directory / "target"
    place = {
        "state": fugue.state,
        "socket": fugue.runtime / "fugue",
        "log": fugue.state / "wal",
    }[which]
    target.mkdir(mode=0o700)
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    place.symlink_to(target)
    done = fugue.run("new-session", "-d")
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert str(place) in done.stderr or "symbolic link" in done.stderr
    assert list(target.iterdir()) == []


def test_a_directory_of_somebody_else_is_refused(fugue: Running) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give a directory away")
    fugue.state.mkdir(mode=0o700, parents=True)
    os.chown(fugue.state, NOBODY, -1)
    done = fugue.run("new-session", "-d")
    assert done.returncode == 1
    assert f"{fugue.state} belongs to user {NOBODY}, not to you" in done.stderr
    assert f"sudo chown -R $(id -u) {fugue.state}" in done.stderr
    assert "remove it" not in done.stderr
    assert list(fugue.state.iterdir()) == []


STRANGER = """
import os, socket, sys
client = socket.socket(socket.AF_UNIX)
directory = os.open(os.path.dirname(sys.argv[1]), os.O_PATH)
os.setgid(int(sys.argv[2])); os.setuid(int(sys.argv[2]))
os.fchdir(directory)
client.connect(os.path.basename(sys.argv[1]))
client.settimeout(30)
data = b""
while part := client.recv(4096):
    data += part
sys.stdout.buffer.write(data)
"""


def test_another_user_at_the_socket_is_turned_away(fugue: Running) -> None:
    """Even when the modes of socket and directory let them through."""
    if os.geteuid() != 0 or not sys.platform.startswith("linux"):
        pytest.skip("only root can become another user")
    begin(fugue)
    path = fugue.runtime / "fugue" / "default"
    path.chmod(0o666)
    path.parent.chmod(0o711)
    done = subprocess.run(
        [sys.executable, "-I", "-c", STRANGER, str(path), str(NOBODY)],
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert b"access not allowed" in done.stdout, done.stderr
    assert fugue("list-sessions", "-F", "#{session_name}") == "work"


def test_withheld_values_are_nowhere_and_named_after_a_recovery(fugue: Running) -> None:
    fugue.environment["DEPLOY_TOKEN"] = "marker-of-the-server"
    begin(fugue)
    fugue("set-environment", "-g", "AWS_THING", "marker-of-the-global")
    fugue("set-environment", "-t", "work", "MY_PASSWORD", "marker-of-the-session")
    fugue("new-window", "-d", "-t", "work", "-e", "X_SECRET_Y=marker-of-the-pane")
    fugue("set-environment", "-t", "work", "PLAIN", "marker-that-is-kept")
    fugue("set-environment", "-t", "work", "PLAIN_URL", "redis://:marker-of-the-url@a.b")
    fugue("set-environment", "-gh", "HIDDEN", "marker-of-the-hidden")
    assert fugue.format("#{HIDDEN}", "work") == "marker-of-the-hidden"
    line = "sh -c cat --token=marker-of-the-command"
    pane = fugue("new-window", "-d", "-P", "-F", "#{pane_id}", "-t", "work", line)
    assert fugue.format("#{pane_start_command}", pane) == f'"{line}"'
    fugue("checkpoint")
    assert holders(fugue.state, b"marker-that-is-kept")
    assert holders(fugue.state, b"marker-of-the") == []
    fugue.kill_everything()
    text = fugue("recovery")
    for name in ("DEPLOY_TOKEN", "AWS_THING", "$0 MY_PASSWORD", "X_SECRET_Y", "$0 PLAIN_URL"):
        assert name in text, text
    assert "HIDDEN" not in text
    assert "sh -c cat --token=•••" in text
    assert fugue.format("#{HIDDEN}#{pane_current_command}", pane) == "bash"
    assert "not stored by configuration" in text
    assert holders(fugue.state, b"marker-of-the") == []


def test_a_password_at_a_prompt_without_echo_is_nowhere(fugue: Running) -> None:
    begin(fugue)
    fugue("send-keys", "-t", "work", "read -s -p 'Password: ' p; echo; echo got ${#p}", "Enter")
    fugue.wait_for("\nPassword:", "work")
    with fugue.attached() as client:
        client.wait_for("Password:")
        client.type(b"typed-marker-1234\r")
        client.wait_for("got 17")
    fugue("checkpoint")
    assert holders(fugue.state, b"got 17"), "what the terminal showed is kept"
    assert holders(fugue.directory, b"typed-marker-1234") == []


def test_nothing_of_a_pane_is_kept_from_persist_off_on(fugue: Running) -> None:
    begin(fugue)
    fugue("split-window", "-t", "work")
    show(fugue, "marker-before", "work:0.0", lines=100)
    fugue("checkpoint")
    assert holders(fugue.state, b"marker-before")
    fugue("set-option", "-p", "-t", "work:0.0", "persist", "off")
    until("end of what was kept", lambda: holders(fugue.state, b"marker-before") == [])
    show(fugue, "marker-after", "work:0.0", lines=3_000)
    fugue("send-keys", "-t", "work:0.0", "printf '\\033]2;marker-%s\\007' title", "Enter")
    show(fugue, "marker-other", "work:0.1")
    fugue("checkpoint")
    assert holders(fugue.state, b"marker-other")
    assert holders(fugue.directory, b"marker-after") == []
    assert holders(fugue.directory, b"marker-title") == []
    assert fugue.history("work:0.0").count("marker-before") == 1, "it is still there to be read"
    status = json.loads(fugue("status", "--json"))["status"]
    assert status["panes_not_kept"] == [0]
    fugue.kill_server()
    assert "marker" not in fugue.history("work:0.0")
    show(fugue, "marker-later", "work:0.0")
    fugue("checkpoint")
    assert holders(fugue.directory, b"marker-later") == []
    fugue("set-option", "-p", "-t", "work:0.0", "persist", "on")
    show(fugue, "marker-again", "work:0.0")
    until("marker", lambda: holders(fugue.state, b"marker-again"))


@pytest.mark.parametrize("command", ["set-option -p -t work persist off", "clear-history -t work"])
def test_content_leaves_the_disk_although_the_server_dies_over_it(
    tmp_path: Path, command: str
) -> None:
    """SIGKILL comes when the checkpoint begins that would take it away: the next server does so."""
    with reaped(tmp_path, "checkpoint.begun") as (fugue, reaper):
        begin(fugue)
        show(fugue, "marker-before", lines=100)
        fugue("checkpoint")
        assert holders(fugue.state, b"marker-before")
        server = fugue.server_pid()
        reaper.arm()
        fugue.run(*command.split())  # perhaps the server dies before it answers
        fugue.run("checkpoint")
        assert reaper.killed.wait(30)
        fugue.wait_for_server(other_than=server)
        until("end of what was kept", lambda: holders(fugue.state, b"marker-before") == [])


def test_a_new_pane_of_a_window_that_is_not_kept(fugue: Running) -> None:
    begin(fugue)
    fugue("set-option", "-w", "-t", "work:0", "persist", "off")
    fugue("split-window", "-t", "work:0")
    show(fugue, "marker-in-new", "work:0.1")
    fugue("checkpoint")
    assert holders(fugue.directory, b"marker-in-new") == []


@pytest.mark.parametrize("everything", [False, True])
def test_purge_takes_content_off_the_disk(fugue: Running, everything: bool) -> None:
    begin(fugue)
    fugue("split-window", "-t", "work")
    show(fugue, "marker-one", "work:0.0", lines=3_000)
    show(fugue, "marker-two", "work:0.1")
    fugue("checkpoint")
    show(fugue, "marker-one-late", "work:0.0")
    for marker in (b"marker-one", b"marker-two"):
        assert holders(fugue.state, marker)
    answer = fugue("purge", *(["--all"] if everything else ["-t", "work:0.0"]))
    count = "2 panes" if everything else "1 pane"
    assert answer == f"purged {count}: screens and history are gone, on disk too"
    assert holders(fugue.directory, b"marker-one") == []
    assert bool(holders(fugue.state, b"marker-two")) is not everything
    assert "marker-one" not in fugue.history("work:0.0")
    show(fugue, "marker-new", "work:0.0")
    fugue.kill_everything()
    assert "marker-new" in fugue.history("work:0.0")


def test_purge_names_what_it_does_not_touch(fugue: Running) -> None:
    begin(fugue)
    show(fugue, "marker-saved")
    quarantine = fugue.state / "quarantine"
    quarantine.mkdir(mode=0o700, exist_ok=True)
    (quarantine / "0000000000000001.wal").write_bytes(b"marker-saved")
    answer = fugue("purge", "--all")
    assert str(quarantine / "0000000000000001.wal") in answer
    assert holders(fugue.state, b"marker-saved") == ["quarantine/0000000000000001.wal"]


def test_purge_of_all_takes_what_safe_mode_has_left(fugue: Running) -> None:
    begin(fugue)
    show(fugue, "marker-before")
    fugue.kill_everything()
    starts = ServerStarts(str(fugue.state))
    starts.failed("made up")
    starts.failed("made up")
    fugue("new-session", "-d", "-s", "beside")
    show(fugue, "marker-beside", "beside")
    fugue("checkpoint")
    (safe,) = fugue.state.glob("safe-2*")
    answer = fugue("purge", "--all")
    assert f"{fugue.state} is not changed in safe mode" in answer
    assert holders(safe, b"marker-beside") == []
    show(fugue, "marker-again", "beside")
    fugue("checkpoint")
    assert holders(safe, b"marker-again")
    fugue("kill-server")
    assert "safe-" not in fugue("purge", "-t", "work")
    assert f"{safe}, which a server in safe mode has left, is removed" in fugue("purge", "--all")
    assert holders(fugue.directory, b"marker-again") == []
    assert not safe.exists()


def test_purge_reaches_both_screens(fugue: Running) -> None:
    begin(fugue)
    show(fugue, "marker-primary")
    fugue(
        "send-keys", "-t", "work", "printf '\\033[?1049h'; echo marker-alter''nate; read x", "Enter"
    )
    fugue.wait_for("marker-alternate", "work")
    fugue("checkpoint")
    fugue("purge", "-t", "work")
    assert holders(fugue.directory, b"marker-") == []


def test_purge_says_how_it_is_used(fugue: Running) -> None:
    begin(fugue)
    assert fugue.refused("purge") == "usage: purge -t target-pane | --all"
    assert fugue.refused("purge", "-t", "nobody") == "can't find pane: nobody"


def test_the_diagnostics_hold_nothing_of_what_panes_show_or_people_type(fugue: Running) -> None:
    """Not even the most talkative ones, through commands that fail, kills and a recovery."""
    fugue.config.write_text('[logging]\nlevel = "debug"\n')
    too_long = f"echo marker-of-a-shell-command; : {'x' * MAX_ARG_STRLEN}"
    bad, long = fugue.directory / "bad.conf", fugue.directory / "long.conf"
    bad.write_text("marker-in-a-file\n")
    long.write_text(f"if-shell -b '{too_long}' ''\n")
    new = ("new-session", "-d", "-s", "work", "-e", "PLAIN=marker-of-the-environment")
    fugue("-f", str(bad), "-f", str(long), *new)
    fugue("set-option", "-g", "display-time", "0")  # messages stay until the next key
    fugue.wait_for("$", "work")
    show(fugue, "marker-shown")
    fugue(
        "new-window", "-d", "-n", "marker-of-a-name", "sh", "-c", "echo marker-of-an-argument; cat"
    )
    fugue("send-keys", "-t", "work:0", "printf '\\033]2;marker-%s\\007' title", "Enter")
    fugue("set-buffer", "marker-of-a-buffer")
    fugue.refused("new-window", "-t", "marker-of-a-target", "marker-of-a-command")
    fugue.refused("marker-of-an-unknown-command")
    with fugue.attached() as client:
        client.wait_for("[work]")
        client.type(b"echo marker-typed\r\x02:marker-at-the-prompt\r")
        client.wait_for("unknown command")
        fugue.kill_server()
        client.wait_for("marker-typed")
    fugue.kill_everything()
    fugue.wait_for("marker-shown", "work:0")
    logs = [path for path in fugue.directory.rglob("*.log*") if path.is_file()]
    assert fugue.state / "server.log" in logs
    said = (fugue.state / "server.log").read_text()
    assert all(event in said for event in ("server.ready", "command_file", "background_command"))
    assert [path for path in logs if b"marker" in path.read_bytes()] == []
