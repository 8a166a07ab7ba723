"""Targets as `-t` and `-s` write them (`work:2.1`, `{last}`, `%3`): finds the session, window, pane or client that
the text names.

The dispatcher resolves what a command declares; some commands look up further targets. This room reads the state and
the live view, and changes nothing.
"""
