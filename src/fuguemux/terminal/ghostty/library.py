"""Loads libghostty-vt from the pyghostty wheel, and checks that it is the version that this code needs.

The Python half of the wheel is never imported, because it parses 80 KB of C each time (0.3 s, 10 MB). The shared library
is opened through declarations parsed ahead of time (`_abi`).

The library has no stable interface yet, and a call with a wrong structure crashes the server. So before the first call,
the library's own description of its types (`ghostty_type_json`) is compared with our declarations: sizes and offsets of
the structures, and the presence of every function.
"""

from __future__ import annotations

import functools
import importlib.util
import json
import os
import re
import sys
from typing import Any, Final, NamedTuple

from fuguemux.terminal.emulator import EngineError
from fuguemux.terminal.ghostty._abi import ffi

PACKAGE: Final = "pyghostty"
PACKAGE_VERSION: Final = "0.1.3"
SNAPSHOT_VERSION: Final = 1
LIBRARY_NAMES: Final = {"darwin": "libghostty-vt.dylib"}
LIBRARY_NAME_DEFAULT: Final = "libghostty-vt.so"
REINSTALL: Final = f'reinstall fugue, or run: pip install "{PACKAGE}=={PACKAGE_VERSION}"'

STRUCTS_USED: Final = (
    "GhosttyString",
    "GhosttyWriter",
    "GhosttyColorRgb",
    "GhosttyGridRef",
    "GhosttySelection",
    "GhosttyPoint",
    "GhosttyPointCoordinate",
    "GhosttyFormatterScreenExtra",
    "GhosttyFormatterTerminalExtra",
    "GhosttyFormatterTerminalOptions",
    "GhosttyTerminalModeConfig",
    "GhosttyTerminalUnknownSequence",
    "GhosttyTerminalDesktopNotification",
    "GhosttyTerminalProgressReport",
    "GhosttyClipboardContent",
    "GhosttyMousePosition",
    "GhosttyMouseEncoderSize",
)
FUNCTIONS_USED: Final = (
    "ghostty_build_info",
    "ghostty_cell_get",
    "ghostty_focus_encode",
    "ghostty_formatter_format_buf",
    "ghostty_formatter_free",
    "ghostty_formatter_terminal_new",
    "ghostty_grid_ref_cell",
    "ghostty_grid_ref_hyperlink_uri",
    "ghostty_grid_ref_row",
    "ghostty_key_encoder_encode",
    "ghostty_key_encoder_free",
    "ghostty_key_encoder_new",
    "ghostty_key_encoder_setopt_from_terminal",
    "ghostty_key_event_free",
    "ghostty_key_event_new",
    "ghostty_key_event_set_key",
    "ghostty_key_event_set_mods",
    "ghostty_key_event_set_unshifted_codepoint",
    "ghostty_key_event_set_utf8",
    "ghostty_paste_encode",
    "ghostty_row_get",
    "ghostty_snapshot_decoder_free",
    "ghostty_snapshot_decoder_get",
    "ghostty_snapshot_decoder_new_buf",
    "ghostty_snapshot_decoder_ready",
    "ghostty_snapshot_decoder_set",
    "ghostty_snapshot_encode",
    "ghostty_terminal_compress",
    "ghostty_terminal_free",
    "ghostty_terminal_get",
    "ghostty_terminal_grid_ref",
    "ghostty_terminal_grid_ref_track",
    "ghostty_terminal_new",
    "ghostty_terminal_resize",
    "ghostty_terminal_set",
    "ghostty_terminal_vt_write",
    "ghostty_tracked_grid_ref_free",
    "ghostty_tracked_grid_ref_has_value",
    "ghostty_tracked_grid_ref_point",
    "ghostty_tracked_grid_ref_set",
    "ghostty_type_json",
)


class Library(NamedTuple):
    """The opened library. `lib` has the C functions and constants."""

    lib: Any
    version: str


def library_path() -> str:
    """Return the path of the wheel's shared library. Raises EngineError if it is not installed."""
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise EngineError(f"the terminal engine {PACKAGE} is not installed: {REINSTALL}")
    directory = spec.submodule_search_locations[0]
    version = installed_version(directory)
    if version != PACKAGE_VERSION:
        raise EngineError(
            f"the terminal engine {PACKAGE} has version {version or 'unknown'},"
            f" fugue needs {PACKAGE_VERSION}: {REINSTALL}"
        )
    return os.path.join(directory, "_lib", LIBRARY_NAMES.get(sys.platform, LIBRARY_NAME_DEFAULT))


def installed_version(directory: str) -> str | None:
    """Return the version that the wheel's package states, read without importing it.

    `importlib.metadata` would give the same, but takes 60 ms to import.
    """
    try:
        with open(os.path.join(directory, "__init__.py"), encoding="utf-8") as source:
            found = re.search(r"^__version__ = [\"']([^\"']+)", source.read(), re.MULTILINE)
    except OSError:
        return None
    return found.group(1) if found else None


def differences(description: bytes) -> list[str]:
    """Compare the library's description of its types with our declarations. Returns the differences."""
    types = json.loads(description)["types"]
    found = []
    for name in STRUCTS_USED:
        ours = ffi.typeof(name)
        theirs = types.get(name)
        if theirs is None:
            found.append(f"{name} is missing")
        elif theirs["size"] != ffi.sizeof(ours):
            found.append(f"{name} has {theirs['size']} bytes, not {ffi.sizeof(ours)}")
        else:
            offsets = {field: part["offset"] for field, part in theirs.get("fields", {}).items()}
            expected = {field: part.offset for field, part in ours.fields}
            if offsets and any(offsets.get(field) != at for field, at in expected.items()):
                found.append(f"the fields of {name} have moved")
    return found


@functools.cache
def load(path: str | None = None) -> Library:
    """Open and check the library, once. Raises EngineError with the reason and the fix."""
    path = path or library_path()
    try:
        lib = ffi.dlopen(path)
        missing = [name for name in FUNCTIONS_USED if not hasattr(lib, name)]
    except OSError as error:
        raise EngineError(f"cannot load the terminal engine {path}: {error}: {REINSTALL}") from None
    if missing:
        raise EngineError(f"{path} lacks {', '.join(missing[:3])}: {REINSTALL}")
    different = differences(ffi.string(lib.ghostty_type_json()))
    if different:
        raise EngineError(f"{path} does not fit: {'; '.join(different[:3])}: {REINSTALL}")
    text = ffi.new("GhosttyString*")
    lib.ghostty_build_info(lib.GHOSTTY_BUILD_INFO_VERSION_STRING, text)
    return Library(lib, ffi.buffer(text.ptr, text.len)[:].decode())


def sized(name: str) -> Any:
    """Return a new zeroed structure with every nested `size` field set, as the library requires."""
    structure = ffi.new(f"{name}*")
    _set_sizes(structure, ffi.typeof(name))
    return structure


def _set_sizes(pointer: Any, kind: Any) -> None:
    for name, field in kind.fields:
        if name == "size" and field.type.kind == "primitive":
            pointer.size = ffi.sizeof(kind)
        elif field.type.kind == "struct" and field.type.fields:
            _set_sizes(ffi.addressof(pointer[0], name), field.type)


def check(result: int, what: str) -> None:
    """Raise EngineError unless a call succeeded."""
    if result:
        raise EngineError(f"the terminal engine refused to {what}: error {result}")
