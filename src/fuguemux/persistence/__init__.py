"""The state directory: log, checkpoints, scrollback, recovery. The server and the offline tools of `cli/` call it. It
touches files only through the storage seam in `storage/`, and knows no event loop and no socket.
"""
