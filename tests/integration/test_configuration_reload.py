"""A running server follows its configuration file, and reports changes to attached clients, in its status and in its
diagnostics."""

import json
import os
import signal
from typing import Any

import pytest

from tests.support.running import Running, until

pytestmark = pytest.mark.real


def status(fugue: Running) -> Any:
    return json.loads(fugue("status", "--json"))["status"]


def log_of(fugue: Running) -> str:
    return (fugue.state / "server.log").read_text()


def test_a_change_is_announced_and_holds(fugue: Running) -> None:
    fugue.config.write_text("[persistence]\ncheckpoint_interval_secs = 30\n")
    fugue("new-session", "-d", "-s", "work")
    with fugue.attached() as client:
        client.wait_for("[work]")
        fugue.config.write_text(
            '[persistence]\ncheckpoint_interval_secs = 1\nstate_dir = "/srv/other"\n'
        )
        client.wait_for("checkpoint_interval_secs 30 → 1; state_dir needs a restart")
        fugue("rename-session", "-t", "work", "other")
        until("checkpoint", lambda: status(fugue)["checkpoint"]["reason"] == "interval")
    found = status(fugue)["configuration"]
    assert found["needs_restart"] == ["persistence.state_dir"]
    assert found["errors"] == []
    assert found["in_use"] is True
    assert "config.reloaded" in log_of(fugue)
    assert "persistence.state_dir was changed and takes effect after a restart" in fugue("status")


def test_a_mistake_changes_nothing_and_is_told_everywhere(fugue: Running) -> None:
    fugue.config.write_text("[server]\nhistory_limit = 1000\n")
    fugue("new-session", "-d", "-s", "work")
    with fugue.attached(columns=160) as client:
        client.wait_for("[work]")
        fugue.config.write_text("[server]\nhistory_limit = 3000\nframe_rate_hz = 0\nnope = 1\n")
        client.wait_for(
            "config.toml:3 and 1 more (fugue status): not changed: server.frame_rate_hz: 0 is not allowed"
        )
    assert fugue("show-options", "-gv", "history-limit") == "1000"
    wrong = [
        f"{fugue.config}:3: server.frame_rate_hz: 0 is not allowed; give a whole number from 1 to 240 per second",
        f"{fugue.config}:4: server.nope: no such option; `fugue config show` lists every option",
    ]
    assert status(fugue)["configuration"]["errors"] == wrong
    assert log_of(fugue).count("config.refused") == 2
    with fugue.attached(columns=160) as client:  # somebody who comes later is told, too
        client.wait_for("config.toml:3 and 1 more (fugue status): using the last good values")
        client.type(b"\x0c")  # any key takes the message away; what stays is in the status line
        client.wait_for("configuration has errors")
        fugue.config.write_text("[server]\nhistory_limit = 3000\n")
        client.wait_for("history_limit 1000 → 3000")
    assert fugue("show-options", "-gv", "history-limit") == "3000"
    assert status(fugue)["configuration"]["errors"] == []


def test_reload_by_command_and_by_signal(fugue: Running) -> None:
    fugue("new-session", "-d", "-s", "work")
    assert fugue("config", "reload") == "nothing changed"
    fugue.config.write_text("[keys]\nprefix = 'C-a'\n")
    os.kill(fugue.server_pid(), signal.SIGHUP)
    until("prefix", lambda: fugue("show-options", "-gv", "prefix") == "C-a")
    fugue.config.write_text("[keys\n")
    done = fugue.run("config", "reload")
    assert done.returncode == 1
    assert done.stdout == ""
    assert f"{fugue.config}:1: " in done.stderr
    assert done.stderr.endswith("configuration not changed\n")
    assert fugue("show-options", "-gv", "prefix") == "C-a"


def test_a_bad_file_never_keeps_a_server_from_starting(fugue: Running) -> None:
    fugue.config.write_text("[server]\nhistory_limit = -1\n")
    fugue("new-session", "-d", "-s", "work")
    assert fugue("show-options", "-gv", "history-limit") == "10000"
    (error,) = status(fugue)["configuration"]["errors"]
    assert error.startswith(f"{fugue.config}:2: server.history_limit: -1 is not allowed")
    assert "config.refused" in log_of(fugue)
    with fugue.attached(columns=160) as client:
        client.wait_for("config.toml:2: using defaults: server.history_limit: -1 is not allowed")
    assert f"error          {error}" in fugue("status")


def test_the_environment_overrides_the_file(fugue: Running) -> None:
    fugue.environment["FUGUE_SERVER_HISTORY_LIMIT"] = "123"
    fugue.config.write_text("[server]\nhistory_limit = 1000\n")
    fugue("new-session", "-d", "-s", "work")
    assert fugue("show-options", "-gv", "history-limit") == "123"
    shown = fugue("config", "show", "--origin")
    assert "history_limit = 123  # FUGUE_SERVER_HISTORY_LIMIT" in shown


def test_a_file_that_is_gone_is_not_called_in_use(fugue: Running) -> None:
    fugue.config.write_text("[server]\nhistory_limit = 1000\n")
    fugue("new-session", "-d", "-s", "work")
    assert "config.toml: in use" in fugue("status")
    fugue.config.unlink()
    gone = f"{fugue.config}: is gone; for the defaults run: fugue config reload"
    assert status(fugue)["configuration"]["errors"] == [gone]
    assert status(fugue)["configuration"]["in_use"] is False
    fugue("config", "reload")
    assert "no such file: the defaults apply" in fugue("status")


def test_what_was_announced_to_nobody_can_be_read_later(fugue: Running) -> None:
    fugue("new-session", "-d", "-s", "work")
    assert fugue("show-messages") == ""
    fugue.config.write_text("[server]\nhistory_limit = -1\n")
    until("refusal", lambda: "not changed: server.history_limit" in fugue("show-messages"))
    fugue.config.write_text("[server]\nhistory_limit = 3000\n")
    until("mended", lambda: "history_limit 10000 → 3000" in fugue("show-messages"))
    assert [line.split(": ")[1] for line in fugue("show-messages").splitlines()] == [
        "configuration",
        "config.toml:2",
    ]
    fugue("set-option", "-s", "message-limit", "1")
    fugue("config", "reload")
    assert len(fugue("show-messages").splitlines()) == 1
