"""What a user asks for: one file per command with tmux's name, each with a row (flags, target, help) and a pure function
`decide(state, live, invocation) -> Decision`. `table.py` lists all of them. The engine calls `decide`. A command reads
only its arguments; it performs nothing and imports no other command.
"""
