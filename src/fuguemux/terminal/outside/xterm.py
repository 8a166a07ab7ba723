"""What takes an xterm over and gives it back. The client has it for a server that names nothing else, and the server for
terminals that lack a part of it. xterm control sequences, by name, as in xterm's ctlseqs. Imports nothing: the client does.
"""

SAVE_TITLES = b"\x1b[22;0t"
"""XTWINOPS: push icon and window title."""
ALTERNATE = b"\x1b[?1049h"
"""Save the cursor, go to the alternate screen."""
CLEAR = b"\x1b[m\x1b(B\x1b[H\x1b[2J"
RESTORE = (
    b"\x1b\\"  # ST: ends a string, or any other sequence, that was cut in the middle
    b"\x1b[?2026l"  # synchronized output
    b"\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1005l\x1b[?1006l\x1b[?1015l"  # mouse reports
    b"\x1b[?1004l"  # focus reports
    b"\x1b[?2004l"  # bracketed paste
    b"\x1b[=0;1u"  # kitty keyboard flags of this screen
    b"\x1b[>4;0m"  # modifyOtherKeys
    b"\x1b[?1l\x1b>"  # cursor keys, keypad
    b"\x1b[?6l\x1b[?7h\x1b[4l\x1b[r"  # origin, wrap, insert, margins
    b"\x1b(B\x0f\x1b[m"  # character set, colours
    b"\x1b[0 q\x1b[?12l\x1b[?25h"  # cursor shape, blinking, visible
    b"\x1b[H\x1b[2J"
)
LEAVE_ALTERNATE = b"\x1b[?1049l"
RESTORE_TITLES = b"\x1b[23;0t"
"""XTWINOPS: pop the titles."""
