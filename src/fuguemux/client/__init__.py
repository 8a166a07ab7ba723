"""The thin client: words and keys to the server, bytes to the terminal, reconnecting when the server comes back. `python
-m fuguemux` calls it. It imports next to nothing, because its start is most of what a short command costs.
"""
