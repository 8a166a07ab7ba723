"""What is to be done in the world after a decision was logged. Pure values; server/requests/effect_runner.py carries them out.

What follows from the state alone is no effect: the server compares the state before and after each publication, and
resizes, closes and redraws what changed (a removed pane's process is hung up, a pane of another size gets SIGWINCH).
"""

from collections.abc import Iterator
from typing import Literal

import msgspec

from fuguemux.model.ids import ClientId, PaneId, SessionId
from fuguemux.model.live import CaptureRequest
from fuguemux.model.state import Pipe


class Effect(msgspec.Struct, frozen=True):
    """Base of all effects."""


class StartProcess(Effect, frozen=True):
    """Start the process of a pane that is STARTING. The reply waits until it runs or could not be started."""

    pane: PaneId


class SendKeys(Effect, frozen=True):
    """Keys by tmux's names, encoded by the pane's modes, in order. With `literal` the texts themselves."""

    pane: PaneId
    keys: tuple[str, ...]
    literal: bool = False
    times: int = 1


class SendBytes(Effect, frozen=True):
    """Bytes written to the pane as they are. `paste`: in brackets if the program asked for bracketed paste."""

    pane: PaneId
    data: bytes
    paste: bool = False


class SendPrefixKey(Effect, frozen=True):
    """The prefix key itself goes to the pane."""

    pane: PaneId
    secondary: bool = False


class ResetTerminal(Effect, frozen=True):
    """send-keys -R: the pane's screen as after a reset."""

    pane: PaneId


class ClearHistory(Effect, frozen=True):
    """Forget the pane's scrollback in the engine and the store."""

    pane: PaneId


class Attach(Effect, frozen=True):
    """The asking client becomes a viewer of `session`."""

    client: ClientId
    session: SessionId
    detach_others: bool = False
    read_only: bool = False


class SwitchClient(Effect, frozen=True):
    client: ClientId
    session: SessionId


class Detach(Effect, frozen=True):
    """The client's screen is given back. `kill_parent`: its parent process gets SIGHUP (detach-client -P)."""

    client: ClientId
    kill_parent: bool = False
    shell_command: str = ""


class ScrollView(Effect, frozen=True):
    """The pane shows its history (copy-mode); `page_up` goes up a page at once; `leave` ends it.

    With `ends_at_bottom` scrolling down to the end leaves it, too."""

    pane: PaneId
    page_up: bool = False
    leave: bool = False
    ends_at_bottom: bool = False


class ViewLastScreen(Effect, frozen=True):
    """The pane shows the last screen of a program that ended in it, to be looked at and copied from as its history is.

    `recovery_ms` names the recovery; None: the newest that has one."""

    pane: PaneId
    recovery_ms: int | None = None


class CopyModeCommand(Effect, frozen=True):
    """send-keys -X: a command of copy mode by tmux's name. A search waits for its end; one that there is not does nothing."""

    pane: PaneId
    command: str
    argument: str = ""
    times: int = 1


class Refresh(Effect, frozen=True):
    """Redraw one client, or all (None)."""

    client: ClientId | None = None


class ShowMessage(Effect, frozen=True):
    """A line in the client's status line."""

    client: ClientId
    text: str
    duration_ms: int = 0


class Prompt(Effect, frozen=True):
    """Ask on the client's status line. `template` is a command with `%%` (or `%1`…) for the answers.

    With `confirm` one key is read, and the template runs on y."""

    client: ClientId
    prompts: tuple[str, ...]
    initial: tuple[str, ...]
    template: str
    confirm: bool = False
    single_key: bool = False
    """One key press is the answer to each prompt (command-prompt -1)."""


class Choose(Effect, frozen=True):
    """A chooser over rows of (label, command) in place of the panes; Enter runs the row's command.

    `previews`: for each row the pane whose last screen is shown beside the list, or None. Empty: there are none.
    `selected`: the row that is chosen by Enter at first."""

    client: ClientId
    title: str
    rows: tuple[tuple[str, str], ...]
    previews: tuple[PaneId | None, ...] = ()
    selected: int = 0


class ShowText(Effect, frozen=True):
    """Lines in place of the panes until a key is pressed (list-keys by `C-b ?`)."""

    client: ClientId
    lines: tuple[str, ...]


class Checkpoint(Effect, frozen=True):
    """Write a checkpoint now. The reply waits for it. With `name` it is kept under that name until somebody deletes it."""

    reason: str
    name: str = ""


class SaveHere(Effect, frozen=True):
    """Make the state directory anew where it should be, and write everything there. The reply waits for it."""


class DeleteSave(Effect, frozen=True):
    """Delete what was saved under a name."""

    name: str


class RestoreSession(Effect, frozen=True):
    """Bring a session of the past back as a new one. `at`: a time, LSN or name of a save; empty: as it was last seen."""

    session: str
    at: str


class ReloadConfiguration(Effect, frozen=True):
    """Read the configuration file again. The reply says what came of it; mistakes in it are an error."""


class Purge(Effect, frozen=True):
    """Remove what panes have shown from their screens and from the disk; of panes that are gone, too. The reply waits.

    `everything`: also what is kept of panes that are no more."""

    panes: tuple[PaneId, ...]
    everything: bool = False


class StopServer(Effect, frozen=True):
    """kill-server. Deliberate: every session is already gone from the state."""


class RestartServer(Effect, frozen=True):
    """Give way to a new server process; panes and clients stay."""


class RunShell(Effect, frozen=True):
    """Run a shell command; its output is shown to the client unless `background`."""

    command: str
    background: bool
    cwd: bytes
    client: ClientId | None
    pane: PaneId | None = None
    delay_ms: int = 0


class RunLongTexts(Effect, frozen=True):
    """Files of commands that are too long to be taken apart in one turn: (path, text) each. See commands/source_file.py."""

    texts: tuple[tuple[str, str], ...]
    run: bool = True
    verbose: bool = False
    """Print the commands."""


class PrintLines(Effect, frozen=True):
    """Lines for the requester's stdout, so many or so dear that others must have their turn meanwhile.

    Each is made when it is asked for, which changes nothing and may raise Refused; None: no line, only work."""

    lines: Iterator[str | None]


class RunCommands(Effect, frozen=True):
    """Run commands given as text, as if the requester had typed them, before the reply."""

    text: str
    background: bool = False
    delay_ms: int = 0


class IfShell(Effect, frozen=True):
    """Run a shell command; if it exits with 0 run the commands in `then`, else those in `otherwise` (empty: none).

    The reply waits for both unless `background`."""

    command: str
    then: str
    otherwise: str
    background: bool
    cwd: bytes
    client: ClientId | None
    pane: PaneId | None = None


class CapturePane(Effect, frozen=True):
    """Rows of a pane's history: printed, or stored in a paste buffer (None: a new automatic one) as LoadBuffer stores."""

    pane: PaneId
    request: CaptureRequest
    printed: bool
    name: str | None = None


class LoadBuffer(Effect, frozen=True):
    """Read a file, or with `-` the requester's stdin, into a paste buffer (None: a new automatic one).

    What was read is stored by the events of `commands.paste_buffers.buffer_stored`. Errors are `path: reason`."""

    path: bytes
    name: str | None = None


class SaveBuffer(Effect, frozen=True):
    """Write bytes to a file, as the whole of it or at its end. Errors are `path: reason`."""

    path: bytes
    data: bytes
    append: bool = False


class SearchedPane(msgspec.Struct, frozen=True):
    """A pane to be searched. `label`: what its lines are called, `session:window.pane`."""

    pane: PaneId
    label: str


class SearchPanes(Effect, frozen=True):
    """Print the lines of panes that match, or how many do; the reply's exit code is 1 if none does."""

    panes: tuple[SearchedPane, ...]
    pattern: str
    regex: bool = True
    ignore_case: bool = False
    count: bool = False
    lines_max: int | None = None
    """At most so many lines of each pane."""
    as_json: bool = False


WaitMode = Literal["wait", "signal", "lock", "unlock"]


class WaitFor(Effect, frozen=True):
    """wait-for: what to do with a channel."""

    channel: str
    mode: WaitMode


class PipePane(Effect, frozen=True):
    """Begin to copy the pane's output to a shell command, or what that prints to the pane; None: stop."""

    pane: PaneId
    pipe: Pipe | None


ImmediateEffect = (
    SendKeys
    | SendBytes
    | SendPrefixKey
    | ResetTerminal
    | ClearHistory
    | PipePane
    | Attach
    | SwitchClient
    | Detach
    | Refresh
    | ShowMessage
    | Prompt
    | Choose
    | ShowText
    | StopServer
)
"""Effects that are done in one step, without waiting."""
AwaitedEffect = (
    ScrollView
    | ViewLastScreen
    | CopyModeCommand
    | Checkpoint
    | SaveHere
    | DeleteSave
    | RestoreSession
    | ReloadConfiguration
    | Purge
    | RestartServer
    | RunShell
    | RunCommands
    | RunLongTexts
    | PrintLines
    | IfShell
    | WaitFor
    | CapturePane
    | LoadBuffer
    | SaveBuffer
    | SearchPanes
)
"""Effects that may take long: other commands have their turn while the reply waits for the result."""
AnyEffect = StartProcess | ImmediateEffect | AwaitedEffect
"""All effects. A new class belongs in one of the two unions above, and in the match that carries that union out."""
