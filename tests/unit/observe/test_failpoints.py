"""Failpoints do nothing unless a test uses them, and every action does what the test requests."""

import errno
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from fuguemux.observe import failpoints
from fuguemux.observe.failpoints import FailpointMistake, FailpointReached, reach
from tests.support.failpoint_listener import FailpointListener

POINT = "test.point"


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setitem(failpoints.NAMES, POINT, "a point of these tests")
    yield
    failpoints.disarm()


def arm(points: str, socket: str = "") -> None:
    failpoints.arm_from(
        {"FUGUE_TESTING": "1", "FUGUE_FAILPOINTS": points, "FUGUE_FAILPOINTS_SOCKET": socket}
    )


def test_nothing_happens_unless_armed() -> None:
    reach(POINT)
    reach("anything")


def test_nothing_is_armed_outside_of_testing() -> None:
    failpoints.arm_from({"FUGUE_FAILPOINTS": f"{POINT}=raise"})
    reach(POINT)


def test_raise() -> None:
    arm(f"{POINT}=raise")
    reach("another")
    for _ in range(2):
        with pytest.raises(FailpointReached, match=POINT):
            reach(POINT)


def test_raise_an_os_error() -> None:
    arm(f"{POINT}=raise:ENOSPC")
    with pytest.raises(OSError, match=POINT) as caught:
        reach(POINT)
    assert caught.value.errno == errno.ENOSPC


def test_only_at_one_visit() -> None:
    arm(f"{POINT}=raise@2")
    reach(POINT)
    with pytest.raises(FailpointReached):
        reach(POINT)
    reach(POINT)


@pytest.mark.parametrize(
    "points",
    [
        "no.such=kill",
        f"{POINT}=explode",
        f"{POINT}",
        f"{POINT}=raise:EWRONG",
        f"{POINT}=kill@0",
        f"{POINT}=kill@x",
        f"{POINT}=tell",
    ],
)
def test_a_mistake_in_the_arming_is_named(points: str) -> None:
    with pytest.raises(FailpointMistake, match="FUGUE_FAILPOINTS"):
        arm(points)


def child(points: dict[str, str], code: str) -> subprocess.Popen[bytes]:
    program = (
        "from fuguemux.observe import failpoints\n"
        "import os\n"
        f"failpoints.NAMES[{POINT!r}] = ''\n"
        "failpoints.arm_from({**os.environ, 'FUGUE_FAILPOINTS': os.environ['POINTS']})\n" + code
    )
    environment = {**os.environ, **points, "POINTS": points["FUGUE_FAILPOINTS"]}
    del environment["FUGUE_FAILPOINTS"]
    return subprocess.Popen([sys.executable, "-c", program], env=environment)


def test_kill_is_sigkill() -> None:
    process = child(
        {"FUGUE_TESTING": "1", "FUGUE_FAILPOINTS": f"{POINT}=kill@2"},
        f"failpoints.reach({POINT!r}); failpoints.reach({POINT!r}); os._exit(0)",
    )
    assert process.wait(30) == -signal.SIGKILL


def test_stop_is_sigstop() -> None:
    process = child(
        {"FUGUE_TESTING": "1", "FUGUE_FAILPOINTS": f"{POINT}=stop"},
        f"failpoints.reach({POINT!r}); os._exit(3)",
    )
    _, status = os.waitpid(process.pid, os.WUNTRACED)
    assert os.WIFSTOPPED(status)
    process.send_signal(signal.SIGCONT)
    assert process.wait(30) == 3


def test_tell_and_pause_speak_to_the_test(tmp_path: Path) -> None:
    with FailpointListener(str(tmp_path / "s")) as listener:
        process = child(
            listener.environment(f"{POINT}=pause"), f"failpoints.reach({POINT!r}); os._exit(4)"
        )
        assert listener.wait(POINT) == process.pid
        assert process.poll() is None
        listener.answer(POINT)
        assert process.wait(30) == 4

        process = child(
            listener.environment(f"{POINT}=tell"), f"failpoints.reach({POINT!r}); os._exit(5)"
        )
        assert listener.wait(POINT, 2) == process.pid
        assert process.wait(30) == 5


def test_the_test_may_answer_with_another_action(tmp_path: Path) -> None:
    with FailpointListener(str(tmp_path / "s")) as listener:
        process = child(
            listener.environment(f"{POINT}=pause"), f"failpoints.reach({POINT!r}); os._exit(0)"
        )
        listener.wait(POINT)
        listener.answer(POINT, "kill")
        assert process.wait(30) == -signal.SIGKILL


def test_when_the_test_is_over_nobody_waits(tmp_path: Path) -> None:
    with FailpointListener(str(tmp_path / "s")) as listener:
        process = child(
            listener.environment(f"{POINT}=pause"), f"failpoints.reach({POINT!r}); os._exit(6)"
        )
        listener.wait(POINT)
    assert process.wait(30) == 6
    arm(f"{POINT}=tell", str(tmp_path / "s"))
    reach(POINT)


def test_the_listener_says_what_was_reached_instead(tmp_path: Path) -> None:
    with FailpointListener(str(tmp_path / "s")) as listener:
        arm(f"{POINT}=tell", str(tmp_path / "s"))
        reach(POINT)
        listener.wait(POINT)
        with pytest.raises(TimeoutError, match=POINT):
            listener.wait("other", timeout_s=0.01)
        with pytest.raises(TimeoutError, match=POINT):
            listener.answer("other", timeout_s=0.01)
