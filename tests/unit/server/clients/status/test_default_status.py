"""The row that is put together directly is the expansion of the default format."""

import msgspec
import pytest

from fuguemux.formats import formats
from fuguemux.model.ids import ClientId, SessionId
from fuguemux.model.state import ServerState
from fuguemux.server.clients.status import default_status
from tests.support.builders import session, state, window
from tests.support.fake_live import FakeLive

BUILT = state(session("a", window("one"), window("two"), window("three")))
CASES: dict[str, dict[str, dict[str, str]]] = {
    "defaults": {},
    "sides": {
        "session_options": {
            "status-left": "#[fg=red]#{session_name} %H is too long for it",
            "status-left-length": "12",
            "status-left-style": "bg=#{?session_windows,blue,red}",
            "status-right": "#{W:#{window_index}}",
            "status-justify": "centre",
        }
    },
    "windows": {
        "window_options": {
            "window-status-format": "#I:#W,",
            "window-status-current-format": "<#I#{window_flags}>",
            "window-status-separator": " | ",
            "window-status-style": "fg=colour#{window_index}",
            "window-status-current-style": "bold",
            "window-status-last-style": "underscore",
        }
    },
}


@pytest.mark.parametrize("name", CASES)
def test_the_row_is_the_expansion_of_the_default_format(name: str) -> None:
    built: ServerState = msgspec.structs.replace(BUILT, **CASES[name])
    of = built.sessions[SessionId(0)]
    of = msgspec.structs.replace(of, active=1, last=(2, 0))
    built = msgspec.structs.replace(built, sessions={of.id: of})
    context = formats.FormatContext(built, FakeLive(), session=of.id, client=ClientId(1))
    expanded = formats.expand(default_status.DEFAULT_FORMAT, context, time=True)
    assert default_status.first_row(context, of, formats.Work()) == expanded
