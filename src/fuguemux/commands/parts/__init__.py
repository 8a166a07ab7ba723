"""Steps that several commands share: starting a pane, linking a window, lists, paste buffers, reports as text. Commands
call them, and they call no command. They are as pure as the commands.
"""
