"""The commands of users: one file per command, with tmux's name. Each file has a row (flags, target, help) and a pure
function `decide(state, live, invocation) -> Decision`.

`table.py` lists all commands. The engine calls `decide`. A command reads only its arguments, performs nothing, and
imports no other command.
"""
