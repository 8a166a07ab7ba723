"""recovery, status, checkpoint, restart-server, start-server."""

import json
from typing import Any

import pytest

from fuguemux.commands import checkpoint, recovery, restart_server, start_server, status
from fuguemux.model.decision import Refused
from fuguemux.model.effects import Checkpoint, RestartServer
from fuguemux.model.state import ServerState
from tests.support.fake_live import FakeLive
from tests.support.folding import run

NEWEST: dict[str, Any] = {
    "started_ms": 1_700_000_000_000,
    "clean": False,
    "cause": "killed",
    "duration_ms": 12.3,
    "checkpoint": 7,
    "records_replayed": 42,
    "events_skipped": 0,
    "lost": [{"first_lsn": 5, "last_lsn": 6, "damaged_bytes": 40, "from_ms": 0, "to_ms": 0}],
    "damages": [{"what": "00000002.wal", "detail": "wrong checksum", "set_aside": "x.damaged"}],
    "notes": [],
    "panes": [
        {"pane": 0, "session": "a", "window": 0, "status": "live", "lost_bytes": 0},
        {
            "pane": 1,
            "session": "a",
            "window": 1,
            "status": "partial",
            "lost_bytes": 80,
            "lost_lines": 3,
            "reason": "log damaged",
        },
        {"pane": 2, "session": "a", "window": 1, "status": "held-dead", "exit_code": None},
    ],
}
OLDER = {**NEWEST, "clean": True, "lost": [], "damages": [], "panes": [], "cause": ""}
LIVE = FakeLive(documents={"recovery": [NEWEST, OLDER]})


def lines(*words: str, live: FakeLive = LIVE) -> list[str]:
    told = run(recovery.COMMAND, ServerState(), *words, live=live).decision.reply.lines
    assert all(isinstance(line, str) for line in told)
    return [str(line) for line in told]


def test_the_newest_recovery_with_a_row_for_each_pane() -> None:
    assert lines() == [
        "started 2023-11-14 22:13:20",
        "last stop: not clean (killed)",
        "replayed 42 records in 12 ms from checkpoint 7",
        "lost: 80 bytes of output, 1 ranges of records, 1 damaged places",
        "lost records: LSN 5 to 6, 40 damaged bytes",
        "damage: 00000002.wal: wrong checksum (kept as x.damaged)",
        "",
        "PANE  WHERE  STATUS     LOST               REASON",
        "%0    a:0    live       nothing",
        "%1    a:1    partial    80 bytes, 3 lines  log damaged",
        "%2    a:1    held-dead  nothing            exit status not known",
    ]


def test_an_older_one_and_the_list() -> None:
    assert "lost: nothing" in lines("show", "2")
    assert lines("list")[1:] == [
        "1  2023-11-14 22:13:20  crash      42       12 ms  "
        "80 bytes of output, 1 ranges of records, 1 damaged places",
        "2  2023-11-14 22:13:20  clean      42       12 ms  nothing",
    ]


def test_as_json() -> None:
    (line,) = lines("--json")
    assert json.loads(line) == {"v": 1, "recovery": NEWEST}
    (line,) = lines("list", "--json")
    assert json.loads(line)["recoveries"] == [NEWEST, OLDER]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("show", "3"), "no recovery 3: 2 are kept"),
        (("show", "x"), "recovery number invalid"),
        (("dance",), "usage: recovery [--json] [list | show N]"),
    ],
)
def test_what_is_refused(words: tuple[str, ...], message: str) -> None:
    with pytest.raises(Refused) as refused:
        lines(*words)
    assert str(refused.value) == message


def test_no_report() -> None:
    with pytest.raises(Refused, match=r"^no recovery report"):
        lines(live=FakeLive())


def test_status_as_text_and_json() -> None:
    report = {"store": {"path": "/x", "durable": True, "lag_ms": 1.25}, "panes": 3, "notes": []}
    live = FakeLive(documents={"status": report})
    text = run(status.COMMAND, ServerState(), live=live).decision.reply.lines
    assert text == (
        "store:",
        "  path: /x",
        "  durable: yes",
        "  lag ms: 1.2",
        "panes: 3",
        "notes: -",
    )
    (line,) = run(status.COMMAND, ServerState(), "--json", live=live).decision.reply.lines
    assert json.loads(str(line)) == {"v": 1, "status": report}
    with pytest.raises(Refused, match=r"^usage: status \[--json\]$"):
        run(status.COMMAND, ServerState(), "-x", live=live)


def test_the_server_itself() -> None:
    assert run(checkpoint.COMMAND, ServerState()).effects == (Checkpoint("asked for"),)
    assert run(restart_server.COMMAND, ServerState()).effects == (RestartServer(),)
    assert run(start_server.COMMAND, ServerState()).effects == ()
    assert start_server.COMMAND.starts_server
