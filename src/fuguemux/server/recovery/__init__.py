"""The server's part of a recovery and restoration: boot, giving panes their processes, rebuilding screens, and
reporting losses.

The start calls it. `persistence/recovery/` reads the state directory itself.
"""
