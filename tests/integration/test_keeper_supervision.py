"""How the keeper starts, restarts and ends its server, and how each of the two survives the other."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from fuguemux.keeper.protocol import EXIT_CANNOT_START, EXIT_GRACEFUL
from fuguemux.keeper.restart import CRASHES_MAX
from tests.integration.keeper_harness import KeeperHarness, alive, eventually

pytestmark = pytest.mark.real

FAKE_SERVER = Path(__file__).with_name("keeper_fake_server.py")


class Supervised(KeeperHarness):
    """A keeper with a fake server."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        self.behaviour = directory / "behaviour"
        self._journal = directory / "journal"
        self.behaviour.write_text("serve")
        self.server_argv = (
            sys.executable,
            str(FAKE_SERVER),
            self.path,
            str(self._journal),
            str(self.behaviour),
        )

    def launch(self) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.argv(self.server_argv),
            capture_output=True,
            text=True,
            check=False,
            timeout=90,
        )

    def starts(self) -> list[dict[str, int]]:
        """What every server so far was handed."""
        if not self._journal.exists():
            return []
        return [json.loads(line) for line in self._journal.read_text().splitlines()]

    def end(self) -> None:
        """End keepers and servers, and those that they start meanwhile: nobody writes to the directory any more.

        The panes are hung up by that.
        """
        eventually(lambda: not self._kill_leftovers(), "the end of everything")

    def _kill_leftovers(self) -> bool:
        """Kill every process that names this directory; whether there was any."""
        found = False
        for entry in Path("/proc").iterdir():
            with suppress(OSError):
                if (
                    entry.name.isdigit()
                    and os.fsencode(self.directory) in (entry / "cmdline").read_bytes()
                ):
                    os.kill(int(entry.name), signal.SIGKILL)
                    found = True
        return found


@pytest.fixture
def keeper() -> Iterator[Supervised]:
    directory = Path(tempfile.mkdtemp(prefix="fugue-"))  # socket paths are short
    harness = Supervised(directory)
    yield harness
    harness.end()
    shutil.rmtree(directory)


def test_the_launcher_returns_when_the_server_serves(keeper: Supervised) -> None:
    result = keeper.launch()
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
    (facts,) = keeper.starts()
    assert keeper.status()["server_state"] == "serving"
    assert keeper.status()["server_pid"] == facts["server"]


def test_the_keeper_is_a_daemon_that_kept_nothing_of_its_launcher(keeper: Supervised) -> None:
    reading, writing = os.pipe()
    os.set_inheritable(writing, True)
    subprocess.run(keeper.argv(keeper.server_argv), check=True, close_fds=False, timeout=90)
    os.close(writing)
    assert os.read(reading, 1) == b"", "nobody else has the other end"
    os.close(reading)
    (facts,) = keeper.starts()
    pid = facts["keeper"]
    assert os.readlink(f"/proc/{pid}/cwd") == "/"
    assert os.getsid(pid) not in (pid, os.getsid(0)), "leads no session, so it can get no terminal"
    assert [os.readlink(f"/proc/{pid}/fd/{number}") for number in (0, 1, 2)] == [
        "/dev/null",
        *[str(keeper.log)] * 2,
    ]
    assert os.stat(keeper.path).st_mode & 0o777 == 0o600
    assert os.stat(keeper.log).st_mode & 0o777 == 0o600


def test_a_killed_server_is_followed_by_one_with_the_same_panes(keeper: Supervised) -> None:
    assert keeper.launch().returncode == 0
    for number in range(
        1, CRASHES_MAX + 3
    ):  # being killed is not crashing: more often than a crash loop takes
        os.kill(keeper.starts()[-1]["server"], signal.SIGKILL)
        eventually(lambda number=number: len(keeper.starts()) > number)  # type: ignore[misc]  # mypy does not infer a default argument
    starts = keeper.starts()
    assert len({facts["server"] for facts in starts}) == len(starts)
    assert len({facts["keeper"] for facts in starts}) == 1
    assert len({facts["pane"] for facts in starts}) == 1
    assert [facts["held"] for facts in starts] == [0] + [1] * (len(starts) - 1)


def test_a_server_that_cannot_start_is_not_tried_again_and_says_why(keeper: Supervised) -> None:
    keeper.behaviour.write_text(f"fail {EXIT_CANNOT_START}")
    result = keeper.launch()
    assert (result.returncode, result.stderr) == (1, "something broke\n")
    eventually(lambda: not os.path.exists(keeper.path), "a keeper without panes does not stay")
    assert keeper.log.read_text().count("server started") == 1
    keeper.behaviour.write_text("serve")
    assert keeper.launch().returncode == 0


def test_a_crash_loop_ends_and_says_so(keeper: Supervised) -> None:
    keeper.behaviour.write_text("fail 1")
    result = keeper.launch()
    assert result.returncode == 1
    assert (
        result.stderr
        == f"the server crashed {CRASHES_MAX} times in 30 s (code 1): something broke\n"
    )
    assert keeper.log.read_text().count("server started") == CRASHES_MAX


def test_panes_outlive_a_crash_loop_until_somebody_asks_for_a_server(keeper: Supervised) -> None:
    assert keeper.launch().returncode == 0
    keeper.behaviour.write_text("fail 1")
    (facts,) = keeper.starts()
    os.kill(facts["server"], signal.SIGKILL)
    eventually(lambda: keeper.status()["server_state"] == "gave-up")
    assert "crashed" in str(keeper.status()["reason"])
    assert alive(facts["pane"])
    assert keeper.log.read_text().count("server started") == 1 + CRASHES_MAX
    assert keeper.launch().stderr.startswith("the server crashed")
    assert keeper.log.read_text().count("server started") == 1 + 2 * CRASHES_MAX, (
        "old crashes are forgiven"
    )
    keeper.behaviour.write_text("serve")
    assert keeper.launch().returncode == 0
    assert keeper.starts()[-1]["pane"] == facts["pane"]
    assert keeper.status()["server_state"] == "serving"


@pytest.mark.parametrize("code", [0, EXIT_GRACEFUL])
def test_a_server_that_ends_on_purpose_takes_keeper_and_panes_along(
    keeper: Supervised, code: int
) -> None:
    keeper.behaviour.write_text(f"exit {code}")
    assert keeper.launch().returncode == 0
    eventually(lambda: keeper.starts())
    (facts,) = keeper.starts()
    eventually(lambda: not alive(facts["keeper"]))
    eventually(lambda: not alive(facts["pane"]))
    assert not os.path.exists(keeper.path)
    assert f"keeper ends with code {code}" in keeper.log.read_text()


def test_a_keeper_in_the_foreground_passes_termination_on_to_the_server(
    keeper: Supervised,
) -> None:
    argv = list(keeper.argv(keeper.server_argv))
    argv.insert(argv.index("--wait"), "--foreground")
    with subprocess.Popen(argv, stderr=subprocess.PIPE, text=True) as process:
        eventually(keeper.starts)
        (facts,) = keeper.starts()
        process.terminate()
        _, words = process.communicate(timeout=60)
    assert process.returncode == EXIT_GRACEFUL
    assert f"server process {facts['server']} ended: code {EXIT_GRACEFUL}" in words
    eventually(lambda: not alive(facts["pane"]))


def test_a_keeper_that_is_asked_to_end_goes_on_as_long_as_programs_run(keeper: Supervised) -> None:
    """Without a server it is all that programs have; with the last of them it ends."""
    assert keeper.launch().returncode == 0
    (facts,) = keeper.starts()
    keeper.behaviour.write_text(f"exit {EXIT_CANNOT_START}")
    os.kill(facts["server"], signal.SIGKILL)
    eventually(lambda: keeper.status()["server_state"] == "gave-up")
    os.kill(facts["keeper"], signal.SIGTERM)
    eventually(lambda: "programs run here" in keeper.log.read_text())
    assert keeper.status()["running"] == 1
    os.kill(facts["pane"], signal.SIGKILL)
    eventually(lambda: not alive(facts["keeper"]))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_server_that_dies_of_the_same_signal_takes_all_along(
    keeper: Supervised, number: int
) -> None:
    """At a shutdown everybody is asked, a server in the midst of its start as well."""
    assert keeper.launch().returncode == 0
    (facts,) = keeper.starts()
    os.kill(facts["keeper"], number)
    eventually(lambda: "asked to end" in keeper.log.read_text())
    os.kill(facts["server"], signal.SIGHUP)
    eventually(lambda: not alive(facts["keeper"]))
    eventually(lambda: not alive(facts["pane"]))


def test_many_launchers_at_once_make_one_keeper_and_one_server(keeper: Supervised) -> None:
    argv = keeper.argv(keeper.server_argv)
    launchers = [subprocess.Popen(argv, stderr=subprocess.PIPE) for _ in range(6)]
    assert [launcher.communicate(timeout=90)[1] for launcher in launchers] == [b""] * 6
    assert [launcher.returncode for launcher in launchers] == [0] * 6
    assert len(keeper.starts()) == 1


def test_a_launcher_that_waits_in_vain_says_so(keeper: Supervised) -> None:
    argv = keeper.argv(["/bin/sleep", "1000"], wait_seconds=1)
    result = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=30)
    assert (result.returncode, result.stderr) == (
        1,
        "the server does not serve within 1 s; it may yet\n",
    )
    server = keeper.status()["server_pid"]
    keeper.note_pid()
    keeper.end()
    assert isinstance(server, int)
    os.kill(server, signal.SIGKILL)


def test_a_server_survives_its_keeper_and_the_next_keeper_restarts_the_server(
    keeper: Supervised,
) -> None:
    assert keeper.launch().returncode == 0
    (first,) = keeper.starts()
    os.kill(first["keeper"], signal.SIGKILL)
    eventually(lambda: len(keeper.starts()) == 2)
    second = keeper.starts()[1]
    assert second["server"] == first["server"]
    assert second["keeper"] != first["keeper"]
    assert alive(first["pane"])
    os.kill(second["server"], signal.SIGKILL)
    eventually(lambda: len(keeper.starts()) == 3)
    third = keeper.starts()[2]
    assert third["server"] != first["server"]
    assert (third["keeper"], third["pane"], third["held"]) == (second["keeper"], first["pane"], 1)
    assert alive(first["pane"])


def test_unusable_paths_are_named(keeper: Supervised) -> None:
    keeper.path = str(keeper.directory / ("x" * 120))
    assert "may have 107 bytes at most" in keeper.launch().stderr
    keeper.path = "/no/such/directory/keeper"
    assert (
        keeper.launch().stderr
        == "cannot listen on /no/such/directory/keeper: No such file or directory\n"
    )


def test_a_bad_command_line_is_refused(keeper: Supervised) -> None:
    program = keeper.argv()[:4]
    for arguments, message in (
        ((), "--socket is missing"),
        (("--socket",), "--socket needs a value"),
        (("--socket", "x", "--what"), "unknown option --what"),
        (("--socket", "x", "--wait", "soon"), "not a number of seconds"),
    ):
        result = subprocess.run(
            [*program, *arguments], capture_output=True, text=True, check=False, timeout=30
        )
        assert result.returncode == 2
        assert message in result.stderr
        assert "usage: keeper" in result.stderr
