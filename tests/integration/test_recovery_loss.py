"""Losses are measured, and reported where users look: in the report, in formats, and in the pane itself."""

import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest

from fuguemux.keeper import helper_record
from fuguemux.persistence.storage.files import RealStorage
from fuguemux.persistence.wal.reader import scan
from fuguemux.persistence.wal.record import RecordType
from tests.support.running import Running, kill, until

pytestmark = pytest.mark.real


@pytest.fixture(autouse=True)
def _no_checkpoint_in_between(fugue: Running) -> None:
    """What is damaged must be needed, however long the test takes."""
    fugue.environment["FUGUE_PERSISTENCE_CHECKPOINT_INTERVAL_SECS"] = "3600"


def report(fugue: Running) -> dict[str, Any]:
    found = json.loads(fugue("recovery", "--json"))["recovery"]
    assert isinstance(found, dict)
    return found


def durable(fugue: Running) -> bool:
    log = json.loads(fugue("status", "--json"))["status"]["log"]
    return bool(log["durable_lsn"] == log["last_lsn"])


def record_of(fugue: Running, text: bytes, kind: RecordType = RecordType.OUTPUT) -> bytes:
    """The payload of the record that holds `text`."""
    records = scan(RealStorage(), str(fugue.state / "wal")).records()
    return next(r.payload for r in records if r.kind == kind and text in r.payload)


def damage(fugue: Running, payload: bytes) -> None:
    """One byte of the record rots."""
    for path in (fugue.state / "wal").glob("*.wal"):
        data = bytearray(path.read_bytes())
        at = data.find(payload)
        if at >= 0:
            data[at + len(payload) // 2] ^= 1
            path.write_bytes(data)
            return
    raise AssertionError("no such record")


def damage_between_servers(fugue: Running, payload: bytes) -> None:
    server, keeper = fugue.server_pid(), fugue.keeper_pid()
    os.kill(keeper, signal.SIGSTOP)  # so that it starts no other server in between
    kill(server)
    damage(fugue, payload)
    os.kill(keeper, signal.SIGCONT)
    fugue.wait_for_server(other_than=server)


@pytest.mark.parametrize("everything", [True, False])
def test_lost_output_is_measured_in_the_report_and_in_the_pane(
    fugue: Running, everything: bool
) -> None:
    fugue("new-session", "-d", "-s", "work", "-x", "80", "-y", "24", "cat")
    for word in ("first", "second", "third"):
        fugue("send-keys", "-t", "work", f"{word} line of this pane", "Enter")
        until("echo", lambda word=word: fugue.history("work").count(f"{word} line") == 2)  # type: ignore[misc]  # bound now
        until(
            "sync", lambda: durable(fugue)
        )  # what rots behind the last sync looks like a torn write
    payload = record_of(fugue, b"second line of this pane")
    if everything:
        fugue.kill_everything()
        damage(fugue, payload)
    else:
        damage_between_servers(fugue, payload)
    text = fugue.history("work")
    assert "third line of this pane" in text
    (pane,) = report(fugue)["panes"]
    lost = pane["lost_bytes"]
    assert 0 < lost == pane["lost_to"] - pane["lost_from"] <= len(payload)
    assert 1 <= pane["lost_lines"] <= 3
    assert pane["lost_before_ms"] > 1_700_000_000_000
    lines = f"{lost} bytes, about {pane['lost_lines']} line"
    assert lines in fugue("recovery")
    assert f"Lost: {lost} bytes of output" in fugue.format("#{recovery_summary}")
    if everything:
        assert f"{lines}{'' if pane['lost_lines'] == 1 else 's'} lost ──" in text
    else:
        assert fugue.format("#{pane_restore_status}", "work").startswith(f"partial({lines}")
        assert pane["status"] == "partial"


def test_a_process_whose_pane_nobody_knows_any_more_is_rescued(fugue: Running) -> None:
    """The record that says where it belongs has rotted: it runs on, in a session of its own, and somebody is told."""
    fugue("new-session", "-d", "-s", "work", "-x", "80", "-y", "24", "cat")
    fugue("new-session", "-d", "-s", "forgotten", "-x", "80", "-y", "24", "cat")
    fugue("send-keys", "-t", "forgotten", "echo of before", "Enter")
    until("echo", lambda: fugue.history("forgotten").count("echo of before") == 2)
    fugue("rename-session", "-t", "work", "renamed")
    pids = sorted(fugue.pane_pids())
    until("sync", lambda: durable(fugue))
    damage_between_servers(fugue, record_of(fugue, b"forgotten", RecordType.STRUCTURE))
    assert fugue("list-sessions", "-F", "#{session_name}").split() == ["renamed", "rescued"]
    assert sorted(fugue.pane_pids()) == pids
    fugue("send-keys", "-t", "rescued", "still here", "Enter")
    until("echo", lambda: fugue.history("rescued").count("still here") == 2)
    notes = report(fugue)["notes"]
    assert any("belonged to no pane" in note for note in notes), notes
    with fugue.attached("attach-session", "-t", "rescued", columns=120) as client:
        client.wait_for("Lost: ")


def test_a_loss_of_everything_is_told_to_whoever_comes_next(fugue: Running) -> None:
    fugue("new-session", "-d", "-s", "work", "cat")
    fugue("checkpoint")
    fugue.kill_everything()
    for place in ("wal", "checkpoints"):
        for path in (fugue.state / place).iterdir():
            path.write_bytes(b"")
    fugue("new-session", "-d", "-s", "new", "cat")
    assert "nothing that is stored can be read" in fugue("recovery")
    assert "server and keeper crashed or were killed" in fugue("recovery")
    assert "Damaged: 2 files" in fugue("recovery", "list")
    with fugue.attached("attach-session", columns=120) as client:
        client.wait_for("What was stored cannot be read")


def test_a_rescued_pane_keeps_its_text_and_loses_nothing_to_the_next_kill(tmp_path: Path) -> None:
    """Its number and the offsets of its output are in the log already, and no checkpoint comes in between."""
    fugue = Running(tmp_path, FUGUE_FAILPOINTS="checkpoint.before_manifest=raise:EIO")
    try:
        fugue("new-session", "-d", "-s", "work", "-x", "80", "-y", "24", "cat")
        fugue("new-session", "-d", "-s", "forgotten", "-x", "80", "-y", "24", "cat")
        fugue("new-session", "-d", "-s", "later", "cat")
        fugue("send-keys", "-t", "forgotten", "text of before", "Enter")
        until("echo", lambda: fugue.history("forgotten").count("text of before") == 2)
        until("sync", lambda: durable(fugue))
        damage_between_servers(fugue, record_of(fugue, b"forgotten", RecordType.STRUCTURE))
        assert fugue.history("rescued").count("text of before") == 2, "what the log has of it"
        new = fugue("new-window", "-dPF", "#{pane_id}", "-t", "work:", "cat")
        for pane in ("rescued", new):
            fugue("send-keys", "-t", pane, "text of after", "Enter")
            until("echo", lambda pane=pane: fugue.history(pane).count("text of after") == 2)  # type: ignore[misc]  # bound now
        pids = fugue.pane_pids()
        fugue.kill_server()
        assert fugue.pane_pids() == pids
        assert fugue.history("rescued").split("\n\n")[0].splitlines() == (
            ["text of before"] * 2 + ["text of after"] * 2
        )
        assert fugue.history(new).count("text of after") == 2
        assert {pane["lost_bytes"] for pane in report(fugue)["panes"]} == {0}
    finally:
        fugue.end()


def test_a_boot_of_the_machine_is_told_from_a_crash(fugue: Running) -> None:
    fugue("new-session", "-d", "-s", "work", "cat")
    fugue.kill_everything()
    fugue("list-sessions")
    assert report(fugue)["cause"] == "server and keeper crashed or were killed"
    fugue.kill_everything()
    boot = fugue.state / "boot"
    now = Path("/proc/sys/kernel/random/boot_id").read_bytes().strip()
    assert helper_record.decode("boot", boot.read_bytes()) == now
    # As an earlier version wrote it, before another boot of the machine.
    boot.write_text("00000000-0000-4000-8000-000000000000")
    fugue("list-sessions")
    assert report(fugue)["cause"] == "the machine went down"
    assert "output of the last 100 ms before" in fugue("recovery")
    fugue.kill_server()
    assert report(fugue)["cause"] == "the server crashed or was killed"


def test_a_pane_is_started_again_from_the_chooser(fugue: Running) -> None:
    fugue("new-session", "-d", "-s", "work", "-x", "120", "-y", "24")
    fugue("set-option", "-w", "-t", "work:0", "restore-policy", "none")
    fugue.kill_everything()
    fugue.wait_for("press Enter to run", "work")
    with fugue.attached("attach-session", columns=120) as client:
        client.wait_for("press Enter")
        client.type(b"\x02R")
        client.wait_for("start %0 again")
        client.type(b"\x1b[B\r")
        until("process", lambda: fugue.format("#{pane_dead}", "work") == "0")
        client.type(b"echo again-$((40+2))\r")
        client.wait_for("again-42")


def test_whoever_attaches_brings_the_environment_of_their_terminal(fugue: Running) -> None:
    """After a restoration, too: `update-environment` is what makes an ssh agent work again."""
    fugue("new-session", "-d", "-s", "work", SSH_AUTH_SOCK="/old", DISPLAY=":1")
    fugue.kill_everything()
    fugue("list-sessions")
    with fugue.attached("attach-session", SSH_AUTH_SOCK="/new") as client:
        client.wait_for("[work]")
        shown = fugue("show-environment", "-t", "work").splitlines()
        assert "SSH_AUTH_SOCK=/new" in shown
        assert "-DISPLAY" in shown
        client.type(b"\x02c")
        client.wait_for("1:bash*")
        client.type(b"echo sock=$SSH_AUTH_SOCK=$DISPLAY=\r")
        client.wait_for("sock=/new==")
