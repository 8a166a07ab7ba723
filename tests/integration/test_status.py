"""`fugue status` and `fugue doctor` on a real server: every promised field, and what they report if something is
wrong."""

import json
from typing import Any

import pytest

from tests.support.running import Running, until

pytestmark = pytest.mark.real

FIELDS = {
    "": "version python engine formats pid keeper_pid socket started_ms uptime_seconds sessions windows panes "
    "panes_not_kept clients durability durability_reason state quarantine log checkpoint recovery loop memory "
    "configuration scrollback landing",
    "formats": "log checkpoint events protocol",
    "landing": "path problem missing_bytes",
    "state": "enabled directory disk_bytes left_from_before",
    "quarantine": "files bytes",
    "log": "first_lsn last_lsn durable_lsn bytes segments sync syncs sync_p50_ms sync_p99_ms sync_failures",
    "checkpoint": "number when_ms lsn new_bytes duration_ms reason failure",
    "scrollback": "verifying done_bytes total_bytes unverified_bytes verified_ms verified_bytes lost_lines healed_blocks",
    "recovery": "summary cause started_ms duration_ms screens_waiting",
    "loop": "watchdog held",
    "memory": "server_bytes keeper_bytes scrollback_hot_bytes",
    "configuration": "file in_use errors needs_restart",
}
"""Programs read these: a field may be added to the document, and none is ever taken away."""

LINES = [
    "version", "formats", "server", "sessions", "memory", "state", "durability", "log", "syncs", "checkpoint", "scrollback",
    "recovery", "configuration",
]  # fmt: skip


def test_every_promised_field_is_there_and_true(fugue: Running) -> None:
    fugue.environment["FUGUE_PERSISTENCE_CHECKPOINT_INTERVAL_SECS"] = "3600"  # none but ours
    fugue("new-session", "-d", "-s", "work", "-x", "80", "-y", "24")
    fugue("split-window", "-t", "work")
    keeper = fugue.keeper_pid()
    server = fugue.kill_server()
    fugue("checkpoint")
    documents: list[Any] = []

    def durable() -> bool:
        documents[:] = [json.loads(fugue("status", "--json"))]
        log = documents[0]["status"]["log"]
        return bool(log["durable_lsn"] == log["last_lsn"])

    with fugue.attached() as client:
        client.wait_for("[work]")
        until("durable log", durable)  # what the client has changed is synced a moment later
    (document,) = documents
    assert document["v"] == 1
    status = document["status"]
    for section, names in FIELDS.items():
        part = status[section] if section else status
        assert set(part) == set(names.split()), section
    assert (status["pid"], status["keeper_pid"]) == (server, keeper)
    assert (status["sessions"], status["panes"], status["clients"]) == (1, 2, 1)
    assert (status["durability"], status["state"]["directory"]) == ("ok", str(fugue.state))
    assert status["state"]["disk_bytes"] > 0
    log, checkpoint, memory = status["log"], status["checkpoint"], status["memory"]
    assert 1 <= log["first_lsn"] <= checkpoint["lsn"] <= log["durable_lsn"] == log["last_lsn"]
    assert log["bytes"] > 0
    assert 0 < log["sync_p50_ms"] <= log["sync_p99_ms"]
    assert checkpoint["reason"] == "asked for"
    assert checkpoint["new_bytes"] > 0
    assert checkpoint["duration_ms"] > 0
    assert checkpoint["when_ms"] > status["recovery"]["started_ms"] > 1_700_000_000_000
    assert status["recovery"]["summary"].startswith("2 panes ")
    assert memory["server_bytes"] > memory["keeper_bytes"] > 1 << 20
    assert [line.split()[0] for line in fugue("status").splitlines()] == LINES


def test_doctor_ends_with_1_and_names_the_fix_when_something_is_wrong(fugue: Running) -> None:
    fugue.config.write_text("[server]\nhistory_limit = -1\n")
    done = fugue.run("doctor")
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    wrong = next(number for number, line in enumerate(lines) if line.startswith("WRONG  config"))
    assert f"{fugue.config}:2: server.history_limit: -1 is not allowed" in lines[wrong]
    assert lines[wrong + 1] == "       fix: correct these lines"
    report = json.loads(fugue.run("doctor", "--json").stdout)
    assert report["good"] is False
    assert {finding["name"] for finding in report["findings"]} >= {
        "file system", "free space", "file limits", "log-out", "memory pressure", "locale", "terminfo", "engine",
        "start-up cost",
    }  # fmt: skip
    fugue.config.unlink()
    done = fugue.run("doctor")
    assert done.returncode == (
        1 if "WRONG" in done.stdout else 0
    )  # this machine may have its own faults
    assert "configuration: " in done.stdout
    assert "WRONG  configuration" not in done.stdout


def test_people_are_told_that_checkpoints_fail(fugue: Running) -> None:
    fugue("new-session", "-d", "-s", "work")
    fugue("set-option", "-g", "display-time", "0")  # until the next key, not for a moment
    # No file can be made where there is a directory.
    blockers = [fugue.state / "checkpoints" / f"pack-{number:x}-0.tmp" for number in range(1, 60)]
    with fugue.attached(columns=160) as client:
        client.wait_for("[work]")
        for blocker in blockers:
            blocker.mkdir()
        assert "checkpoint failed" in fugue.refused("checkpoint")
        client.wait_for("fugue: checkpoints fail: ")
        client.type(b"\x0c")  # any key takes the message away; what stays is in the status line
        client.wait_for("durability degraded")
        fugue.refused("checkpoint")
        for blocker in blockers:
            blocker.rmdir()
        fugue("checkpoint")
        client.wait_for("fugue: checkpoints are written again")
        client.type(b"\x0c")
        until("status line", lambda: "durability" not in client.text())
    assert fugue("show-messages").count("checkpoints fail: ") == 1
