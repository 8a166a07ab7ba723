"""The commands recovery, status, checkpoint, restart-server and start-server."""

import json
from typing import Any

import pytest

from fuguemux.commands import checkpoint, recovery, restart_server, start_server, status
from fuguemux.model.decision import Refused
from fuguemux.model.effects import Checkpoint, RestartServer, SaveHere
from fuguemux.model.state import ServerState
from tests.support.fake_live import FakeLive
from tests.support.folding import run

NEWEST: dict[str, Any] = {
    "started_ms": 1_700_000_000_000,
    "clean": False,
    "summary": "2 panes are still running. Lost: 80 bytes of output.",
    "panes": [{"pane": 0, "status": "live"}, {"pane": 1, "status": "partial"}],
}
OLDER = {**NEWEST, "clean": True, "summary": "2 panes are still running, nothing lost."}
LIVE = FakeLive(
    documents={
        "recovery": [
            {**NEWEST, "lines": ["newest", "  rows"], "lines_verbose": ["newest", "  LSN"]},
            {**OLDER, "lines": ["older"], "lines_verbose": ["older", "  LSN"]},
        ]
    }
)


def lines(*words: str, live: FakeLive = LIVE) -> list[str]:
    told = run(recovery.COMMAND, ServerState(), *words, live=live).decision.reply.lines
    assert all(isinstance(line, str) for line in told)
    return [str(line) for line in told]


def test_the_newest_an_older_one_and_the_list() -> None:
    assert lines() == lines("show", "1") == ["newest", "  rows"]
    assert lines("show", "2") == ["older"]
    assert lines("list") == [
        "N  STARTED              STOP BEFORE  WHAT CAME BACK",
        "1  2023-11-14 22:13:20  not clean    2 panes are still running. Lost: 80 bytes of output.",
        "2  2023-11-14 22:13:20  clean        2 panes are still running, nothing lost.",
    ]


@pytest.mark.parametrize("flag", ["-v", "--verbose"])
def test_verbose_has_what_was_read(flag: str) -> None:
    assert lines(flag) == ["newest", "  LSN"]
    assert lines(flag, "show", "2") == lines("show", "2", flag) == ["older", "  LSN"]


def test_as_json() -> None:
    (line,) = lines("--json")
    assert json.loads(line) == {"v": 1, "recovery": NEWEST}
    (line,) = lines("list", "--json")
    assert json.loads(line)["recoveries"] == [NEWEST, OLDER]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("show", "3"), "no recovery 3: 2 are kept"),
        (("show", "x"), "recovery number invalid: x"),
        (("dance",), f"usage: recovery {recovery.COMMAND.usage}"),
        (("-v", "list"), "recovery: -v is for a report as text: recovery -v [show N]"),
        (("-v", "choose"), "recovery: -v is for a report as text: recovery -v [show N]"),
        (("-v", "--json"), "recovery: -v is for a report as text: recovery -v [show N]"),
    ],
)
def test_what_is_refused(words: tuple[str, ...], message: str) -> None:
    with pytest.raises(Refused) as refused:
        lines(*words)
    assert str(refused.value) == message


def test_no_report() -> None:
    with pytest.raises(Refused, match=r"^no recovery report"):
        lines(live=FakeLive())


STATUS = {
    "version": "1.2",
    "python": "3.11.7",
    "engine": "ghostty 1",
    "formats": {"log": 1, "checkpoint": 1},
    "pid": 7,
    "keeper_pid": None,
    "socket": "/run/x",
    "uptime_seconds": 90_061,
    "sessions": 1,
    "windows": 2,
    "panes": 3,
    "panes_not_kept": [2],
    "clients": 0,
    "durability": "lost",
    "durability_reason": "disk full",
    "state": {"enabled": True, "directory": "/s", "disk_bytes": 1536, "left_from_before": False},
    "quarantine": {"files": 0, "bytes": 0},
    "landing": {
        "path": "/s/landing",
        "problem": "the runtime directory is full",
        "missing_bytes": 2048,
    },
    "log": {
        "first_lsn": 1,
        "last_lsn": 9,
        "durable_lsn": 8,
        "bytes": 100,
        "segments": 1,
        "sync": "os",
        "syncs": 2,
        "sync_p50_ms": 1.04,
        "sync_p99_ms": 2.0,
        "sync_failures": 1,
    },
    "checkpoint": {"number": None, "failure": "disk full"},
    "scrollback": {
        "verifying": True,
        "done_bytes": 1024,
        "total_bytes": 3 << 20,
        "unverified_bytes": 3 << 20,
        "verified_ms": 0,
        "lost_lines": 1024,
    },
    "recovery": {"summary": "nothing lost", "started_ms": 0, "screens_waiting": 2},
    "loop": {
        "watchdog": False,
        "held": [
            {
                "kind": "pane",
                "name": "%3",
                "count": 2,
                "ended": 1,
                "last_ms": 300.0,
                "longest_ms": 1_250.0,
                "when_ms": 0,
            }
        ],
    },
    "memory": {"server_bytes": 3 << 20, "keeper_bytes": None},
    "configuration": {
        "file": "/c",
        "in_use": False,
        "errors": ["/c:2: bad"],
        "needs_restart": ["persistence.state_dir"],
    },
}


def test_status_as_text_and_json() -> None:
    live = FakeLive(documents={"status": STATUS})
    text = run(status.COMMAND, ServerState(), live=live).decision.reply.lines
    rows = [tuple(str(line).split(None, 1)) for line in text]
    assert ("server", "process 7, up 1 days 1:01:01, /run/x") in rows
    assert ("memory", "server 3.0 MiB, no keeper") in rows
    assert ("state", "/s, 1.5 KiB on disk") in rows
    assert any(
        row[0] == "held" and "by pane %3: 2 times, longest 1.2 s, last 0.3 s at" in row[1]
        for row in rows
    )
    assert any(row[0] == "watchdog" and row[1].startswith("none: no") for row in rows)
    assert ("not", "kept       %2 (persist off)") in rows
    assert ("durability", "lost: disk full; synced to disk whenever the system decides") in rows
    assert (
        "scrollback",
        "being verified: 1.0 KiB of 3.0 MiB; 1,024 lines cannot be read: see fugue recovery list",
    ) in rows
    assert any(
        "landing zone the runtime directory is full" in " ".join(" ".join(row).split())
        for row in rows
    )
    assert any("2.0 KiB of output could not be logged" in " ".join(row) for row in rows)
    assert ("log", "records 1 to 9, durable to 8, 100 bytes in 1 files") in rows
    assert ("syncs", "2, p50 1.0 ms, p99 2.0 ms, 1 failed") in rows
    assert ("checkpoint", "none yet") in rows
    assert ("2", "screens are still being rebuilt") in rows
    assert ("error", "/c:2: bad") in rows
    assert ("restart", "persistence.state_dir was changed and takes effect after a restart") in rows
    (line,) = run(status.COMMAND, ServerState(), "--json", live=live).decision.reply.lines
    assert json.loads(str(line)) == {"v": 1, "status": STATUS}
    with pytest.raises(Refused, match=r"^usage: status \[--json\]$"):
        run(status.COMMAND, ServerState(), "-x", live=live)


def test_the_server_itself() -> None:
    assert run(checkpoint.COMMAND, ServerState()).effects == (Checkpoint("asked for"),)
    assert run(checkpoint.COMMAND, ServerState(), "-n").effects == (SaveHere(),)
    for words in (("-n", "-s", "mine"), ("-n", "reason")):
        with pytest.raises(Refused, match="-n goes with nothing else"):
            run(checkpoint.COMMAND, ServerState(), *words)
    assert run(restart_server.COMMAND, ServerState()).effects == (RestartServer(),)
    assert run(start_server.COMMAND, ServerState()).effects == ()
    assert start_server.COMMAND.starts_server
