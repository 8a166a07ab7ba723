"""The default bindings: each names a key in its canonical spelling, and parses."""

from contextlib import suppress

from fuguemux.commands.table import TABLE
from fuguemux.language.canonical import canonical_commands
from fuguemux.language.default_keys import DEFAULTS
from fuguemux.language.key_names import is_mouse_key, key_name
from fuguemux.language.language import parse_file
from fuguemux.model.decision import Refused


def test_every_default_is_spelled_as_keys_are() -> None:
    for table, key in DEFAULTS:
        assert key_name(key) == key, (table, key)


def test_every_default_is_in_the_form_in_which_bindings_are_kept() -> None:
    for place, binding in DEFAULTS.items():
        assert parse_file(binding.command), place
        with suppress(Refused):  # a command that does not exist yet
            assert canonical_commands(TABLE, binding.command) == binding.command, place


def test_only_the_tables_root_and_copy_mode_have_mouse_keys() -> None:
    assert {table for table, key in DEFAULTS if is_mouse_key(key)} == {
        "root",
        "copy-mode",
        "copy-mode-vi",
    }
