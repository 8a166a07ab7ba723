"""Bytes on disk: log, checkpoints, scrollback, recovery. No event loop, no sockets."""
