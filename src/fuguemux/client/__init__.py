"""The thin client: sends words and keys to the server, writes bytes to the terminal, and reconnects when the server comes
back. `python -m fuguemux` calls it. It imports almost nothing, because a short command consists mostly of the client's
start.
"""
