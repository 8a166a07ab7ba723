"""The commands attach-session, has-session, detach-client and switch-client."""

import pytest

from fuguemux.commands import attach_session, detach_client, has_session, switch_client
from fuguemux.model.decision import Refused
from fuguemux.model.effects import Attach, Detach, SwitchClient
from fuguemux.model.ids import ClientId, PaneId, SessionId, WindowId
from fuguemux.model.state import ServerState
from tests.support.builders import session, state, window
from tests.support.fake_live import FakeLive
from tests.support.folding import run
from tests.support.viewers import viewer

THREE = state(session("a"), session("b", window(panes=2), window()), session("c"))


def test_attach_makes_a_viewer_and_updates_the_environment() -> None:
    outcome = run(
        attach_session.COMMAND,
        THREE,
        *("-d", "-t", "b"),
        interactive=True,
        environment={b"SSH_AUTH_SOCK": b"/tmp/agent"},
    )
    assert outcome.effects == (Attach(ClientId(1), SessionId(1), detach_others=True),)
    assert outcome.state.sessions[SessionId(1)].environment[b"SSH_AUTH_SOCK"] == b"/tmp/agent"


def test_attach_to_a_pane_shows_that_pane() -> None:
    outcome = run(attach_session.COMMAND, THREE, "-rt", "b:0.1", interactive=True)
    assert outcome.effects == (Attach(ClientId(1), SessionId(1), flags="read-only,ignore-size"),)
    assert outcome.state.windows[WindowId(1)].active == PaneId(2)


def test_attach_without_sessions_or_terminal() -> None:
    with pytest.raises(Refused, match=r"^no sessions$"):
        run(attach_session.COMMAND, ServerState(), interactive=True)
    with pytest.raises(Refused, match=r"^open terminal failed: not a terminal$"):
        run(attach_session.COMMAND, THREE)


def test_has_session_is_quiet_or_refuses() -> None:
    assert run(has_session.COMMAND, THREE, "-t", "=a").decision.reply.lines == ()
    with pytest.raises(Refused, match=r"^can't find session: q$"):
        run(has_session.COMMAND, THREE, "-t", "=q")


def test_detach_one_all_others_or_those_of_a_session() -> None:
    live = FakeLive(attached=(viewer(1), viewer(2, session=1), viewer(3, session=1)))
    assert run(detach_client.COMMAND, THREE, live=live).effects == (Detach(ClientId(1)),)
    others = run(detach_client.COMMAND, THREE, "-a", "-P", live=live).effects
    assert others == (
        Detach(ClientId(2), kill_parent=True),
        Detach(ClientId(3), kill_parent=True),
    )
    named = run(detach_client.COMMAND, THREE, "-t", "/dev/pts/92", "-E", "ls", live=live)
    assert named.effects == (Detach(ClientId(2), shell_command="ls", shell="/bin/sh"),)
    of_session = run(detach_client.COMMAND, THREE, "-s", "b", live=live).effects
    assert of_session == (Detach(ClientId(2)), Detach(ClientId(3)))


def test_detach_without_clients() -> None:
    with pytest.raises(Refused, match=r"^no current client$"):
        run(detach_client.COMMAND, THREE)


@pytest.mark.parametrize(
    ("words", "expected"), [("-n", 1), ("-p", 2), ("-t b:1", 1), ("-t c", 2), ("-l", 2)]
)
def test_switch(words: str, expected: int) -> None:
    live = FakeLive(attached=(viewer(),), attached_s={SessionId(2): 9, SessionId(1): 5})
    outcome = run(switch_client.COMMAND, THREE, *words.split(), live=live, session=0)
    assert outcome.effects == (SwitchClient(ClientId(1), SessionId(expected)),)


def test_switch_to_nowhere() -> None:
    live = FakeLive(attached=(viewer(),))
    with pytest.raises(Refused, match=r"^can't find last session$"):
        run(switch_client.COMMAND, THREE, "-l", live=live)
    with pytest.raises(Refused, match=r"^can't find next session$"):
        run(switch_client.COMMAND, state(session("a")), "-n", live=live)
    with pytest.raises(Refused, match=r"^no current client$"):
        run(switch_client.COMMAND, THREE, "-t", "a")
