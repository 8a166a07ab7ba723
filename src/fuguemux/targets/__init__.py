"""Targets as `-t` and `-s` write them (`work:2.1`, `{last}`, `%3`): finding the session, window, pane or client that is
meant. The dispatcher resolves what a command declares; some commands look up further targets. It reads the state and
the live view, and changes nothing.
"""
