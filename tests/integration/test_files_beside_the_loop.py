"""Files are read on other threads than the loop's: while one does not answer, only the client that asked for it
waits."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.test_last_screens import until_noted
from tests.support.failpoint_listener import FailpointListener
from tests.support.running import Running

pytestmark = pytest.mark.real
POINTS = ("source", "report", "last_screen", "configuration")


@pytest.fixture
def points(tmp_path: Path) -> Iterator[FailpointListener]:
    with FailpointListener(str(tmp_path / "points")) as listener:
        yield listener


@pytest.fixture
def slow(tmp_path: Path, points: FailpointListener) -> Iterator[Running]:
    """A server that waits for an answer before it reads any of these."""
    armed = ";".join(f"{name}.reading=pause" for name in POINTS)
    fugue = Running(tmp_path, **points.environment(armed))
    fugue("new-session", "-d", "-s", "work", "-x", "100", "-y", "20")
    yield fugue
    fugue.end()


def served(fugue: Running) -> None:
    assert fugue("new-window", "-dP", "-F", "#{session_name}", "-t", "work:", "cat") == "work"


def test_commands_behind_a_file_that_is_read_slowly_wait_for_it_and_nobody_else(
    slow: Running, points: FailpointListener, tmp_path: Path
) -> None:
    (tmp_path / "one.conf").write_text("set -g @a 1\n")
    (tmp_path / "two.conf").write_text("set -ga @a 2\n")
    requester = slow.begin(
        *("source-file", str(tmp_path / "one.conf"), str(tmp_path / "two.conf"), ";"),
        *("set", "-ga", "@a", "3", ";", "display-message", "-p", "#{@a}"),
    )
    for _ in range(2):
        points.wait("source.reading")
        served(slow)
        assert requester.poll() is None
        points.answer("source.reading")
    assert requester.communicate() == ("123\n", "")


def test_the_directory_of_a_new_pane_is_looked_at_slowly(
    tmp_path: Path, points: FailpointListener
) -> None:
    fugue = Running(tmp_path, **points.environment("pane.looking=pause@2"))
    try:
        fugue("new-session", "-d", "-s", "work", "cat")
        requester = fugue.begin(
            "new-window", "-d", "-n", "slow", "-t", "work:", "-c", "/tmp", "cat"
        )
        points.wait("pane.looking")
        served(fugue)
        points.answer("pane.looking")
        assert requester.communicate() == ("", "")
        assert fugue.format("#{pane_current_path}", "work:slow") == "/tmp"
    finally:
        fugue.end()


def test_history_that_copy_mode_shows_is_read_slowly(
    tmp_path: Path, points: FailpointListener
) -> None:
    fugue = Running(tmp_path, **points.environment("history.holding=pause"))
    try:
        fugue("new-session", "-d", "-s", "work", "seq 1 20000; exec cat")
        fugue.wait_for("\n20000", "work")
        fugue("checkpoint")
        fugue.kill_server()  # what the next one knows of it is on the disk
        requester = fugue.begin(
            *("copy-mode", "-t", "work", ";", "send-keys", "-X", "-t", "work", "history-top", ";"),
            *("display-message", "-p", "-t", "work", "#{copy_cursor_line}"),
        )
        points.wait("history.holding")
        served(fugue)
        assert requester.poll() is None
        points.answer("history.holding")
        output, error = requester.communicate()
        assert (output.strip().isdigit(), error) == (True, "")
        assert int(output) < 10_100
    finally:
        fugue.end()


def test_reports_are_read_slowly(slow: Running, points: FailpointListener) -> None:
    requester = slow.begin("recovery", "list")
    points.wait("report.reading")
    served(slow)
    points.answer("report.reading")
    assert "WHAT CAME BACK" in requester.communicate()[0]


def test_the_configuration_is_read_slowly(slow: Running, points: FailpointListener) -> None:
    requester = slow.begin("config", "reload")
    points.wait("configuration.reading")
    served(slow)
    points.answer("configuration.reading")
    assert requester.communicate()[0] == "nothing changed\n"


def test_a_last_screen_is_read_slowly_and_shown_when_it_is_there(
    slow: Running, points: FailpointListener
) -> None:
    slow("send-keys", "-t", "work", "echo shown last; exec sleep 1000", "Enter")
    slow.wait_for("\nshown last", "work")
    until_noted(slow, "work", b"sleep")
    slow.kill_everything()
    slow("start-server")
    slow.kill_server()  # what the next one knows of it is in a file
    with slow.attached("attach-session", "-t", "work") as person:
        person.wait_for("restored")
        person.type(b"\x02R")
        points.answer("report.reading")
        person.wait_for("the last screen is being read")
        served(slow)
        points.answer("last_screen.reading")
        person.wait_for("shown last")
        person.type(b"q")
