"""Generate `terminal/ghostty/_abi.py`: the C declarations of libghostty-vt, parsed ahead of time.

Run it after changing the pinned version of pyghostty:

    .venv/bin/python scripts/generate_ghostty_abi.py

Importing `pyghostty` parses 80 KB of C each time (0.3 s). The module written here is cffi's
out-of-line ABI form of the part that fugue calls; it loads in milliseconds and needs no
compiler. Structures that contain a union cannot be passed by value in this form, so the
functions that take a `GhosttyPoint` are declared with a structure of the same layout.
"""

from __future__ import annotations

import re
from pathlib import Path

from cffi import FFI
from pyghostty._cdef import CDEF

MODULE = "fuguemux.terminal.ghostty._abi"
TARGET = Path(__file__).parent.parent / "src/fuguemux/terminal/ghostty/_abi.py"
HEADER = '"""Declarations of libghostty-vt. Written by scripts/generate_ghostty_abi.py; do not edit."""\n'
SECTIONS_LEFT_OUT = frozenset(
    {
        "kitty_graphics.h",
        "render.h",
        "sgr.h",
        "sys.h",
        "search.h",
        "osc.h",
        "color_scheme.h",
        "mouse.h",
    }
)
OSC_TERMINATOR = "typedef enum { GHOSTTY_OSC_TERMINATOR_ST = 0, GHOSTTY_OSC_TERMINATOR_BEL = 1 } GhosttyOscTerminator;"
COLOR_SCHEME = "typedef enum { GHOSTTY_COLOR_SCHEME_LIGHT = 0, GHOSTTY_COLOR_SCHEME_DARK = 1 } GhosttyColorScheme;"
POINT_TWIN = """
typedef struct { uint16_t x; uint32_t y; uint64_t padding; } GhosttyPointValueTwin;
typedef struct { GhosttyPointTag tag; GhosttyPointValueTwin value; } GhosttyPointTwin;
"""
BY_VALUE = (
    "ghostty_terminal_grid_ref",
    "ghostty_terminal_grid_ref_track",
    "ghostty_tracked_grid_ref_set",
)
# Functions with other unions by value, or that fugue must not call.
FUNCTIONS_LEFT_OUT = (
    "ghostty_terminal_scroll_viewport",
    "ghostty_terminal_selection_contains",
)


def declarations() -> str:
    """Return the C that fugue needs, taken from the installed binding."""
    parts = re.split(r"/\* --- (\S+) --- \*/", CDEF)
    text = parts[0]
    for name, body in zip(parts[1::2], parts[2::2], strict=True):
        if name == "terminal.h":
            text += OSC_TERMINATOR
        if name == "point.h":
            body += POINT_TWIN
        if name not in SECTIONS_LEFT_OUT:
            text += body
    if "GhosttyColorScheme;" not in text:
        text = text.replace(
            "typedef void (*GhosttyTerminalBellFn)",
            COLOR_SCHEME + "\ntypedef void (*GhosttyTerminalBellFn)",
        )
    for name in FUNCTIONS_LEFT_OUT:
        text = re.sub(rf"\n[^\n;]*\b{name}\([^;]*;", "", text)
    for name in BY_VALUE:
        text, count = re.subn(
            rf"(\b{name}\([^;]*?)GhosttyPoint (?=\w)", r"\1GhosttyPointTwin ", text
        )
        if count != 1:
            raise SystemExit(f"{name}: the declaration has changed; look at the binding's header")
    return text


def main() -> None:
    ffi = FFI()
    ffi.cdef(declarations())
    for twin, real in (("GhosttyPointTwin", "GhosttyPoint"),):
        if (ffi.sizeof(twin), ffi.alignof(twin)) != (ffi.sizeof(real), ffi.alignof(real)):
            raise SystemExit(f"{twin} no longer has the layout of {real}")
    ffi.set_source(MODULE, None)
    ffi.emit_python_code(str(TARGET))
    TARGET.write_text(HEADER + TARGET.read_text())


if __name__ == "__main__":
    main()
