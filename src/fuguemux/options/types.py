"""The row of one option: which values it accepts, and how a value is stored and shown."""

import re
from typing import Final, Literal

import msgspec

from fuguemux.language import quoting
from fuguemux.language.canonical import canonical_commands
from fuguemux.language.command_table import CommandTable
from fuguemux.language.key_names import key_name
from fuguemux.language.numbers import INT_MAX
from fuguemux.model.decision import Refused
from fuguemux.model.limits import OPTION_VALUE_BYTES_MAX
from fuguemux.options.styles import check_style, colour

Scope = Literal["server", "session", "window"]
Kind = Literal[
    "string", "number", "flag", "choice", "colour", "style", "key", "command", "size", "shell"
]

_TRUE: Final = ("on", "yes", "1")
_FALSE: Final = ("off", "no", "0")
_SIZE: Final = re.compile(r"(\d{1,5})x(\d{1,5})")
_WHOLE: Final = re.compile(r"\s*[+-]?\d{1,18}")
EDITING_KEYS: Final = ("emacs", "vi")
"""The choices of `mode-keys` and `status-keys`."""


class Option(msgspec.Struct, frozen=True):
    """A row of the table of options."""

    name: str
    scope: Scope
    kind: Kind
    default: str = ""
    array: tuple[str, ...] | None = None
    """The default values of an array; None for an option that is no array."""
    separators: str = " ,"
    """The characters that separate the values in the text of a whole array; empty: the text is one value."""
    choices: tuple[str, ...] = ()
    low: int = 0
    high: int = INT_MAX
    unit: str = ""
    pane: bool = False
    """Whether a pane can have its own value of this window option."""
    hook: bool = False
    help: str = ""

    def value(self, text: str | None, current: str, commands: CommandTable) -> str:
        """`text` as the canonical text of a value. With None, a flag or a choice of two is switched from `current`, and a
        flag with an empty text, too.

        The commands in the text of a hook must be in `commands`. Raises Refused with the messages of tmux.
        """
        if text is None or (text == "" and self.kind == "flag"):
            if self.kind == "flag":
                return "off" if current == "on" else "on"
            if self.kind == "choice":
                at = self.choices.index(current)
                return self.choices[1 - at] if at < 2 else current
            raise Refused("empty value")
        if len(text.encode("utf-8", "surrogateescape")) > OPTION_VALUE_BYTES_MAX:
            raise Refused(f"value is too long: {self.name} takes {OPTION_VALUE_BYTES_MAX} bytes")
        return self._checked(text, commands)

    def _checked(self, text: str, commands: CommandTable) -> str:
        match self.kind:
            case "number":
                return self._number(text)
            case "flag":
                return _flag(text)
            case "choice" if text not in self.choices:
                raise Refused(f"unknown value: {text}")
            case "colour":
                return "none" if text == self.default == "none" else colour(text)
            case "style":
                check_style(text)
            case "key":
                key = key_name(text)
                if key is None:
                    raise Refused(f"bad key: {text}")
                return key
            case "command":
                return canonical_commands(commands, text)
            case "size" if not _SIZE.fullmatch(text):
                raise Refused(f"value is invalid: {text}")
            case "shell" if not text.startswith("/"):
                raise Refused(f"not a suitable shell: {text}")
            case _:
                pass
        return text

    def _number(self, text: str) -> str:
        if not _WHOLE.fullmatch(text):
            raise Refused(f"value is invalid: {text}")
        number = int(text)
        if number < self.low:
            raise Refused(f"value is too small: {text}")
        if number > self.high:
            raise Refused(f"value is too large: {text}")
        return str(number)

    def take_apart(self, text: str) -> list[str]:
        """The values in `text`, which stands for a whole array."""
        if not self.separators:
            return [text]
        return [part for part in re.split(f"[{self.separators}]", text) if part]

    def shown(self, value: str) -> str:
        """The value as show-options prints it."""
        if self.kind in ("string", "style", "shell", "size"):
            return quoting.quote(value)
        return value

    def in_format(self, value: str) -> str:
        """The value as `#{option}` gives it: a flag is 1 or 0."""
        if self.kind == "flag":
            return "1" if value == "on" else "0"
        return value


def _flag(text: str) -> str:
    if text.lower() in _TRUE:
        return "on"
    if text.lower() in _FALSE:
        return "off"
    raise Refused(f"bad value: {text}")
