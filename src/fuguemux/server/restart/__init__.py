"""`restart-server` and upgrades: the proof that a new server can take over, the handoff, and the loop that serves again if
it fails. `main.py` and effects call it. It may start processes and pass descriptors to them.
"""
