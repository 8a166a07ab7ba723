"""The table of all commands. Dispatch, help and completion read it. No command registers itself when it is imported."""

from functools import lru_cache
from typing import Final

import msgspec

from fuguemux.commands import (
    attach_session,
    bind_key,
    break_pane,
    capture_pane,
    checkpoint,
    choose_buffer,
    choose_client,
    choose_tree,
    clear_history,
    clear_prompt_history,
    clock_mode,
    command_prompt,
    confirm_before,
    copy_mode,
    customize_mode,
    delete_buffer,
    detach_client,
    display_menu,
    display_message,
    display_panes,
    display_popup,
    find_window,
    has_session,
    if_shell,
    join_pane,
    kill_pane,
    kill_server,
    kill_session,
    kill_window,
    last_pane,
    last_window,
    link_window,
    list_buffers,
    list_clients,
    list_commands,
    list_keys,
    list_panes,
    list_sessions,
    list_windows,
    load_buffer,
    lock_client,
    lock_server,
    lock_session,
    move_pane,
    move_window,
    new_pane,
    new_session,
    new_window,
    next_layout,
    next_window,
    paste_buffer,
    pipe_pane,
    previous_layout,
    previous_window,
    purge,
    recovery,
    refresh_client,
    reload_configuration,
    rename_session,
    rename_window,
    resize_pane,
    resize_window,
    respawn_pane,
    respawn_window,
    restart_server,
    restore_session,
    rotate_window,
    run_shell,
    save_buffer,
    search,
    select_layout,
    select_pane,
    select_window,
    send_keys,
    send_prefix,
    server_access,
    set_buffer,
    set_environment,
    set_hook,
    set_option,
    set_window_option,
    show_buffer,
    show_environment,
    show_hooks,
    show_messages,
    show_options,
    show_prompt_history,
    show_window_options,
    source_file,
    split_window,
    start_server,
    status,
    suspend_client,
    swap_pane,
    swap_window,
    switch_client,
    theme,
    unbind_key,
    unlink_window,
    wait_for,
)
from fuguemux.commands.command import Command
from fuguemux.language.language import replace_alias
from fuguemux.language.names import TMUX_NAMES
from fuguemux.language.nearest import nearest
from fuguemux.language.quoting import render_all
from fuguemux.model.decision import Decision, Refused, Request
from fuguemux.model.effects import RunCommands
from fuguemux.model.live import LiveView
from fuguemux.model.state import ServerState
from fuguemux.options.aliases import aliases_of

COMMANDS: Final[tuple[Command, ...]] = (
    attach_session.COMMAND,
    bind_key.COMMAND,
    break_pane.COMMAND,
    capture_pane.COMMAND,
    checkpoint.COMMAND,
    choose_buffer.COMMAND,
    choose_client.COMMAND,
    choose_tree.COMMAND,
    clear_history.COMMAND,
    clear_prompt_history.COMMAND,
    clock_mode.COMMAND,
    command_prompt.COMMAND,
    confirm_before.COMMAND,
    copy_mode.COMMAND,
    customize_mode.COMMAND,
    delete_buffer.COMMAND,
    detach_client.COMMAND,
    display_menu.COMMAND,
    display_message.COMMAND,
    display_panes.COMMAND,
    display_popup.COMMAND,
    find_window.COMMAND,
    has_session.COMMAND,
    if_shell.COMMAND,
    join_pane.COMMAND,
    kill_pane.COMMAND,
    kill_server.COMMAND,
    kill_session.COMMAND,
    kill_window.COMMAND,
    last_pane.COMMAND,
    last_window.COMMAND,
    link_window.COMMAND,
    list_buffers.COMMAND,
    list_clients.COMMAND,
    list_commands.COMMAND,
    list_keys.COMMAND,
    list_panes.COMMAND,
    list_sessions.COMMAND,
    list_windows.COMMAND,
    load_buffer.COMMAND,
    lock_client.COMMAND,
    lock_server.COMMAND,
    lock_session.COMMAND,
    move_pane.COMMAND,
    move_window.COMMAND,
    new_pane.COMMAND,
    new_session.COMMAND,
    new_window.COMMAND,
    next_layout.COMMAND,
    next_window.COMMAND,
    paste_buffer.COMMAND,
    pipe_pane.COMMAND,
    previous_layout.COMMAND,
    previous_window.COMMAND,
    purge.COMMAND,
    recovery.COMMAND,
    refresh_client.COMMAND,
    reload_configuration.COMMAND,
    rename_session.COMMAND,
    rename_window.COMMAND,
    resize_pane.COMMAND,
    resize_window.COMMAND,
    respawn_pane.COMMAND,
    respawn_window.COMMAND,
    restart_server.COMMAND,
    restore_session.COMMAND,
    rotate_window.COMMAND,
    run_shell.COMMAND,
    save_buffer.COMMAND,
    search.COMMAND,
    select_layout.COMMAND,
    select_pane.COMMAND,
    select_window.COMMAND,
    send_keys.COMMAND,
    send_prefix.COMMAND,
    server_access.COMMAND,
    set_buffer.COMMAND,
    set_environment.COMMAND,
    set_hook.COMMAND,
    set_option.COMMAND,
    set_window_option.COMMAND,
    show_buffer.COMMAND,
    show_environment.COMMAND,
    show_hooks.COMMAND,
    show_messages.COMMAND,
    show_options.COMMAND,
    show_prompt_history.COMMAND,
    show_window_options.COMMAND,
    source_file.COMMAND,
    split_window.COMMAND,
    start_server.COMMAND,
    status.COMMAND,
    suspend_client.COMMAND,
    swap_pane.COMMAND,
    swap_window.COMMAND,
    switch_client.COMMAND,
    theme.COMMAND,
    unbind_key.COMMAND,
    unlink_window.COMMAND,
    wait_for.COMMAND,
)

WITHOUT_SERVER: Final = (
    *("help", "doctor", "config", "state", "import", "completions", "service", "shim", "version"),
)
"""Commands that the program runs without a server. A test compares this list with the client's."""

_BY_ALIAS: Final = {command.alias: command for command in COMMANDS if command.alias}
_BY_NAME: Final = {command.name: command for command in COMMANDS}


def find(name: str) -> Command:
    """The command with this alias or name, or the only command whose name begins with `name`. Raises Refused.

    fugue's own commands can be abbreviated if tmux has no command that begins so."""
    command = _BY_ALIAS.get(name) or _BY_NAME.get(name)
    if command is not None:
        return command
    found = sorted(known for known in TMUX_NAMES if known.startswith(name))
    found = found or sorted(known for known in _BY_NAME if known.startswith(name))
    if not found or not name:
        near = nearest(name, [*_BY_NAME, *_BY_ALIAS, *WITHOUT_SERVER])
        raise Refused(f"unknown command: {name}", near=near)
    if len(found) > 1:
        raise Refused(f"ambiguous command: {name}, could be: {', '.join(found)}")
    if found[0] not in _BY_NAME:
        raise Refused(f"not supported: {found[0]}")
    return _BY_NAME[found[0]]


class AllCommands:
    """Implements language.command_table.CommandTable."""

    def __init__(self, aliases: tuple[str, ...] = ()) -> None:
        self.aliases = aliases

    def rows(self) -> tuple[Command, ...]:
        """All commands."""
        return COMMANDS

    def find(self, name: str) -> Command:
        """As the function `find`."""
        return find(name)


TABLE: Final = AllCommands()


@lru_cache(maxsize=4)
def _with(aliases: tuple[str, ...]) -> AllCommands:
    """The table with these aliases, the same object each time."""
    return AllCommands(aliases)


def known_name(argv: tuple[str, ...]) -> str:
    """The name of the command in a command line, for texts that must not contain what a user typed."""
    word = argv[0] if argv else ""
    command = _BY_ALIAS.get(word) or _BY_NAME.get(word)
    return "of another name" if command is None else command.name


def decide(state: ServerState, live: LiveView, request: Request) -> Decision:
    """Find the command that `request.argv` names, parse its flags, look up its targets, and let it decide. Raises
    Refused.

    A command-alias is replaced first. If one stands for several commands, an effect runs them.
    """
    aliases = aliases_of(state)
    commands = replace_alias(request.argv, aliases)
    if len(commands) != 1:
        return Decision(effects=(RunCommands(render_all(commands)),))
    if commands[0] != request.argv:
        request = msgspec.structs.replace(request, argv=commands[0])
    return find(request.argv[0]).decision(state, live, request, _with(aliases))
