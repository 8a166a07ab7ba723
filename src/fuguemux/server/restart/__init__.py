"""Restarts and upgrades (`restart-server`): the preflight, the handoff, and the process_loop that serves again if the
new server fails.

`main.py` and effects call this room. It may start processes and pass file descriptors to them.
"""
