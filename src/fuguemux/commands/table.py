"""All commands, in one table. Dispatch, help and completion read it; nothing registers itself by being imported."""

from typing import Final

from fuguemux.commands import (
    attach_session,
    break_pane,
    capture_pane,
    clear_history,
    detach_client,
    has_session,
    join_pane,
    kill_pane,
    kill_server,
    kill_session,
    kill_window,
    last_pane,
    last_window,
    link_window,
    move_pane,
    move_window,
    new_session,
    new_window,
    next_window,
    previous_window,
    rename_session,
    rename_window,
    resize_pane,
    resize_window,
    select_pane,
    select_window,
    send_keys,
    send_prefix,
    split_window,
    start_server,
    swap_window,
    switch_client,
    unlink_window,
)
from fuguemux.commands.command import Command
from fuguemux.model.decision import Decision, Refused, Request
from fuguemux.model.live import LiveView
from fuguemux.model.state import ServerState

COMMANDS: Final[tuple[Command, ...]] = (
    attach_session.COMMAND,
    break_pane.COMMAND,
    capture_pane.COMMAND,
    clear_history.COMMAND,
    detach_client.COMMAND,
    has_session.COMMAND,
    join_pane.COMMAND,
    kill_pane.COMMAND,
    kill_server.COMMAND,
    kill_session.COMMAND,
    kill_window.COMMAND,
    last_pane.COMMAND,
    last_window.COMMAND,
    link_window.COMMAND,
    move_pane.COMMAND,
    move_window.COMMAND,
    new_session.COMMAND,
    new_window.COMMAND,
    next_window.COMMAND,
    previous_window.COMMAND,
    rename_session.COMMAND,
    rename_window.COMMAND,
    resize_pane.COMMAND,
    resize_window.COMMAND,
    select_pane.COMMAND,
    select_window.COMMAND,
    send_keys.COMMAND,
    send_prefix.COMMAND,
    split_window.COMMAND,
    start_server.COMMAND,
    swap_window.COMMAND,
    switch_client.COMMAND,
    unlink_window.COMMAND,
)

_BY_ALIAS: Final = {command.alias: command for command in COMMANDS if command.alias}
_BY_NAME: Final = {command.name: command for command in COMMANDS}


def find(name: str) -> Command:
    """The command called `name`: by its alias, its name, or a prefix of its name that only it has. Raises Refused."""
    command = _BY_ALIAS.get(name) or _BY_NAME.get(name)
    if command is not None:
        return command
    found = sorted(known for known in _BY_NAME if known.startswith(name))
    if not found or not name:
        raise Refused(f"unknown command: {name}")
    if len(found) > 1:
        raise Refused(f"ambiguous command: {name}, could be: {', '.join(found)}")
    return _BY_NAME[found[0]]


def decide(state: ServerState, live: LiveView, request: Request) -> Decision:
    """Find the command that `request.argv` names, read its flags, and let it decide. Raises Refused."""
    command = find(request.argv[0])
    return command.decide(state, live, command.invocation(request))
