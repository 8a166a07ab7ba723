"""The command new-session."""

from typing import Any

import msgspec
import pytest

from fuguemux.commands import new_session, table
from fuguemux.commands.parts.attaching import check_can_attach
from fuguemux.model.decision import Expand, Refused
from fuguemux.model.effects import Attach, StartProcess
from fuguemux.model.events import SessionCreated
from fuguemux.model.ids import ClientId, PaneId, SessionId, WindowId
from fuguemux.model.layout import leaf
from fuguemux.model.state import ServerState
from tests.support.builders import request, session, state
from tests.support.fake_live import FakeLive
from tests.support.folding import Outcome, run

COMMAND = new_session.COMMAND


def made(*words: str, on: ServerState | None = None, **requester: Any) -> Outcome:
    return run(COMMAND, on or ServerState(), *words, **requester)


def test_a_detached_session_has_a_window_of_80_by_24_and_a_process() -> None:
    outcome = made("-d", "-s", "work")
    (made_session,) = outcome.state.sessions.values()
    assert made_session.name == "work"
    assert outcome.state.windows[WindowId(0)].layout == leaf(PaneId(0), 80, 24)
    assert outcome.effects == (StartProcess(PaneId(0)),)
    assert outcome.decision.reply.lines == ()


def test_the_nameless_session_is_called_after_its_number_and_skips_taken_ones() -> None:
    outcome = made("-d", on=state(session("big"), session("2")))
    assert outcome.state.sessions[SessionId(3)].name == "3"
    assert outcome.state.next_session == 4


def test_colons_and_periods_in_names_become_underscores() -> None:
    outcome = made("-d", "-s", "x.y:z")
    assert outcome.state.sessions[SessionId(0)].name == "x_y_z"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("-s", "work"), "duplicate session: work"),
        (("-s", ""), "invalid session: "),
        (("-x", "0"), "width too small"),
        (("-x", "abc"), "width invalid"),
        (("-y", "99999"), "height too large"),
        (("-t", "work", "top"), "command or window name given with target"),
        (("-t", "work", "-n", "name"), "command or window name given with target"),
    ],
)
def test_what_is_refused(words: tuple[str, ...], message: str) -> None:
    with pytest.raises(Refused) as refused:
        made("-d", *words, on=state(session("work")))
    assert str(refused.value) == message


def test_without_a_terminal_it_must_be_detached() -> None:
    with pytest.raises(Refused, match=r"^open terminal failed: not a terminal$"):
        made()


def test_inside_a_pane_it_must_be_detached() -> None:
    with pytest.raises(Refused, match="nested with care"):
        made(on=state(session("a")), interactive=True, pane=0, environment={b"FUGUE": b"/run/x"})


@pytest.mark.parametrize(
    ("environment", "unset"),
    [
        ({b"FUGUE": b"/run/x,1,0", b"TMUX": b"/run/x,1,0", b"TMUX_PANE": b"%0"}, "TMUX"),
        ({b"FUGUE": b"/run/x,1,0"}, "FUGUE"),
        ({b"FUGUE": b"/run/x,1,0", b"TMUX": b"", b"TMUX_PANE": b"%0"}, None),
    ],
)
def test_called_as_tmux_it_is_inside_as_long_as_tmux_is_set(
    environment: dict[bytes, bytes], unset: str | None
) -> None:
    asked = msgspec.structs.replace(
        request("new-session", interactive=True, pane=0, environment=environment), as_tmux=True
    )
    if unset is None:
        check_can_attach(asked)
        return
    with pytest.raises(Refused, match=rf"nested with care, unset \${unset} to force"):
        check_can_attach(asked)


def test_a_session_of_a_client_called_tmux_has_the_shim() -> None:
    def shim_of(on: ServerState) -> str | None:
        asked = msgspec.structs.replace(request("new-session", "-d"), as_tmux=True)
        created = table.decide(on, FakeLive(), asked).events[0]
        assert isinstance(created, SessionCreated)
        return created.options.get("tmux-shim")

    assert shim_of(ServerState()) == "on"
    assert (
        shim_of(msgspec.structs.replace(ServerState(), session_options={"tmux-shim": "off"}))
        is None
    )


def test_an_attached_one_takes_the_size_of_the_terminal_without_the_status_line() -> None:
    outcome = made(interactive=True, columns=120, rows=40)
    assert outcome.state.windows[WindowId(0)].layout == leaf(PaneId(0), 120, 39)
    assert outcome.effects[-1] == Attach(ClientId(1), SessionId(0))


def test_an_attached_client_is_switched() -> None:
    outcome = made(on=state(session("a")), session=0, columns=80, rows=25)
    assert outcome.effects[-1] == Attach(ClientId(1), SessionId(1))


def test_the_size_given_is_the_sessions_default_size() -> None:
    outcome = made("-d", "-x", "100", "-y", "30")
    assert outcome.state.sessions[SessionId(0)].options == {"default-size": "100x30"}
    assert outcome.state.windows[WindowId(0)].layout == leaf(PaneId(0), 100, 30)


def test_words_directory_environment_and_name() -> None:
    outcome = made(
        *("-d", "-n", "hello", "-c", "src", "-e", "A=1", "-e", "B=x=y", "vim", "notes.md"),
        cwd=b"/home/me",
    )
    pane = outcome.state.panes[PaneId(0)]
    assert pane.argv == (b"vim", b"notes.md")
    assert pane.cwd == b"/home/me/src"
    made_session = outcome.state.sessions[SessionId(0)]
    assert made_session.environment[b"A"] == b"1"
    assert made_session.environment[b"B"] == b"x=y"
    window = outcome.state.windows[WindowId(0)]
    assert (window.name, window.options) == ("hello", {"automatic-rename": "off"})


def test_the_window_is_called_after_the_program() -> None:
    assert made("-d", "sleep 100").state.windows[WindowId(0)].name == "sleep"


def test_the_environment_is_taken_over_and_what_the_client_lacks_is_taken_out() -> None:
    outcome = made("-d", environment={b"DISPLAY": b":1", b"SECRET": b"x"})
    environment = outcome.state.sessions[SessionId(0)].environment
    assert environment[b"DISPLAY"] == b":1"
    assert environment[b"SSH_AUTH_SOCK"] is None
    assert b"SECRET" not in environment
    assert (
        made("-d", "-E", environment={b"DISPLAY": b":1"}).state.sessions[SessionId(0)].environment
        == {}
    )


def test_printing() -> None:
    lines = made("-d", "-P").decision.reply.lines
    assert lines == (Expand("#{session_name}:", SessionId(0), WindowId(0), PaneId(0)),)
    lines = made("-d", "-P", "-F", "#{session_id}").decision.reply.lines
    assert lines == (Expand("#{session_id}", SessionId(0), WindowId(0), PaneId(0)),)


def test_attach_if_it_exists() -> None:
    outcome = run(
        COMMAND,
        state(session("work")),
        *("-A", "-D", "-E", "-s", "work"),
        interactive=True,
        live=FakeLive(),
    )
    assert outcome.decision.events == ()
    assert outcome.effects == (Attach(ClientId(1), SessionId(0), detach_others=True),)
