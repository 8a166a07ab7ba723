"""Encoding and decoding of events and states."""

import contextlib

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fuguemux.model import events as ev
from fuguemux.model.ids import PaneId, SessionId, WindowId
from fuguemux.persistence.storage import serialization
from fuguemux.persistence.storage.serialization import (
    EventUnknown,
    PayloadDamaged,
    VersionUnknown,
    decode_events,
    decode_state,
    encode_events,
    encode_state,
)
from tests.support.builders import session, state, window

EVENTS: list[ev.AnyEvent] = [
    ev.SessionCreated(
        SessionId(1), "work", b"/home", 5, {b"A": b"1", b"B": None}, {"status": "on"}
    ),
    ev.PaneTitled(PaneId(3), "τίτλος"),
]


def raw_events(*events: object) -> bytes:
    return b"\1" + msgspec.msgpack.encode(list(events))


def test_events_come_back() -> None:
    assert decode_events(encode_events(EVENTS)) == EVENTS


def test_a_state_comes_back() -> None:
    before = state(session("work", window("editor", panes=3), window()), session("other"))
    assert decode_state(encode_state(before)) == before


def test_fields_of_a_newer_version_are_ignored() -> None:
    assert decode_events(raw_events([17, 3, "title", "new field"])) == [
        ev.PaneTitled(PaneId(3), "title")
    ]


def test_missing_fields_take_their_defaults() -> None:
    assert decode_events(raw_events([1, 0, "s", b"/", 1])) == [
        ev.SessionCreated(SessionId(0), "s", b"/", 1)
    ]


def test_an_unknown_event_is_named() -> None:
    with pytest.raises(EventUnknown, match="event 999 is unknown") as caught:
        decode_events(raw_events([17, 3, "t"], [999, 1]))
    assert caught.value.tag == 999


def test_an_unknown_event_that_may_be_ignored_is_left_out() -> None:
    found = decode_events(raw_events([999, 1], [17, 3, "t"]), ignorable=True)
    assert found == [ev.PaneTitled(PaneId(3), "t")]


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"\1",
        b"\1\xc1",
        raw_events([17]),
        raw_events([17, "x", 1]),
        raw_events(5),
        raw_events([]),
    ],
)
def test_damage_is_told_from_another_version(payload: bytes) -> None:
    with pytest.raises(PayloadDamaged):
        decode_events(payload)


def test_a_newer_version_is_not_damage() -> None:
    with pytest.raises(VersionUnknown, match="format 200"):
        decode_events(b"\xc8" + encode_events(EVENTS)[1:])
    with pytest.raises(VersionUnknown):
        decode_state(b"\xc8\x90")


def test_older_versions_are_migrated_step_by_step(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serialization, "EVENTS_VERSION", 3)
    steps = {
        1: lambda packed: packed.replace(b"old", b"mid"),
        2: lambda packed: packed.replace(b"mid", b"new"),
    }
    monkeypatch.setattr(serialization, "EVENT_MIGRATIONS", steps)
    assert decode_events(raw_events([17, 3, "old"])) == [ev.PaneTitled(PaneId(3), "new")]


@given(st.binary(max_size=200))
def test_garbage_raises_nothing_else(data: bytes) -> None:
    for decode in (decode_events, decode_state):
        with contextlib.suppress(serialization.SerializationError):
            decode(data)


names = st.text(max_size=20)
numbers = st.integers(0, 2**31)
environments = st.dictionaries(st.binary(max_size=5), st.none() | st.binary(max_size=5), max_size=3)


@given(
    st.lists(
        st.one_of(
            st.builds(ev.SessionRenamed, numbers.map(SessionId), names),
            st.builds(ev.WindowMoved, numbers.map(SessionId), numbers, numbers),
            st.builds(
                ev.SessionCreated,
                numbers.map(SessionId),
                names,
                st.binary(max_size=9),
                numbers,
                environments,
            ),
            st.builds(
                ev.OptionSet, st.sampled_from(["server", "pane"]), numbers, names, st.none() | names
            ),
            st.builds(ev.WindowRenamed, numbers.map(WindowId), names),
        ),
        max_size=5,
    )
)
def test_any_events_come_back(events: list[ev.AnyEvent]) -> None:
    assert decode_events(encode_events(events)) == events
