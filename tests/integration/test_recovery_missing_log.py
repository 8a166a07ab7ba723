"""A log that is missing, cut, empty or without its headers: losses are reported, and no report says that nothing was
lost."""

import json
import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from fuguemux.persistence.storage.files import RealStorage
from fuguemux.persistence.wal.mark_copy import SUFFIX
from fuguemux.persistence.wal.reader import scan
from fuguemux.persistence.wal.watermark import WATERMARK, read_watermark
from tests.support.running import Running, kill, until

pytestmark = pytest.mark.real

UNKNOWN = "what is lost is not known"


def without_headers(path: Path) -> None:
    """Zeros in place of both copies, and nothing that knows what they said."""
    zeroed(path)
    (path.parent.parent / WATERMARK).unlink(missing_ok=True)
    for copy in (path.parents[4] / "run").rglob(f"*{SUFFIX}"):
        copy.unlink()


def zeroed(path: Path) -> None:
    """Zeros in place of both copies."""
    with path.open("r+b") as file:
        file.write(bytes(8192))


def zeroed_with_a_record(path: Path) -> None:
    with path.open("r+b") as file:
        file.write(bytes(12288))


def garbage(path: Path) -> None:
    path.write_bytes(b"\xa5" * path.stat().st_size)


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def removed(path: Path) -> None:
    path.unlink()


Damage = Callable[[Path], None]


def damage(fugue: Running, how: Damage) -> None:
    for path in sorted((fugue.state / "wal").glob("*.wal")):
        how(path)


@pytest.fixture(autouse=True)
def _no_checkpoint_in_between(fugue: Running) -> None:
    fugue.environment["FUGUE_PERSISTENCE_CHECKPOINT_INTERVAL_SECS"] = "3600"


def sessions(fugue: Running) -> None:
    fugue("new-session", "-d", "-s", "one", "cat")
    fugue("new-session", "-d", "-s", "two", "cat")


def says_so_everywhere(fugue: Running) -> None:
    found = json.loads(fugue("recovery", "--json"))["recovery"]
    assert (found["complete"], bool(found["missing"])) == (False, True)
    for text in (fugue("recovery"), fugue("recovery", "-v"), fugue.format("#{recovery_summary}")):
        assert UNKNOWN in text
        assert "complete" not in text
        assert "nothing lost" not in text
    assert UNKNOWN in fugue.format("#{recovery_segment}")
    assert UNKNOWN in fugue("doctor")


@pytest.mark.parametrize("how", [without_headers, emptied, removed])
def test_a_log_without_a_checkpoint(fugue: Running, how: Damage) -> None:
    """The first command finds no session; the server stays until somebody was told."""
    sessions(fugue)
    fugue.kill_everything()
    damage(fugue, how)
    done = fugue.run("list-sessions")
    assert UNKNOWN in done.stderr
    server = fugue.server_pid()
    fugue("new-session", "-d", "-s", "new", "cat")
    assert fugue.server_pid() == server
    says_so_everywhere(fugue)
    with fugue.attached("attach-session", columns=200) as client:
        client.wait_for(UNKNOWN)


def two_segments(fugue: Running) -> Path:
    """A state whose last acknowledged change is in a segment of its own: the segment."""
    sessions(fugue)
    fugue.kill_everything()
    fugue("set-option", "-g", "@first", "synced")  # what comes after it is in another block
    fugue("rename-session", "-t", "two", "three")
    fugue("set-option", "-g", "@last", "changed")
    records = scan(RealStorage(), str(fugue.state / "wal")).records()
    (last,) = (record.lsn for record in records if b"@last" in record.payload)
    until("watermark of the last change", lambda: durable_lsn(fugue) >= last)
    fugue.kill_everything()
    found = [path for path in (fugue.state / "wal").glob("*.wal") if b"@last" in path.read_bytes()]
    return found[0]


def durable_lsn(fugue: Running) -> int:
    mark = read_watermark(RealStorage(), str(fugue.state)).mark
    return mark.durable_lsn if mark is not None else 0


@pytest.mark.parametrize("how", [emptied, removed, garbage, zeroed_with_a_record])
def test_the_newest_of_several_segments(fugue: Running, how: Damage) -> None:
    newest = two_segments(fugue)
    durable = durable_lsn(fugue)
    how(newest)
    done = fugue.run("list-sessions", "-F", "#{session_name}")
    assert "one" in done.stdout
    found = json.loads(fugue("recovery", "--json"))["recovery"]
    assert not found["complete"]
    assert found["durable_lsn"] == durable
    assert "complete" not in fugue("recovery")
    if how not in (removed, emptied):
        assert [p for p in (fugue.state / "quarantine").iterdir() if p.name == newest.name]
    if how is zeroed_with_a_record:
        assert "three" in done.stdout, "what stands behind it is read"
        return
    (lost,) = found["lost"]
    assert lost["last_lsn"] == durable
    assert f"LSN {lost['first_lsn']}-{durable}" in fugue("recovery", "-v")
    assert f"LSN {durable} was durable" in fugue("recovery")
    assert UNKNOWN in done.stderr


def test_the_newest_segment_without_headers_is_read_all_the_same(fugue: Running) -> None:
    zeroed(two_segments(fugue))
    assert fugue("list-sessions", "-F", "#{session_name}").split() == ["one", "three"]
    assert fugue("show-options", "-gqv", "@last").strip() == "changed"
    found = json.loads(fugue("recovery", "--json"))["recovery"]
    assert (found["lost"], found["missing"]) == ([], [])
    assert "neither copy verifies" in found["damages"][0]["detail"]


def test_verify_says_what_the_watermark_says(fugue: Running) -> None:
    newest = two_segments(fugue)
    durable = durable_lsn(fugue)
    assert f"watermark: records up to {durable} were durable" in fugue("state", "verify")
    removed(newest)
    done = fugue.run("state", "verify")
    assert done.returncode == 1
    assert f"LSN {durable} was durable" in done.stdout
    assert f" {durable} are lost" in done.stdout or f" {durable} is lost" in done.stdout
    dumped = fugue.run("state", "dump")
    assert (dumped.returncode, "are lost" in dumped.stdout) == (1, True)


def test_verify_of_a_state_without_its_log_says_what_is_missing(fugue: Running) -> None:
    sessions(fugue)
    fugue("checkpoint")
    fugue("rename-session", "-t", "two", "three")
    until("watermark", lambda: durable_lsn(fugue) > 2)
    fugue.kill_everything()
    durable = durable_lsn(fugue)
    shutil.rmtree(fugue.state / "wal")
    done = fugue.run("state", "verify")
    assert (done.returncode, done.stderr) == (1, "")
    assert "missing: the directory wal is gone" in done.stdout
    assert "log: no record that can be read" in done.stdout
    assert f"watermark: records up to {durable} were durable" in done.stdout
    assert f" {durable} are lost" in done.stdout or f" {durable} is lost" in done.stdout
    assert json.loads(fugue.run("state", "verify", "--json").stdout)["exit_code"] == 1
    assert not (fugue.state / "wal").exists()
    empty = fugue.directory / "empty"
    empty.mkdir(0o700)
    nothing = fugue.run("state", "verify", str(empty))
    assert (nothing.returncode, "there is no log" in nothing.stderr) == (2, True)


def test_a_loss_is_told_again_until_somebody_attached(fugue: Running) -> None:
    removed(two_segments(fugue))
    assert "lost earlier" not in fugue.run("list-sessions").stderr
    fugue.kill_everything()
    done = fugue.run("list-sessions")
    assert "lost earlier, and no client has attached since: " in done.stderr
    assert "lost earlier, and no client has attached since: " in fugue("recovery")
    (path, *_older) = sorted((fugue.state / "recoveries").glob("*.json"), reverse=True)
    with fugue.attached("attach-session", columns=200) as client:
        client.wait_for("no client has attached")
        until(
            "report that says so", lambda: json.loads(path.read_bytes().partition(b"\n")[2])["told"]
        )
    fugue.kill_everything()
    assert "told" not in fugue.run("list-sessions").stderr
    assert "lost earlier" not in fugue("recovery")


def spoiled(path: Path) -> None:
    path.write_bytes(b"spoiled" * 1000)


def directory(path: Path) -> None:
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize("how", [spoiled, removed, directory])
def test_a_damaged_watermark_costs_nothing_and_is_told(fugue: Running, how: Damage) -> None:
    two_segments(fugue)
    how(fugue.state / WATERMARK)
    assert fugue("list-sessions", "-F", "#{session_name}").split() == ["one", "three"]
    found = json.loads(fugue("recovery", "--json"))["recovery"]
    assert found["complete"]
    assert any(WATERMARK in note for note in found["notes"])
    assert '"durability":"ok"' in fugue("status", "--json").replace(" ", "")
    assert durable_lsn(fugue) > 0
    if how is not removed:
        assert list((fugue.state / "quarantine").glob(f"*-{WATERMARK}"))


@pytest.mark.parametrize("how", [without_headers, emptied])
def test_a_log_under_programs_that_run_on(fugue: Running, how: Damage) -> None:
    sessions(fugue)
    pids = sorted(fugue.pane_pids())
    server, keeper = fugue.server_pid(), fugue.keeper_pid()
    os.kill(keeper, signal.SIGSTOP)  # so that it starts no other server in between
    kill(server)
    damage(fugue, how)
    os.kill(keeper, signal.SIGCONT)
    fugue.wait_for_server(other_than=server)
    assert set(fugue("list-panes", "-a", "-F", "#{session_name}").split()) == {"rescued"}
    assert sorted(fugue.pane_pids()) == pids
    says_so_everywhere(fugue)


@pytest.mark.parametrize("how", [without_headers, emptied, removed])
def test_a_log_behind_a_checkpoint(fugue: Running, how: Damage) -> None:
    sessions(fugue)
    fugue("checkpoint")
    fugue("rename-session", "-t", "two", "three")
    fugue.kill_everything()
    damage(fugue, how)
    assert fugue("list-sessions", "-F", "#{session_name}").split() == ["one", "two"]
    says_so_everywhere(fugue)


def test_an_empty_file_that_a_new_segment_left_is_no_alarm(fugue: Running) -> None:
    sessions(fugue)
    fugue.kill_everything()
    emptied(fugue.state / "wal" / f"{0xFFFF0000:016x}.wal")
    assert fugue("list-sessions", "-F", "#{session_name}").split() == ["one", "two"]
    assert json.loads(fugue("recovery", "--json"))["recovery"]["complete"]


def test_a_first_start_is_no_alarm(fugue: Running) -> None:
    done = fugue.run("list-sessions")
    assert UNKNOWN not in done.stderr
    sessions(fugue)
    assert "first start" in fugue("recovery")
