"""The server's part of a start: boot, restoring processes, rebuilding screens, and telling what was lost. The start
calls it. Reading the state directory itself is the work of `persistence/recovery/`.
"""
