"""Damage to stored scrollback under a running server, or while there is none: it is reported, and everything else
continues."""

import json
from pathlib import Path
from typing import Any

import pytest

from fuguemux.persistence.scrollback.packs import EntryKind, PackPlace, entries_of, pack_name
from fuguemux.persistence.storage.files import RealStorage
from fuguemux.server.recovery import history_reader
from tests.integration.test_checkpoints_live import numbers, print_numbers
from tests.support.running import Running, until

pytestmark = pytest.mark.real


def blocks(fugue: Running, pane: int) -> list[tuple[Path, PackPlace]]:
    """The stored blocks of a pane."""
    return [
        (path, entry.place)
        for path in sorted((fugue.state / "checkpoints").glob("pack-*"))
        for entry in entries_of(path.read_bytes(), bytes(16))
        if (entry.kind, entry.pane) == (EntryKind.BLOCK, pane)
    ]


def rot(path: Path, place: PackPlace) -> None:
    data = bytearray(path.read_bytes())
    data[place.offset + 100] ^= 1
    path.write_bytes(data)


def report_of(fugue: Running) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(fugue("recovery", "--json"))["recovery"]
    return found


def status_of(fugue: Running) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(fugue("status", "--json"))["status"]
    return found


def two_histories(fugue: Running) -> None:
    fugue.environment["FUGUE_PERSISTENCE_CHECKPOINT_INTERVAL_SECS"] = "3600"  # none but ours
    for session in ("work", "other"):
        fugue("new-session", "-d", "-s", session, "-x", "80", "-y", "24")
        print_numbers(fugue, session, 1, 9000)
    fugue("checkpoint")


def test_a_bad_block_is_told_and_costs_its_own_lines_only(fugue: Running) -> None:
    two_histories(fugue)
    fugue.kill_everything()
    pack, place = blocks(fugue, 0)[2]
    rot(pack, place)
    assert set(fugue("list-sessions", "-F", "#{session_name}").split()) == {"work", "other"}
    report = report_of(fugue)
    (lost,) = report["scrollback_lost"]
    assert (report["complete"], report["proven"]) == (False, False)
    assert (lost["pane"], lost["last"] - lost["first"] + 1) == (0, 1024)
    assert "1024 lines of scrollback" in report["summary"]
    assert (fugue.state / lost["set_aside"]).exists()
    verified = fugue.run("state", "verify", "--json")
    assert verified.returncode == 1
    assert json.loads(verified.stdout)["scrollback"]["lost_lines"] == 1024

    history = fugue.history("work")
    assert "[1,024 lines (" in history
    assert len(numbers(history)) == 9000 - 1024
    assert numbers(fugue.history("other")) == list(range(1, 9001))
    search = fugue.run("search", "-c", "-t", "work", "^[0-9]+$")
    assert (search.returncode, search.stdout) == (0, f"work:0.0: {9000 - 1024}\n")
    assert "1024 lines of work:0.0 cannot be read" in search.stderr
    fugue("copy-mode", "-t", "work")
    unread = "1024 lines cannot be read and were not searched"
    refused = fugue.refused("send-keys", "-X", "-t", "work", "search-backward", "no such text")
    assert refused == f"search: not found; {unread}"
    near = fugue.run("send-keys", "-X", "-t", "work", "search-backward", "8900")
    assert (near.returncode, near.stderr) == (0, "")
    far = fugue.run("send-keys", "-X", "-t", "work", "search-backward-text", "1000")
    assert (far.returncode, far.stderr) == (0, f"search: {unread}\n")
    fugue("send-keys", "-X", "-t", "work", "cancel")

    # Most of the pack is dead now: what lives in it has to move, and the bad block with it.
    fugue("clear-history", "-t", "other")
    for _ in range(3):
        fugue("checkpoint")
    newest = history_reader.points(RealStorage(), str(fugue.state)).manifests[0]
    assert pack.name not in [pack_name(each.digest) for each in newest.packs]
    assert status_of(fugue)["durability"] == "ok"
    assert fugue.history("work") == history
    fugue.kill_everything()
    fugue("list-sessions")
    again = report_of(fugue)
    assert (again["complete"], again["scrollback_lost_before"]) == (True, 1024)
    assert "nothing lost" not in again["summary"]
    assert fugue.history("work").startswith(history.rstrip())


def test_rot_under_a_living_server_is_told_when_somebody_looks_there(fugue: Running) -> None:
    two_histories(fugue)
    fugue.kill_server()  # the next one has nothing of it in memory
    assert report_of(fugue)["proven"]
    rot(*blocks(fugue, 0)[2])
    with fugue.attached("attach-session", "-t", "work") as client:
        client.wait_for("[work]")
        fugue.history("work")
        client.wait_for("cannot be read: see fugue recovery")
    until("report", lambda: bool(report_of(fugue)["scrollback_lost"]))
    assert not report_of(fugue)["complete"]
    assert status_of(fugue)["scrollback"]["lost_lines"] == 1024
    fugue("checkpoint")
    stored = json.loads(
        max((fugue.state / "recoveries").glob("*.json")).read_bytes().partition(b"\n")[2]
    )
    assert stored["scrollback_lost"]


def test_what_is_too_much_for_the_start_is_read_soon_after(fugue: Running) -> None:
    fugue.environment["FUGUE_PERSISTENCE_CHECKPOINT_INTERVAL_SECS"] = "3600"
    fugue("new-session", "-d", "-s", "work", "-x", "120", "-y", "24")
    fugue("set-option", "-t", "work", "history-limit", "100000")
    fugue(
        "send-keys",
        "-t",
        "work",
        "head -c 5000000 /dev/urandom | base64 -w 99; echo the-$((1))",
        "Enter",
    )
    fugue.wait_for("the-1", "work")
    fugue("checkpoint")
    fugue.kill_server()
    summaries = set()

    def proven() -> bool:
        report = report_of(fugue)
        summaries.add(report["summary"])
        return bool(report["proven"])

    until("all is read", proven)
    assert summaries <= {
        "1 pane is still running. Log: complete; scrollback not yet verified.",
        "1 pane is still running, nothing lost.",
    }
    assert (
        fugue("display-message", "-p", "#{recovery_summary}")
        == "1 pane is still running, nothing lost."
    )
    scrollback = status_of(fugue)["scrollback"]
    assert scrollback["verified_bytes"] == scrollback["total_bytes"] > 4 << 20
    assert "verified at" in fugue("status")


def test_a_checkpoint_that_fails_is_degraded_durability_until_one_succeeds(fugue: Running) -> None:
    fugue.environment["FUGUE_PERSISTENCE_CHECKPOINT_INTERVAL_SECS"] = "3600"
    fugue("new-session", "-d", "-s", "work", "-x", "80", "-y", "24")
    fugue("checkpoint")
    blockers = [fugue.state / "checkpoints" / f"pack-{number:x}-0.tmp" for number in range(2, 60)]
    for blocker in blockers:
        blocker.mkdir()
    failed = fugue.run("checkpoint")
    assert failed.returncode == 1
    assert "checkpoint failed, nothing has changed" in failed.stderr
    status = status_of(fugue)
    assert status["durability"] == "degraded"
    assert status["durability_reason"].startswith("checkpoints fail: ")
    assert "degraded: checkpoints fail: " in fugue("status")
    doctor = fugue.run("doctor")
    assert doctor.returncode == 1
    assert "WRONG  durability: degraded: checkpoints fail: " in doctor.stdout
    assert fugue("display-message", "-p", "#{durability}") == "degraded"
    assert "checkpoints fail" in fugue("display-message", "-p", "#{durability_reason}")
    with fugue.attached("attach-session", "-t", "work") as client:
        client.wait_for("durability degraded: checkpoints fail")
        for blocker in blockers:
            blocker.rmdir()
        client.wait_for("checkpoints are written again")
    until("ok by itself", lambda: status_of(fugue)["durability"] == "ok")
    assert status_of(fugue)["durability_reason"] == ""
    assert "durability: the running server saves everything" in fugue.run("doctor").stdout
