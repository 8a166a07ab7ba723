"""What the row of a command says of its targets: which flag names one, of which kind, and what if there is none.

As tmux 3.3a's `.target = { 't', CMD_FIND_WINDOW, 0 }` in a cmd_entry.
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
    """The target is the session with its current window, whichever window of it the text names."""
    WINDOW_INDEX = "window index"
    """A session, and an index in it to which a window may go. The index may be free."""
    CLIENT = "client"
    NONE = "none"
    """Nothing is looked up: the command takes the flag and ignores it, or finds what it names by itself."""


class Absence(Enum):
    """What happens if a target names nothing."""

    REFUSED = "refused"
    """The command is refused with tmux's words."""
    NO_CURRENT = "no current"
    """The target is None if the flag is not given and there is no session; a text that names nothing is refused."""
    NOTHING = "nothing"
    """The target is None."""
    NEAREST = "nearest"
    """The target is what the parts of the text name as far as they exist, or None."""


class TargetFlag(msgspec.Struct, frozen=True):
    """One flag of a command that names a target. Without the flag the current target or client is meant."""

    letter: str
    """Of the flag. Empty: no flag, always the current one."""
    kind: TargetKind
    absence: Absence = Absence.REFUSED
    only_given: bool = False
    """Without the flag nothing is looked up."""
    other_kinds: tuple[tuple[str, TargetKind], ...] = ()
    """Letters of other flags, and the kind that counts when such a flag is given. The first that is given decides."""

    def kind_with(self, flags: Flags) -> TargetKind:
        """The kind that counts for a command with these flags."""
        if self.only_given and not flags.has(self.letter):
            return TargetKind.NONE
        for letter, kind in self.other_kinds:
            if flags.has(letter):
                return kind
        return self.kind


CURRENT: Final = TargetFlag("", TargetKind.PANE, Absence.NOTHING)
"""For commands without a flag for a target whose formats are about the current pane, or about nothing."""
