"""A new server that fails after the preflight: the old process, with the old code, serves again.

Complaint: "upgrade kills everything". Every kind of failure is tried: an error, a death, silence, missing panes, and
broken code on disk while the old code is in memory.
"""

import json
import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

import fuguemux
from fuguemux import __version__
from tests.support.failpoint_listener import FailpointListener
from tests.support.running import PROGRAM, Running, alive, kill, until

LINES = 10_000
STOPPED_SECONDS = 5
"""How long a server that was stopped is waited for. The one after it has to serve within that, on any machine."""
NUMBERS = f"i=0; while [ $i -lt {LINES} ]; do i=$((i+1)); echo n$i; done; echo all"


class Restart:
    """`fugue restart-server`, while it waits for what comes of it."""

    def __init__(self, fugue: Running, program: str = PROGRAM) -> None:
        self._process = subprocess.Popen(
            [program, "restart-server"],
            env=fugue.environment,
            cwd=fugue.directory,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def result(self) -> tuple[int, str]:
        out, error = self._process.communicate(timeout=60)
        return self._process.returncode, (out + error).strip()


def begin(fugue: Running) -> list[int]:
    fugue("new-session", "-d", "-s", "work", "-x", "80", "-y", "23")
    fugue("set-option", "-g", "history-limit", str(2 * LINES))
    fugue("new-window", "-d", "-t", "work:", "-n", "numbers")
    fugue.wait_for("$", "work:numbers")
    return fugue.pane_pids()


def status_version(fugue: Running) -> str:
    return str(json.loads(fugue("status", "--json"))["status"]["version"])


def assert_all_there(fugue: Running, pids: list[int]) -> None:
    assert fugue.pane_pids() == pids
    fugue.wait_for("\nall\n", "work:numbers")
    numbers = [line for line in fugue.history("work:numbers").splitlines() if line[:1] == "n"]
    assert numbers == [f"n{number}" for number in range(1, LINES + 1)]


@pytest.mark.real
@pytest.mark.parametrize(
    ("point", "words", "reason"),
    [
        ("recovery.read", "raise:EIO", "Input/output error"),
        ("recovery.log_begun", "kill", "it ended (signal 9)"),
        ("keeper.connected", "stop", f"it did not serve within {STOPPED_SECONDS} s"),
        ("recovery.zone_emptied", "raise:ENOSPC", "No space left on device"),
        ("recovery.restored", "kill", "it ended (signal 9)"),
    ],
)
def test_a_new_server_that_fails_gives_the_place_back(
    tmp_path: Path, point: str, words: str, reason: str
) -> None:
    with FailpointListener(str(tmp_path / "points")) as points:
        budget = STOPPED_SECONDS if words == "stop" else 60
        environment = points.environment(f"{point}=pause")
        fugue = Running(tmp_path, FUGUE_HANDOVER_SECONDS=str(budget), **environment)
        try:
            first = subprocess.Popen([PROGRAM, "start-server"], env=fugue.environment)
            points.answer(point)
            first.wait()
            pids = begin(fugue)
            server, keeper = fugue.server_pid(), fugue.keeper_pid()
            with fugue.attached("attach-session", "-t", "work:0", columns=200) as client:
                client.wait_for("[work]")
                fugue("send-keys", "-t", "work:numbers", NUMBERS, "Enter")
                fugue.wait_for("n100", "work:numbers")
                restart = Restart(fugue)
                points.answer(point, words, 30)
                refused = points.wait(point, 2)
                points.answer(point, "go", 30)
                code, said = restart.result()
                assert code == 1
                assert said.startswith("restart-server: the new server was refused: ")
                assert reason in said
                assert said.endswith(f"fugue {__version__} (process {server}) keeps serving")
                assert fugue.server_pid() == server
                assert fugue.keeper_pid() == keeper
                assert refused != server
                assert not alive(refused)
                client.wait_for("the new server was refused")
                assert_all_there(fugue, pids)
                client.type(b"echo again-$((40+2))\r")
                client.wait_for("again-42")
                assert client.process.poll() is None
            assert "the new server was refused" in fugue("recovery")
            restart = Restart(fugue)  # and the next attempt, with nothing wrong, succeeds
            points.answer(point, "go", 30)
            code, said = restart.result()
            assert (code, fugue.server_pid() != server) == (0, True)
            assert said == (
                f"fugue {__version__} serves as process {fugue.server_pid()} and takes over 2 panes"
            )
            assert_all_there(fugue, pids)
            until("end of the old server", lambda: not alive(server))
        finally:
            fugue.end()


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """A copy of the package that a test may break, in an environment of its own; the program `fugue` there."""
    home = tmp_path / "env"
    venv.create(home, with_pip=False, symlinks=True)
    shutil.copytree(Path(fuguemux.__file__).parent, tmp_path / "src" / "fuguemux")
    packages = next(home.glob("lib/python3*/site-packages"))
    others = sysconfig.get_path("purelib")
    (packages / "installed.pth").write_text(f"{tmp_path / 'src'}\n{others}\n")
    program = home / "bin" / "fugue"
    text = f"#!{home / 'bin' / Path(sys.executable).name}\nimport sys\nfrom fuguemux.__main__ import main\nsys.exit(main())\n"
    program.write_text(text)
    program.chmod(0o700)
    return program


@pytest.mark.real
def test_old_code_in_memory_serves_on_when_the_new_code_on_the_disk_is_broken(
    fugue: Running, installed: Path
) -> None:
    def run(*argv: str) -> str:
        done = subprocess.run(
            [str(installed), *argv],
            env=fugue.environment,
            cwd=fugue.directory,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    run("new-session", "-d", "-s", "work")
    pids, server = fugue.pane_pids(), fugue.server_pid()
    package = fugue.directory / "src" / "fuguemux"
    version = package / "__init__.py"
    version.write_text(version.read_text().replace(f'"{__version__}"', '"9.9.9"'))
    start = package / "server" / "start.py"
    good = start.read_text()
    fails = "        raise RuntimeError('the new code does not like it here')\n"
    assert "        parts.keepers.restored()\n" in good
    start.write_text(good.replace("        parts.keepers.restored()\n", fails))
    code, said = Restart(fugue, str(installed)).result()
    assert code == 1
    assert "RuntimeError: the new code does not like it here" in said
    assert f"fugue {__version__} (process {server}) keeps serving" in said
    assert (fugue.server_pid(), fugue.pane_pids()) == (server, pids)
    assert status_version(fugue) == __version__
    start.write_text(good)
    code, said = Restart(fugue, str(installed)).result()
    assert (code, "fugue 9.9.9 serves" in said) == (0, True), said
    assert status_version(fugue) == "9.9.9"
    assert fugue.pane_pids() == pids


@pytest.mark.real
def test_a_new_server_without_all_panes_is_refused(fugue: Running, installed: Path) -> None:
    subprocess.run([str(installed), "new-session", "-d"], env=fugue.environment, check=True)
    pids, server = fugue.pane_pids(), fugue.server_pid()
    processes = fugue.directory / "src/fuguemux/server/processes/processes.py"
    good = processes.read_text()
    assert "return list(self._by_key)" in good
    processes.write_text(good.replace("return list(self._by_key)", "return []"))
    code, said = Restart(fugue, str(installed)).result()
    assert code == 1
    assert "it serves without 1 of 1 panes" in said
    assert (fugue.server_pid(), fugue.pane_pids()) == (server, pids)


@pytest.mark.real
def test_the_keeper_dies_while_the_old_server_stands_by(tmp_path: Path) -> None:
    point = "recovery.restored"
    with FailpointListener(str(tmp_path / "points")) as points:
        fugue = Running(tmp_path, **points.environment(f"{point}=pause"))
        try:
            first = subprocess.Popen([PROGRAM, "start-server"], env=fugue.environment)
            points.answer(point)
            first.wait()
            pids = begin(fugue)
            server, keeper = fugue.server_pid(), fugue.keeper_pid()
            fugue("send-keys", "-t", "work:numbers", NUMBERS, "Enter")
            fugue.wait_for("n100", "work:numbers")
            restart = Restart(fugue)
            new = points.wait(point, 2, 30)
            kill(keeper)
            until("end of the new server", lambda: not alive(new))
            points.answer(point, "go", 30)  # to the dead one
            points.answer(point, "go", 30)
            code, said = restart.result()
            assert code == 1
            assert "the keeper ended meanwhile" in said
            assert fugue.server_pid() == server
            assert_all_there(fugue, pids)
            kill(server)  # the next keeper does its work, too
            points.answer(point, "go", 30)
            assert fugue.wait_for_server() != server
            assert_all_there(fugue, pids)
        finally:
            fugue.end()
