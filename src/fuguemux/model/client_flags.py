"""The flags of an attached client, which `attach-session -f` and `refresh-client -f` set. As in tmux(1)."""

from typing import Final

import msgspec

READ_ONLY_ALSO: Final = "read-only,ignore-size"
"""What `-r` stands for."""


class ClientFlags(msgspec.Struct, frozen=True):
    """Flags of one client."""

    read_only: bool = False
    ignore_size: bool = False
    """Its size decides no window's size as long as a client without this flag is attached."""
    no_output: bool = False
    """A control client gets no output of panes."""
    wait_exit: bool = False
    """A control client reads an empty line before it exits."""
    pause_after_s: int | None = None
    """A pane is paused for a control client that is this many seconds behind. None: the client is ended instead, later."""


NO_FLAGS: Final = ClientFlags()
_PLAIN: Final = {
    "read-only": "read_only",
    "ignore-size": "ignore_size",
}
_OF_CONTROL: Final = {"no-output": "no_output", "wait-exit": "wait_exit"}
PAUSE_AFTER: Final = "pause-after"


def changed(flags: ClientFlags, text: str, *, control: bool) -> ClientFlags:
    """`flags` after the changes in `text`: names separated by commas, each with a `!` before it to clear the flag.

    A read-only client stays read-only. Names that do not exist are skipped, as are those that only a control client has
    for another client.
    """
    values = msgspec.structs.asdict(flags)
    for word in text.split(","):
        name, on = (word[1:], False) if word.startswith("!") else (word, True)
        if field := _PLAIN.get(name) or (_OF_CONTROL.get(name) if control else None):
            if on or field != "read_only":
                values[field] = on
        elif control:
            stem, equals, seconds = name.partition("=")
            if stem == PAUSE_AFTER and (not equals or seconds.isdecimal()):
                values["pause_after_s"] = int(seconds[:9] or 0) if on else None
    return ClientFlags(**values)


def toggled_read_only(flags: ClientFlags) -> ClientFlags:
    """`flags` after `switch-client -r`, which switches both flags of READ_ONLY_ALSO together."""
    on = not flags.read_only
    return msgspec.structs.replace(flags, read_only=on, ignore_size=on)


def names(flags: ClientFlags) -> tuple[str, ...]:
    """The names of the flags that are set, in the order of `#{client_flags}`."""
    pause = "" if flags.pause_after_s is None else f"{PAUSE_AFTER}={flags.pause_after_s}"
    every = (
        "ignore-size" if flags.ignore_size else "",
        "no-output" if flags.no_output else "",
        "wait-exit" if flags.wait_exit else "",
        pause,
        "read-only" if flags.read_only else "",
    )
    return tuple(filter(None, every))
