"""How the row of a command declares its targets: which flag names one, of which kind, and what happens if there is
none.

Like `.target = { 't', CMD_FIND_WINDOW, 0 }` in a cmd_entry of tmux 3.3a.
"""

from enum import Enum
from typing import Final

import msgspec

from fuguemux.language.invocation import Flags


class TargetKind(Enum):
    """What a text without separators names."""

    PANE = "pane"
    WINDOW = "window"
    SESSION = "session"
    """The target is the session with its current window, whichever of its windows the text names."""
    WINDOW_INDEX = "window index"
    """A session, and an index in it to which a window may go. The index may be free."""
    CLIENT = "client"
    NONE = "none"
    """Nothing is looked up. The command ignores the flag, or looks up itself what it names."""


class Absence(Enum):
    """What happens if a target names nothing."""

    REFUSED = "refused"
    """The command is refused with tmux's words."""
    NO_CURRENT = "no current"
    """The target is None if the flag is not given and there is no session. A text that names nothing is refused."""
    NOTHING = "nothing"
    """The target is None."""
    NEAREST = "nearest"
    """The target is the part of the text that exists, or None if not even its session exists."""


class TargetFlag(msgspec.Struct, frozen=True):
    """One flag of a command that names a target. Without the flag the current target or client is meant."""

    letter: str
    """The letter of the flag. Empty: there is no flag, and the target is always the current one."""
    kind: TargetKind
    absence: Absence = Absence.REFUSED
    only_given: bool = False
    """Whether nothing is looked up if the flag is not given."""
    default_marked: bool = False
    """Whether the marked pane is meant without the flag, if there is one."""
    other_kinds: tuple[tuple[str, TargetKind], ...] = ()
    """Letters of other flags, each with the kind of target if that flag is given. The first given flag decides."""

    def kind_with(self, flags: Flags) -> TargetKind:
        """The kind of target for a command with these flags."""
        if self.only_given and not flags.has(self.letter):
            return TargetKind.NONE
        for letter, kind in self.other_kinds:
            if flags.has(letter):
                return kind
        return self.kind


CURRENT: Final = TargetFlag("", TargetKind.PANE, Absence.NOTHING)
"""For commands that have no flag for a target, but whose formats are about the current pane, or about nothing."""
