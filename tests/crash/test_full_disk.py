"""A full file system under the real server: a separate ext4, with a file that takes all free space.

The server stops logging output and reports it. Changes of structure are still logged, checkpoints use the space that
is reserved for them, and when there is room again everything resumes by itself.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.faults import fill, require, small_disk
from tests.support.running import Running, until

pytestmark = [pytest.mark.real, pytest.mark.slow]

DISK_MIB = 48
FLOOD = 'while [ ! -e "$HOME/enough" ]; do head -c 30000 /dev/urandom | base64 -w 72; sleep 0.02; done; echo flood-ended'


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    require(programs=["mkfs.ext4", "mount"], files=["/dev/loop-control"], root=True)
    with small_disk(tmp_path / "state", DISK_MIB) as directory:
        yield directory


@pytest.fixture
def fugue(disk: Path, tmp_path: Path) -> Iterator[Running]:
    running = Running(tmp_path)
    running.config.write_text("[persistence]\nwal_segment_mb = 1\nmax_wal_size_mb = 4\n")
    yield running
    running.end()


def filled(filler: Path) -> bool:
    fill(filler)
    return True


def status(fugue: Running) -> tuple[str, str]:
    document = json.loads(fugue("status", "--json"))["status"]
    return document["durability"], document["durability_reason"]


def test_a_full_disk_stops_output_only_and_room_resumes_it(fugue: Running, disk: Path) -> None:
    fugue("new-session", "-d", "-s", "work", "-n", "first", "-x", "100", "-y", "24")
    fugue("new-window", "-d", "-n", "flood", "-t", "work:", FLOOD)
    fugue("set-option", "-g", "display-time", "0")  # messages stay until the next one
    with fugue.attached("attach-session", "-t", "work") as person:
        filler = disk / "filler"
        # The flood takes the rest; a spare segment that was just removed leaves room again.
        until("full disk", lambda: filled(filler) and status(fugue)[0] != "ok")
        until(
            "word of it",
            lambda: any(f"durability {how}" in person.text() for how in ("degraded", "lost")),
        )
        assert "output is not logged" in status(fugue)[1] or status(fugue)[0] == "lost"
        assert re.search(r"[0-9.]+ MiB free, [0-9.]+ MiB needed", status(fugue)[1])
        for number in range(5):
            fugue("new-window", "-d", "-n", f"full{number}", "-t", "work:", "cat")
        fugue("split-window", "-d", "-t", "work:full0", "cat")
        fugue("send-keys", "-t", "work:full1", "the pane is still running", "Enter")
        until("echo", lambda: fugue.history("work:full1").count("the pane is still running") == 2)
        (disk.parent / "enough").touch()
        filler.unlink()
        until("room", lambda: status(fugue) == ("ok", ""))
        person.wait_for("durability restored")
    names = fugue("list-windows", "-t", "work", "-F", "#{window_name}").splitlines()
    assert [name for name in names if name.startswith("full")] == [f"full{n}" for n in range(5)]
    fugue("send-keys", "-t", "work:full2", "logged again", "Enter")
    until("echo", lambda: fugue.history("work:full2").count("logged again") == 2)
    shape = fugue("list-panes", "-a", "-F", "#{pane_id} #{window_name} #{window_layout}")
    fugue.kill_everything()
    fugue("list-sessions")
    assert fugue("list-panes", "-a", "-F", "#{pane_id} #{window_name} #{window_layout}") == shape
    assert fugue.history("work:full2").count("logged again") == 2


def test_changes_on_a_full_disk_survive_everything(fugue: Running, disk: Path) -> None:
    """What was acknowledged while nothing else could be written is there after all processes were killed."""
    fugue("new-session", "-d", "-s", "work", "-n", "first", "-x", "100", "-y", "24", "cat")
    fill(disk / "filler")
    for number in range(20):
        fugue("new-window", "-d", "-n", f"full{number}", "-t", "work:", "cat")
    shape = fugue("list-panes", "-a", "-F", "#{pane_id} #{window_name} #{window_layout}")
    fugue.kill_everything()
    fugue("list-sessions")
    assert fugue("list-panes", "-a", "-F", "#{pane_id} #{window_name} #{window_layout}") == shape


def test_a_checkpoint_on_a_full_disk_gets_the_space_kept_for_it(fugue: Running, disk: Path) -> None:
    fugue("new-session", "-d", "-s", "work", "-n", "first", "-x", "100", "-y", "24")
    fugue("send-keys", "-t", "work", "seq 1 9000; echo printed", "Enter")
    fugue.wait_for("\nprinted", "work")
    fugue(
        "send-keys",
        "-t",
        "work",
        "head -c 500000 /dev/urandom | base64 -w 72; echo printed too",
        "Enter",
    )
    fugue.wait_for("\nprinted too", "work")
    until("ballast", (fugue.state / "wal" / "ballast").exists)
    fill(disk / "filler")
    done = fugue.run("checkpoint")
    if done.returncode != 0:  # the ballast is given up by the attempt that fails
        assert "No space left" in done.stderr or "disk full" in done.stderr
        until("checkpoint", lambda: fugue.run("checkpoint").returncode == 0)
    fugue.kill_everything()
    fugue("list-sessions")
    assert "printed too" in fugue.history("work")
