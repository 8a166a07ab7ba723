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
    "summary": "recovered 2 panes; 80 bytes of output lost",
    "panes": [{"pane": 0, "status": "live"}, {"pane": 1, "status": "partial"}],
}
OLDER = {**NEWEST, "clean": True, "summary": "recovered 2 panes, nothing lost"}
LIVE = FakeLive(
    documents={
        "recovery": [{**NEWEST, "lines": ["newest", "  rows"]}, {**OLDER, "lines": ["older"]}]
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
        "1  2023-11-14 22:13:20  not clean    recovered 2 panes; 80 bytes of output lost",
        "2  2023-11-14 22:13:20  clean        recovered 2 panes, nothing lost",
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
    live = FakeLive(documents={"status": {"v": 1, **report}})
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
