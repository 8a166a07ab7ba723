"""restart-server: the code is replaced, processes and clients stay. A restart that would lose panes is refused.

Complaint: "Upgrade kills everything".
"""

import json
from pathlib import Path

import pytest

from fuguemux.model.ids import PaneId
from fuguemux.server.ports import EffectFailed
from fuguemux.server.restart import preflight
from tests.support.running import Running, until


@pytest.mark.real
def test_upgrade_keeps_everything(fugue: Running) -> None:
    fugue("new-session", "-d", "-s", "work", "-x", "80", "-y", "23")
    fugue("split-window", "-t", "work")
    fugue("send-keys", "-t", "work:0.1", "sleep 1000", "Enter")
    server, keeper, panes = fugue.server_pid(), fugue.keeper_pid(), fugue.pane_pids()
    with fugue.attached("attach-session", "-t", "work") as client:
        client.wait_for("[work]")
        said = fugue("restart-server")
        assert said.endswith("takes over 2 panes")
        assert fugue.wait_for_server(other_than=server) != server
        assert fugue.keeper_pid() == keeper
        assert fugue.pane_pids() == panes
        until("client", lambda: fugue("list-clients", "-F", "#{client_session}") == "work")
        client.type(b"\x02;echo again-$((40+2))\r")
        client.wait_for("again-42")
        assert client.process.poll() is None
    report = json.loads(fugue("recovery", "--json"))["recovery"]
    assert {pane["status"] for pane in report["panes"]} == {"live"}


async def test_a_new_server_that_says_nothing_is_refused(tmp_path: Path) -> None:
    broken = tmp_path / "python"
    broken.write_text("#!/bin/sh\necho 'ImportError: no module named x' >&2\nexit 1\n")
    broken.chmod(0o700)
    with pytest.raises(EffectFailed, match=r"cannot start: ImportError.*this one stays"):
        await preflight.prove(str(tmp_path), [], python=str(broken))


async def test_a_new_server_that_would_lose_a_pane_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EffectFailed, match=r"would lose panes: %3 not found; this one stays"):
        await preflight.prove(str(tmp_path), [PaneId(3)])
