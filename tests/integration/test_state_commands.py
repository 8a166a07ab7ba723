"""`fugue state` on the state directories of real servers: clean, after a crash, damaged, and missing."""

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from fuguemux.keeper.machine_boot import machine_boot
from fuguemux.persistence.recovery.helper_files import BOOT_FILE
from fuguemux.persistence.recovery.state_directories import ALWAYS
from fuguemux.persistence.storage.files import RealStorage
from fuguemux.persistence.storage.small_file import write_small
from tests.support.running import kill
from tests.support.terminal_client import CLIENT, client_environment
from tests.unit.persistence.recovery.test_recovery_log_end import rotten_behind_the_last_sync

pytestmark = pytest.mark.real


class Home:
    def __init__(self, directory: Path) -> None:
        self.state = directory / "state" / "fugue" / "default"
        (directory / "run").mkdir(mode=0o700)
        self.environment = client_environment(
            XDG_RUNTIME_DIR=str(directory / "run"),
            XDG_STATE_HOME=str(directory / "state"),
            XDG_CONFIG_HOME=str(directory / "config"),
            SHELL="/bin/sh",
        )

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*CLIENT, *words],
            capture_output=True,
            text=True,
            env=self.environment,
            timeout=60,
            check=False,
        )

    def crash(self) -> None:
        """A session is made; then server and keeper are killed, the keeper stopped before, so that nobody restarts anything."""
        assert self.run("new-session", "-d", "-s", "work", "sleep 600").returncode == 0
        for name in ("one", "two"):  # later records testify that the first was durable
            assert self.run("set-environment", "-t", "work", name, "value").returncode == 0
        server, shell = self.run(
            "display-message", "-p", "-t", "work", "#{pid} #{pane_pid}"
        ).stdout.split()
        found = subprocess.run(
            ["ps", "-o", "ppid=", "-p", server], capture_output=True, text=True, check=True
        )
        os.kill(int(found.stdout), signal.SIGSTOP)
        kill(int(server), int(found.stdout), int(shell))

    def contents(self) -> dict[str, bytes]:
        return {str(path): path.read_bytes() for path in self.state.rglob("*") if path.is_file()}


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    made = Home(tmp_path)
    yield made
    made.run("-N", "kill-server")


def test_what_a_crash_left_is_whole_and_untouched(home: Home, tmp_path: Path) -> None:
    home.crash()
    before = home.contents()
    done = home.run("state", "verify")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-2:] == [
        "a server would say: 1 pane is stored. Output and changes: complete.",
        "clean",
    ]
    found = json.loads(home.run("state", "verify", "--json").stdout)
    assert (found["v"], found["exit_code"], found["log"]["lost"]) == (1, 0, [])
    assert found["log"]["records_by_class"]["structure"] >= 1
    dumped = [json.loads(line) for line in home.run("state", "dump", "--json").stdout.splitlines()]
    assert [record["lsn"] for record in dumped] == sorted(record["lsn"] for record in dumped)
    assert any(b"work" in bytes.fromhex(record["data"]) for record in dumped)
    assert "work" in home.run("state", "dump").stdout
    done = home.run("state", "salvage", "--output", str(tmp_path / "saved"))
    assert done.returncode == 0
    assert b"work" in (tmp_path / "saved" / "structure.log").read_bytes()
    assert home.contents() == before


@pytest.mark.parametrize("name", ALWAYS)
def test_a_linked_directory_is_refused_as_a_start_refuses_it(home: Home, name: str) -> None:
    home.crash()
    (home.state / name).mkdir(0o700, exist_ok=True)
    (home.state / name).rename(home.state / "elsewhere")
    (home.state / name).symlink_to("elsewhere")
    before = home.contents()
    verified = home.run("state", "verify")
    assert verified.returncode == 2
    assert verified.stdout == ""
    assert f"{home.state / name}: a symbolic link, which is not followed" in verified.stderr
    assert home.contents() == before
    started = home.run("list-sessions")
    assert started.returncode == 1
    assert started.stderr.removeprefix("fugue: ") in verified.stderr


def test_damage_has_exit_code_1_and_is_named(home: Home) -> None:
    home.crash()
    segment = next(
        path for path in sorted((home.state / "wal").iterdir()) if b"work" in path.read_bytes()
    )
    data = bytearray(segment.read_bytes())
    data[data.index(b"work")] ^= 0x20
    segment.write_bytes(data)
    done = home.run("state", "verify")
    assert done.returncode == 1
    assert "lost: record" in done.stdout
    assert done.stdout.endswith("damage found\n")
    assert json.loads(home.run("state", "verify", "--json").stdout)["exit_code"] == 1


def test_whole_records_behind_what_is_not_whole_are_no_torn_write_while_the_machine_is_up(
    home: Home, tmp_path: Path
) -> None:
    directory = str(tmp_path / "rotten")
    durable = rotten_behind_the_last_sync(directory).durable
    done = home.run("state", "verify", directory)
    assert done.returncode == 0
    assert "was never acknowledged" in done.stdout
    write_small(RealStorage(), directory, BOOT_FILE, machine_boot().encode())
    done = home.run("state", "verify", directory)
    assert done.returncode == 1
    assert f"missing: the log is damaged behind LSN {durable}" in done.stdout
    assert "was never acknowledged" not in done.stdout
    assert done.stdout.endswith("damage found\n")


@pytest.mark.parametrize("verb", [["verify"], ["dump"], ["salvage", "--output", "saved"]])
def test_what_cannot_be_read_has_exit_code_2(home: Home, verb: list[str]) -> None:
    done = home.run("state", *verb)
    assert done.returncode == 2
    assert done.stderr == f"fugue state: there is no state directory {home.state}\n"
