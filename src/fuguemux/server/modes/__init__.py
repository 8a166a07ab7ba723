"""Modes of panes other than copy mode: a clock, and trees of sessions, buffers, clients and options. While a pane is in
one, its rectangle shows the mode, and its keys go to the mode, for all clients and without any. Requests and viewers call
this room. A mode reads the state and the panes and changes neither: it answers a key with a command to run.
"""
