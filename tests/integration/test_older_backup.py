"""An older copy of the whole state directory is put back while no server runs: what it lacks is reported, without
false alarms."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from fuguemux.persistence.storage.files import RealStorage
from fuguemux.persistence.wal.mark_copy import SUFFIX
from fuguemux.persistence.wal.watermark import read_watermark
from tests.support.running import Running, until

pytestmark = pytest.mark.real

UNKNOWN = "what is lost is not known"
COPY_SAYS = "the copy of the watermark in the runtime directory says so"
PUT_BACK = "was an older copy of the state directory put back?"


@pytest.fixture(autouse=True)
def _no_checkpoint_in_between(fugue: Running) -> None:
    fugue.environment["FUGUE_PERSISTENCE_CHECKPOINT_INTERVAL_SECS"] = "3600"


def durable_lsn(fugue: Running) -> int:
    mark = read_watermark(RealStorage(), str(fugue.state)).mark
    return mark.durable_lsn if mark is not None else 0


def copies(fugue: Running) -> list[Path]:
    return list((fugue.runtime / "fugue").glob(f"*{SUFFIX}"))


def change(fugue: Running, name: str) -> None:
    """Something acknowledged, of which watermark and copy know."""
    before = durable_lsn(fugue)
    fugue("new-session", "-d", "-s", name, "cat")
    until("watermark", lambda: durable_lsn(fugue) > before)
    until("copy of it", lambda: len(copies(fugue)) > 0)


def sessions(fugue: Running) -> list[str]:
    return fugue("list-sessions", "-F", "#{session_name}").split()


def report(fugue: Running) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(fugue("recovery", "--json"))["recovery"]
    return found


def put_back(fugue: Running, backup: Path) -> None:
    shutil.rmtree(fugue.state)
    shutil.copytree(backup, fugue.state)


@pytest.fixture
def backup(fugue: Running, tmp_path: Path) -> Path:
    """A copy of a stopped state with one session."""
    change(fugue, "old")
    fugue("checkpoint")
    fugue.kill_everything()
    shutil.copytree(fugue.state, tmp_path / "backup")
    return tmp_path / "backup"


@pytest.mark.parametrize("clean", [False, True])
def test_what_an_older_copy_lacks_is_told_once(
    fugue: Running, backup: Path, *, clean: bool
) -> None:
    change(fugue, "new")
    if clean:
        fugue("kill-server")
        until("end of the server", lambda: fugue.run("-N", "list-sessions").returncode != 0)
    else:
        fugue.kill_everything()
    durable = durable_lsn(fugue)
    assert fugue.run("state", "verify").returncode == 0
    put_back(fugue, backup)
    for argument in ([], [str(fugue.state)]):
        verified = fugue.run("state", "verify", *argument)
        assert verified.returncode == 1
        assert f"LSN {durable} was durable: {COPY_SAYS}" in verified.stdout
        assert f" {durable} are lost" in verified.stdout or f" {durable} is lost" in verified.stdout
        assert "(according to its copy in the runtime directory)" in verified.stdout
    done = fugue.run("list-sessions", "-F", "#{session_name}")
    assert "old" in done.stdout
    assert UNKNOWN in done.stderr
    told = fugue("recovery", "-v")
    assert f"LSN {durable} was durable" in told
    assert PUT_BACK in told
    (lost,) = report(fugue)["lost"]
    assert lost["last_lsn"] == durable
    change(fugue, "later")
    assert durable_lsn(fugue) > durable, "no number is given again"
    with fugue.attached("attach-session", columns=200) as client:
        client.wait_for(UNKNOWN)
    fugue("checkpoint")
    fugue.kill_everything()
    assert fugue.run("state", "verify").returncode == 0
    assert sessions(fugue) == ["later", "old"]
    assert report(fugue)["complete"]


def test_a_runtime_directory_that_was_wiped_says_nothing(fugue: Running, backup: Path) -> None:
    change(fugue, "new")
    fugue.kill_everything()
    for copy in copies(fugue):
        copy.unlink()
    put_back(fugue, backup)
    assert sessions(fugue) == ["old"]
    assert report(fugue)["complete"]


def test_garbage_in_the_copy_says_nothing_and_makes_way(fugue: Running, backup: Path) -> None:
    del backup
    (copy,) = copies(fugue)
    copy.write_bytes(b"\xa5" * 9000)
    assert sessions(fugue) == ["old"]
    assert report(fugue)["complete"]
    change(fugue, "new")
    until(
        "mark",
        lambda: read_watermark(RealStorage(), str(copy.parent), copy.name).mark is not None,
    )


def test_a_state_begun_anew_under_the_same_name_is_no_loss(fugue: Running, backup: Path) -> None:
    """The directory was removed on purpose; and then there is another one, and the first comes back."""
    del backup
    shutil.copytree(fugue.state, fugue.directory / "kept")
    shutil.rmtree(fugue.state)
    change(fugue, "other")
    assert report(fugue)["cause"] == "first start"
    fugue.kill_everything()
    assert sessions(fugue) == ["other"]
    assert report(fugue)["complete"]


def test_an_older_copy_in_another_place_is_another_state(fugue: Running, backup: Path) -> None:
    change(fugue, "new")
    fugue.kill_everything()
    home = fugue.directory / "elsewhere"
    (home / "fugue").mkdir(mode=0o700, parents=True)
    shutil.copytree(backup, home / "fugue" / "default")
    other = {"XDG_STATE_HOME": str(home)}
    assert fugue("list-sessions", "-F", "#{session_name}", **other) == "old"
    assert json.loads(fugue("recovery", "--json", **other))["recovery"]["complete"]
    fugue.kill_everything()
    assert fugue.run("state", "verify", **other).returncode == 0
    assert fugue.run("state", "verify", str(backup)).returncode == 0
    assert sessions(fugue) == ["new", "old"]
    assert report(fugue)["complete"]


def test_going_back_in_time_is_no_loss(fugue: Running) -> None:
    change(fugue, "old")
    fugue("checkpoint", "-s", "past")
    change(fugue, "new")
    fugue.kill_everything()
    fugue("state", "restore", "--at", "past")
    assert fugue.run("state", "verify").returncode == 0
    assert sessions(fugue) == ["old"]
    assert report(fugue)["complete"]
    assert PUT_BACK not in fugue("recovery")
    change(fugue, "next")
    fugue.kill_everything()
    assert sessions(fugue) == ["next", "old"]
    assert report(fugue)["complete"]


def test_purging_is_no_loss(fugue: Running) -> None:
    change(fugue, "old")
    fugue("purge", "-t", "old")
    fugue("checkpoint")
    fugue.kill_everything()
    assert sessions(fugue) == ["old"]
    assert report(fugue)["complete"]


def test_a_state_made_anew_under_the_server_is_no_loss(fugue: Running) -> None:
    change(fugue, "old")
    fugue.state.rename(fugue.directory / "away")
    fugue("state", "here")
    change(fugue, "new")
    fugue.kill_everything()
    assert sessions(fugue) == ["new", "old"]
    assert report(fugue)["complete"]
