"""What happens when pipe-pane's command ends, and at the next server."""

import pytest
from msgspec.structs import replace

from fuguemux.config.secrets import MARK
from fuguemux.model.events import PipeChanged
from fuguemux.model.ids import PaneId
from fuguemux.model.state import Pipe
from fuguemux.reactions import pipe_ended
from tests.support.builders import session, state
from tests.support.fake_live import FakeLive

PANE = PaneId(0)


def test_only_the_pipe_that_ended_is_over() -> None:
    on = state(session("a"))
    assert pipe_ended.decide(on, FakeLive(), PANE, 5).events == ()
    piped = replace(on, panes={PANE: replace(on.panes[PANE], pipe=Pipe("cat", 5))})
    assert pipe_ended.decide(piped, FakeLive(), PANE, 5).events == (PipeChanged(PANE, None),)
    assert pipe_ended.decide(piped, FakeLive(), PANE, 4).events == ()
    assert pipe_ended.decide(piped, FakeLive(), PaneId(9), 5).events == ()


@pytest.mark.parametrize(
    "command",
    [
        "cat >>log",
        "exec cat >> 'my > log'",
        "cat >>log 2>errors",
        "cat >>log 2>&1",
        "grep -v x >/dev/null",
        "tee -a log >/dev/null",
        "tee --append log",
        "ts '%H:%M' | tee -ai log",
        'while read -r l; do echo "$(date) $l" >>log; done',
        "nc -U /run/x",
        "steed log",
        "gzip -c | ssh host 'cat >log'",
    ],
)
def test_a_command_that_appends_goes_on(command: str) -> None:
    assert pipe_ended.why_not_again(Pipe(command, 0)) == ""


@pytest.mark.parametrize(
    "command",
    ["cat >log", "cat > log", "cat>log", "cat 1>log", "cat >|log", "tee log", "ts | tee -i log"],
)
def test_a_command_that_would_write_its_file_anew_does_not(command: str) -> None:
    assert "would overwrite its file" in pipe_ended.why_not_again(Pipe(command, 0))


def test_nor_does_one_without_its_secret() -> None:
    pipe = Pipe(f"curl -T - -u me:{MARK} >>log", 0)
    assert pipe_ended.why_not_again(pipe) == "a secret in its command is not stored"
