"""The server ends on purpose: the next one begins as if it were the first.

Options, key bindings (which are options), hooks, the global environment and paste buffers are removed, since in tmux they
are only in the server's memory. Used ids stay used. Earlier checkpoints still have everything.
"""

from fuguemux.model.decision import Decision
from fuguemux.model.events import (
    AnyEvent,
    BufferDeleted,
    ChannelChanged,
    EnvironmentSet,
    OptionScope,
    OptionSet,
)
from fuguemux.model.live import LiveView
from fuguemux.model.state import Options, ServerState


def decide(state: ServerState, live: LiveView) -> Decision:
    """The events that leave only the counters. None while there are sessions."""
    del live
    if state.sessions:
        return Decision()
    scopes: tuple[tuple[OptionScope, Options], ...] = (
        ("server", state.server_options),
        ("global-session", state.session_options),
        ("global-window", state.window_options),
    )
    events: list[AnyEvent] = [
        OptionSet(scope, 0, name, None) for scope, values in scopes for name in values
    ]
    events += [EnvironmentSet(None, name, None) for name in state.environment]
    events += [EnvironmentSet(None, name, None, hidden=True) for name in state.hidden]
    events += [BufferDeleted(buffer.name) for buffer in state.buffers]
    events += channels_forgotten(state)
    return Decision(tuple(events))


def channels_forgotten(state: ServerState) -> tuple[AnyEvent, ...]:
    """Channels are removed because no process is left that could unlock them."""
    return tuple(ChannelChanged(name, woken=False, locked=False) for name in state.channels)
