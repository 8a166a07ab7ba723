"""The resume token: what a client showed, as it tells the next server."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fuguemux.model.client_flags import ClientFlags
from fuguemux.model.ids import PaneId, SessionId
from fuguemux.server.clients.resume_token import SCROLLED_PANES_MAX, Resume, decode, encode


@given(
    st.integers(0, 10**9),
    st.booleans(),
    st.booleans(),
    st.dictionaries(st.integers(0, 10**6), st.integers(0, 10**6), max_size=SCROLLED_PANES_MAX),
)
def test_a_token_comes_back(
    session: int, read_only: bool, ignore_size: bool, places: dict[int, int]
) -> None:
    flags = ClientFlags(read_only=read_only, ignore_size=ignore_size)
    scrolled = tuple((PaneId(pane), rows) for pane, rows in places.items())
    token = encode(SessionId(session), flags=flags, scrolled=scrolled)
    assert decode(token) == Resume(SessionId(session), flags, scrolled)


@given(st.binary(max_size=200))
def test_any_bytes_are_harmless(token: bytes) -> None:
    assert decode(token).session is None or b"$" in token


@pytest.mark.parametrize("token", [b"", b"$", b"$x", b"$-1", b"session", b"$" + b"9" * 40])
def test_what_is_no_session_is_none(token: bytes) -> None:
    assert decode(token).session is None
