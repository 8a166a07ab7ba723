"""From a request to its reply: executing commands in order, running their effects, hooks, shells, pipes, keys and
input.

Connections call it. It commits through the engine, and calls processes, panes and clients only to run effects.
"""
