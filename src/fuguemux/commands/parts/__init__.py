"""Steps that several commands share: starting a pane, linking a window, lists, paste buffers, reports as text.

Commands call them. They call no command, and are as pure as the commands.
"""
