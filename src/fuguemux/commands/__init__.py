"""The commands of users: one file per command, with tmux's name. Each file has a row (flags, target, help) and a pure
function `decide(state, live, invocation) -> Decision`.

A command reads only its arguments, performs nothing, and imports no other command, unless it is the same command under
another name (`last_window`, `move_pane` and so on). `table.py` lists all commands, and the engine calls `decide`.
"""
