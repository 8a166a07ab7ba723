"""All options, in the order in which they are listed: those of tmux 3.3a by scope, those of fugue alone, the hooks."""

from typing import Final

from fuguemux.options.hook_names import HOOKS
from fuguemux.options.server_scope import SERVER
from fuguemux.options.session_scope import SESSION
from fuguemux.options.types import Option
from fuguemux.options.window_scope import OWN, WINDOW

OPTIONS: Final[tuple[Option, ...]] = (*SERVER, *SESSION, *WINDOW, *OWN, *HOOKS)
BY_NAME: Final = {option.name: option for option in OPTIONS}
OTHER_SPELLINGS: Final = {
    option.name.replace("colour", "color"): option.name
    for option in OPTIONS
    if "colour" in option.name
}
