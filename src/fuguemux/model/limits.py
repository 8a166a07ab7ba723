"""Limits that are not configurable: one for everything, most significant word first, with the unit in the name."""

from typing import Final

SESSIONS_MAX: Final = 1_024
WINDOWS_MAX: Final = 4_096
PANES_MAX: Final = 4_096
CLIENTS_MAX: Final = 512
DEPTH_MAX: Final = 50
"""How deep commands may run commands. A file that sources itself ends here."""
NESTED_TEXTS_MAX: Final = 10_000
"""How often one request may run commands from commands. Two files that each source the other twice end here."""
JOBS_MAX: Final = 256
"""Shell commands of run-shell and if-shell that run at the same time."""

NAME_BYTES_MAX: Final = 256
TITLE_BYTES_MAX: Final = 1_024
OPTION_VALUE_BYTES_MAX: Final = 64 << 10
ENVIRONMENT_ENTRIES_MAX: Final = 4_096
ARGUMENT_BYTES_MAX: Final = 1 << 20
"""tmux refuses commands over some 16 KiB, and tools that send long text work around that. A MiB needs no workaround."""
PATH_BYTES_MAX: Final = 4_096
BUFFER_BYTES_MAX: Final = 16 << 20
"""The size of a paste buffer. It is logged in one piece, which delays all other work. Buffers of older servers may be
larger.
"""

PANE_COLUMNS_MIN: Final = 1
WINDOW_COLUMNS_MAX: Final = 2_000
WINDOW_ROWS_MAX: Final = 1_000
"""The largest screen of the terminal engine. A program must not be told of a larger one. Layouts of older servers may be
larger.
"""
CLIENT_COLUMNS_MAX: Final = WINDOW_COLUMNS_MAX
CLIENT_ROWS_MAX: Final = WINDOW_ROWS_MAX
"""The most rows that a client's terminal counts as having, because a frame is drawn for each of its rows."""
WINDOW_INDEX_MAX: Final = 2**31 - 1

COLUMNS_DEFAULT: Final = 80
ROWS_DEFAULT: Final = 24


MESSAGE_BYTES_MAX: Final = 4 << 20
"""One message between client and server."""
VIEWER_OUTBOX_BYTES_MAX: Final = 8 << 20
"""If more than this waits for an attached client, it does not read and is dropped; it may attach again."""

assert VIEWER_OUTBOX_BYTES_MAX >= 2 * MESSAGE_BYTES_MAX, "a full repaint always fits"
assert ARGUMENT_BYTES_MAX < MESSAGE_BYTES_MAX, "the longest command fits in one message"
assert PANES_MAX >= WINDOWS_MAX, "a window has at least one pane"
