"""A command or a status line that holds the loop: the watchdog ends it, and users are told its name."""

import json
from typing import Any

import pytest

from tests.support.running import Running, until

pytestmark = pytest.mark.real


def held(fugue: Running) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(fugue("status", "--json"))["status"]["loop"]["held"]
    return found


def hold(fugue: Running, point: str) -> None:
    fugue.environment |= {
        "FUGUE_TESTING": "1",
        "FUGUE_FAILPOINTS": f"{point}=hold@2",
        "FUGUE_WATCHDOG_SECONDS": "0.5",
    }


def test_a_command_that_holds_the_loop_is_ended_and_named(fugue: Running) -> None:
    hold(fugue, "command.deciding")
    fugue("new-session", "-d", "-s", "work")
    done = fugue.run("list-panes", "-F", "private words")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "list-panes: ended after 0 s in which nothing else could run\n"
    assert fugue("display-message", "-p", "#{session_name}") == "work"
    (holder,) = [of for of in held(fugue) if of["ended"]]
    assert (holder["kind"], holder["name"], holder["count"]) == ("command", "list-panes", 1)
    assert holder["longest_ms"] >= 500
    assert "by command list-panes: 1 times, longest" in fugue("status")
    log = (fugue.state / "server.log").read_text()
    assert 'loop_held holder="command list-panes"' in log
    assert "private" not in log


def test_a_status_line_that_holds_the_loop_is_ended_and_not_tried_again(fugue: Running) -> None:
    hold(fugue, "status_line.composing")
    fugue("new-session", "-d", "-s", "work", "-x", "80", "-y", "24", "cat")
    with fugue.attached() as client:
        client.wait_for("[work]")  # the first one
        fugue("set-option", "-g", "status-left", "second")
        client.wait_for("status line: ended after")
        client.type(b"typed\r")
        client.wait_for("typed")
        until("note", lambda: [of for of in held(fugue) if of["ended"]])
        fugue("set-option", "-g", "status-left", "third")
        client.wait_for("third")
    (holder,) = [of for of in held(fugue) if of["ended"]]
    assert holder["kind"] == "format"
    assert holder["name"].startswith("status line of client ")
    assert holder["ended"] == 1
