"""Decides what is started in a pane whose process is gone, by the pane's restore policy. It starts nothing itself.

No program runs again unless a person asked for it: by `restore-policy rerun` for programs of the list, by
`restore-command`, or by pressing Enter. A command stays a list of words. It becomes text only to be typed into a
shell, quoted, where a person sees it and can enter it. It is not typed if it contains a character that a shell or
terminal could act on.
"""

from collections.abc import Collection
from typing import Final, NamedTuple, get_args

from fuguemux.config.schema import RestorePolicy
from fuguemux.config.secrets import is_redacted
from fuguemux.formats.formats import FormatContext, TooExpensive, expand
from fuguemux.model.ids import PaneId
from fuguemux.model.live import LiveView
from fuguemux.model.state import Life, Pane, Ran, ServerState
from fuguemux.options import options
from fuguemux.options.environment import session_of
from fuguemux.options.key_bindings import key_of
from fuguemux.server.panes.program_names import (
    as_it_ran,
    command_line,
    is_one,
    name_of,
    program_of,
    program_text,
    runs_again,
    shown,
)

SESSION_OPTION: Final = "@restore-policy"
"""`restore-policy` is an option of windows and panes. This option of a session ranks below those and above the global
one.
"""
POLICIES: Final = get_args(RestorePolicy)
LAST_SCREEN_COMMAND: Final = "recovery view"
LINE_CHARACTERS_MAX: Final = 4096
SHELL_CHARACTERS: Final = frozenset(";&|<>$`(){}")
"""A command line with one of these characters may run more than the program it begins with. It is offered, not run."""


class Plan(NamedTuple):
    """What to start. `argv` is None for the pane's own command, empty for a shell."""

    start: bool
    argv: tuple[bytes, ...] | None = ()
    typed: bytes = b""
    """Typed into the shell once it reads input. Ends with a carriage return only if the policy says so."""
    line: str = ""
    """The line that the pane shows about it."""
    again: str = ""
    """What is started in place of a shell, or entered into it, for people. Empty if nothing is. Typed text may never
    be entered.
    """
    unlisted: str = ""
    """The name of a program that would be offered if it were in the list of programs to run again."""
    shell_only: bool = False
    """Whether the policy offers no program at all, while another policy might offer this one."""


def plan(state: ServerState, live: LiveView, pane: Pane, rerunnable: Collection[str]) -> Plan:
    """Return the plan for one pane. `rerunnable` has the names of programs that may be offered or run again."""
    command = options.get(
        state,
        live.option_defaults(),
        "restore-command",
        window=state.windows[pane.window],
        pane=pane,
    )
    session = session_of(state, pane)
    if command:
        context = FormatContext(
            state,
            live,
            session=None if session is None else session.id,
            window=pane.window,
            pane=pane.id,
        )
        try:
            text = expand(command, context)
        except TooExpensive as stopped:
            return Plan(True, (), line=f"restore-command: not run: {stopped}")
        words = (text.encode("utf-8", "surrogateescape"),)
        return Plan(True, words, line=f"restore-command: {shown(text)}", again=shown(text))
    policy = policy_of(state, live, pane)
    program = program_of(pane)
    own = None if runs_again(pane) else ()
    is_line = bool(program) and not pane.foreground and is_one(pane)
    was = f"was running: {program_text(pane)}"
    if any(map(is_redacted, (program, *pane.pipeline))):
        why = "not started again: a secret in its command line is not stored"
        return Plan(policy != "none", own, line=f"{was} ({why})")
    if policy == "none":
        entered = "a shell" if own is None else shown(command_line(pane.argv, is_line=is_one(pane)))
        line = f"not started again (restore-policy none); press Enter to run: {entered}"
        return Plan(False, line=f"{was}; {line}" if pane.foreground else line)
    if not program:
        return Plan(True, own)
    if policy == "shell" or (pane.foreground and pane.ran is not Ran.COMMAND):
        said = was if program_of(as_it_ran(pane)) else ""
        one = not pane.foreground or pane.ran is Ran.COMMAND
        return Plan(True, own, line=said, shell_only=bool(said) and one)
    name = name_of(program, is_line=is_line)
    if name not in rerunnable:
        return Plan(True, own, line=was, unlisted=shown(name))
    lines = [command_line(program, is_line=is_line), *map(command_line, pane.pipeline)]
    text = " | ".join(lines)
    if not safe(text):
        return Plan(
            True, own, line=f"{was} (not typed: it has characters that a shell would act on)"
        )
    typed = text.encode("utf-8", "surrogateescape")
    several = len(lines) > 1 or (is_line and SHELL_CHARACTERS.intersection(text))
    if policy == "rerun" and not several:
        if not pane.foreground:
            return Plan(True, None, line=f"running again: {shown(text)}", again=shown(text))
        return Plan(True, own, typed + b"\r", f"running again: {shown(text)}")
    return Plan(True, own, typed, f"press Enter to run: {shown(text)}")


def policy_of(state: ServerState, live: LiveView, pane: Pane) -> str:
    """The pane's restore policy: from the pane, its window, its session's `@restore-policy`, or the global option, in
    this order.
    """
    window = state.windows[pane.window]
    name = "restore-policy"
    for local in (pane.options, window.options):
        if name in local:
            return local[name]
    session = session_of(state, pane)
    of_session = "" if session is None else session.options.get(SESSION_OPTION, "")
    if of_session in POLICIES:
        return of_session
    return options.get(state, live.option_defaults(), name, window=window, pane=pane)


def safe(text: str) -> bool:
    """Whether typing `text` into a shell does no more than put it on the command line."""
    return text.isprintable() and 0 < len(text) <= LINE_CHARACTERS_MAX


def last_screen_line(state: ServerState, live: LiveView, pane: PaneId) -> str:
    """Say how to see the last screen of the program that ended in a pane: by a key, if one is bound to that."""
    key = key_of(state, "prefix", LAST_SCREEN_COMMAND)
    prefix = options.get(
        state, live.option_defaults(), "prefix", session=session_of(state, state.panes[pane])
    )
    if not key or prefix in ("", "None"):
        return f"its last screen: fugue recovery screen %{pane}"
    return f"its last screen: {prefix} {key}"


def suspended_text(pane: Pane) -> str:
    """The line in a pane whose process was ended by a shutdown, or something like it, while this server goes on."""
    how = "its process ended"
    if pane.exit is not None and pane.exit.signal is not None:
        how = f"ended by signal {pane.exit.signal}"
    return f"suspended: {how}; press Enter to start it again"


def note(text: str, *, column: int = 0) -> bytes:
    """Format a line of fugue's own, dim and on a row of its own, for a pane whose cursor is in `column`."""
    begin = "\r\n" if column else ""
    return f"{begin}\x1b[0m\x1b[2m{text}\x1b[0m\r\n".encode("utf-8", "replace")


def awakened(state: ServerState, pane: PaneId | None) -> str:
    """The command that Enter runs in a pane that waits to be started again. Empty if it does not wait."""
    known = None if pane is None else state.panes.get(pane)
    if known is None or known.life is not Life.SUSPENDED:
        return ""
    return f"respawn-pane -t %{known.id}"
