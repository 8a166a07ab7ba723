"""A user at the limit of processes: the server starts and serves without any further thread, and nothing ends because
of that."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.poor import STRANGER, run_poor

IMPORTS = """
import contextlib, io, json, os, resource, signal, socket, subprocess, sys, time
import fuguemux.client.fast, fuguemux.client.start, fuguemux.keeper.__main__
import fuguemux.server.main, fuguemux.server.preflight
import concurrent.futures.thread, asyncio, tomllib, traceback
import encodings.ascii, encodings.latin_1, encodings.idna
"""

SCENE = """
place = PLACE
for name in list(os.environ):
    if name.startswith(("FUGUE", "TMUX", "XDG")):
        del os.environ[name]
os.environ.update(
    HOME=place, XDG_RUNTIME_DIR=place + "/run", XDG_STATE_HOME=place + "/state", XDG_CONFIG_HOME=place,
    SHELL="/bin/sh", FUGUE_TESTING="1", USER="stranger",
)
children = []

def forked(work, *limit):
    pid = os.fork()
    if pid:
        children.append(pid)
        return pid
    code = 99
    try:
        if limit:
            resource.setrlimit(resource.RLIMIT_NPROC, limit * 2)
        null = os.open("/dev/null", os.O_RDWR)
        os.dup2(null, 0)
        code = work()
    finally:
        sys.stdout.flush()
        os._exit(code)

def keeper():
    return fuguemux.keeper.__main__.main(["--socket", place + "/run/fugue/default.keeper", "--foreground"])

def server():
    null = os.open(place + "/server.stderr", os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
    os.dup2(null, 2)
    return fuguemux.server.main.main(["-L", "default"])

def ask(*words, fail=False):
    sys.stdout.flush()
    reading, writing = os.pipe()
    pid = os.fork()
    if not pid:
        code = 98
        try:
            os.dup2(writing, 1)
            os.dup2(writing, 2)
            os.close(reading); os.close(writing)
            code = fuguemux.client.fast.main(argv=["fugue", *words])
        finally:
            os._exit(code)
    os.close(writing)
    with open(reading) as file:
        said = file.read()
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    assert fail or code == 0, (words, code, said, open(place + "/server.stderr").read())
    return said.strip()

def until(condition):
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end, (condition, open(place + "/server.stderr").read())
        time.sleep(0.01)

def listens(path):
    with socket.socket(socket.AF_UNIX) as client:
        return client.connect_ex(path) == 0

def threads(pid):
    return len(os.listdir(f"/proc/{pid}/task"))

os.makedirs(place + "/run/fugue", 0o700)
forked(keeper)
until(lambda: listens(place + "/run/fugue/default.keeper"))
pid = forked(server, 1)
until(lambda: ask("-N", "start-server", fail=True) == "")
try:
    ask("new-session", "-d", "-s", "work", "-x", "80", "-y", "24", "-n", "first", "cat")
    ask("new-window", "-d", "-t", "work:", "-n", "second", "cat")
    ask("set-option", "-g", "@a", "b")
    ask("send-keys", "-t", "work:0", "typed", "Enter")
    until(lambda: "typed\\ntyped" in ask("capture-pane", "-p", "-t", "work:0"))
    print("checkpoint", ask("checkpoint").split()[0])
    print("status", "durability     ok" in ask("status"))
    print("run-shell", ask("run-shell", "echo from the shell", fail=True))
    print("search", ask("search", "typed", fail=True) != "")
    print("restart", ask("restart-server", fail=True))
    print("threads", threads(pid))
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    pid = forked(server, 1)
    until(lambda: "work" in ask("-N", "list-sessions", fail=True))
    print("again", ask("list-windows", "-t", "work", "-F", "#{window_name}").split())
    ask("kill-server")
    print("end", os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
finally:
    for child in children:
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
"""


@pytest.fixture
def place() -> Iterator[Path]:
    """A directory that another user may have: pytest's own are below one that it may not enter."""
    directory = Path(tempfile.mkdtemp(prefix="fugue-poor-"))
    if os.geteuid() == 0:
        os.chown(directory, STRANGER, STRANGER)
    yield directory
    shutil.rmtree(directory, ignore_errors=True)


def test_a_server_without_one_thread_serves_saves_and_ends(place: Path) -> None:
    printed = run_poor(SCENE.replace("PLACE", repr(str(place))), imports=IMPORTS)
    said = dict(line.split(" ", 1) for line in printed.splitlines())
    assert said.pop("run-shell").startswith("failed to run command")
    assert "cannot start another server: the limit of processes" in said.pop("restart")
    assert said == {
        "checkpoint": "checkpoint",
        "status": "True",
        "search": "True",
        "threads": "1",
        "again": "['first', 'second']",
        "end": "0",
    }
