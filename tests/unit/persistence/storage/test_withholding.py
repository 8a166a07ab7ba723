"""What is not stored: secrets in the environment and in command lines, and hidden variables."""

import msgspec

from fuguemux.config.secrets import MARK
from fuguemux.model import events as ev
from fuguemux.model.apply import apply
from fuguemux.model.ids import PaneId, SessionId, WindowId
from fuguemux.model.layout import leaf
from fuguemux.model.state import Environment, Ran, ServerState
from fuguemux.persistence.storage.serialization import (
    decode_events,
    decode_state,
    encode_events,
    encode_state,
)
from fuguemux.persistence.storage.withholding import WITHHELD, without_withheld
from tests.support.builders import session, state, window

LINE = (b"mysql --password=hunter2 shop",)
CLEAN = (f"mysql --password={MARK} shop".encode(),)


def token(name: bytes, _value: bytes) -> bool:
    return b"TOKEN" in name


def test_withheld_values_never_reach_the_bytes() -> None:
    environment: Environment = {b"TOKEN": b"hunter2", b"HOME": b"/root", b"OLD_TOKEN": None}
    events: list[ev.AnyEvent] = [
        ev.SessionCreated(SessionId(0), "s", b"/", 1, environment),
        ev.EnvironmentSet(None, b"TOKEN", b"hunter2"),
        ev.PaneRespawned(PaneId(0), environment=environment),
    ]
    payload = encode_events(events, token)
    assert b"hunter2" not in payload
    first = decode_events(payload)[0]
    assert isinstance(first, ev.SessionCreated)
    assert first.environment == {b"TOKEN": WITHHELD, b"HOME": b"/root", b"OLD_TOKEN": None}


def test_withheld_variables_are_left_out_and_named_after_a_recovery() -> None:
    before = msgspec.structs.replace(
        state(session("work")), environment={b"TOKEN": b"x", b"HOME": b"/"}
    )
    stored = decode_state(encode_state(before, token))
    after, names = without_withheld(stored)
    assert after.environment == {b"HOME": b"/"}
    assert names == ["TOKEN"]
    assert without_withheld(ServerState()) == (ServerState(), [])


def test_secrets_in_command_lines_never_reach_the_bytes() -> None:
    pane, window, layout = PaneId(7), WindowId(7), leaf(PaneId(7), 80, 24)
    events: list[ev.AnyEvent] = [
        ev.WindowCreated(window, "mysql", SessionId(0), 1, pane, layout, 1, LINE),
        ev.PaneAdded(window, pane, layout, 1, LINE, environment={b"A": b"b"}),
        ev.PaneRespawned(pane, LINE),
        ev.ForegroundChanged(pane, (b"mysql", b"-phunter2")),
        ev.OptionSet("pane", 7, "restore-command", LINE[0].decode()),
        ev.SessionCreated(SessionId(1), "s", b"/", 1, {}, {"default-command": LINE[0].decode()}),
        ev.ProcessStarted(pane, 2, 1, 1, "", 1, LINE),
        ev.ProgramEnded(pane, 1, 1, 1, LINE[0].decode(), "work:1"),
    ]
    payload = encode_events(events)
    assert b"hunter2" not in payload
    first, second, third, fourth, fifth, *_ = decode_events(payload)
    assert isinstance(first, ev.WindowCreated)
    assert isinstance(second, ev.PaneAdded)
    assert isinstance(third, ev.PaneRespawned)
    assert first.argv == second.argv == third.argv == CLEAN
    assert third.environment is None
    assert fourth == ev.ForegroundChanged(pane, (b"mysql", f"-p{MARK}".encode()))
    assert fifth == ev.OptionSet("pane", 7, "restore-command", CLEAN[0].decode())


def test_pipelines_and_jobs_are_stored_without_secrets() -> None:
    secret, clean = (b"mysql", b"-phunter2"), (b"mysql", f"-p{MARK}".encode())
    event = ev.ForegroundChanged(PaneId(0), secret, (secret, (b"less",)), Ran.LOOP, (secret,))
    wanted = ev.ForegroundChanged(PaneId(0), clean, (clean, (b"less",)), Ran.LOOP, (clean,))
    assert decode_events(encode_events([event])) == [wanted]
    pane = msgspec.structs.replace(
        state(session("work", window())).panes[PaneId(0)], pipeline=(secret,), jobs=(secret,)
    )
    pane = decode_state(encode_state(ServerState(panes={pane.id: pane}))).panes[pane.id]
    assert (pane.pipeline, pane.jobs) == ((clean,), (clean,))


def test_what_holds_no_secret_is_stored_as_it_is() -> None:
    events: list[ev.AnyEvent] = [
        ev.PaneRespawned(PaneId(0), (b"vim", b"notes"), environment={b"A": b"b"}),
        ev.OptionSet("pane", 7, "restore-command", None),
        ev.OptionSet("pane", 7, "restore-command", "vim"),
        ev.OptionSet("pane", 7, "@note", LINE[0].decode()),
        ev.PaneTitled(PaneId(0), "--token x"),
    ]
    assert decode_events(encode_events(events, token)) == events


def test_the_structure_holds_no_secret_either() -> None:
    before = state(session("work"))
    pane, window = before.panes[PaneId(0)], before.windows[WindowId(0)]
    line = LINE[0].decode()
    replace = msgspec.structs.replace
    before = replace(
        before,
        panes={
            pane.id: replace(
                pane, argv=LINE, foreground=LINE * 2, options={"restore-command": line}
            )
        },
        windows={window.id: replace(window, options={"restore-command": line, "a": "b"})},
        session_options={"default-command": line},
        hidden={b"H": b"hunter2"},
    )
    data = encode_state(before)
    assert b"hunter2" not in data
    after, names = without_withheld(decode_state(data))
    assert after.panes[pane.id].argv == CLEAN
    assert after.windows[window.id].options == {"a": "b"}
    assert after.panes[pane.id].options == after.session_options == {}
    assert after.hidden == {}
    assert names == ["default-command", "@0 restore-command", "%0 restore-command"]


def test_of_hidden_variables_not_even_the_name_is_stored() -> None:
    before = state(session("work"))
    events: list[ev.AnyEvent] = [
        ev.EnvironmentSet(None, b"HIDDEN_ONE", b"hunter2", hidden=True),
        ev.EnvironmentSet(SessionId(0), b"HIDDEN_TWO", b"hunter2", hidden=True),
    ]
    after = before
    for event in events:
        after = apply(after, event)
    assert after.hidden == {b"HIDDEN_ONE": b"hunter2"}
    assert after.sessions[SessionId(0)].hidden == {b"HIDDEN_TWO": b"hunter2"}
    assert b"HIDDEN" not in encode_events(events)
    assert b"HIDDEN" not in encode_state(after)
    assert decode_events(encode_events(events)) == []
    assert decode_state(encode_state(after)) == before
