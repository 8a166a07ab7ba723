"""Effects: what is to be done outside the state after a decision was logged. Pure values;
server/requests/effect_runner.py carries them out.

What follows from the state alone is not an effect. The server compares the states before and after each commit, and
resizes, closes and redraws what changed: the process of a removed pane is hung up, a pane of another size gets SIGWINCH.
"""

from collections.abc import Iterator
from typing import Literal

import msgspec

from fuguemux.model.ids import ClientId, PaneId, SessionId, WindowId
from fuguemux.model.live import CaptureRequest, MarkedPane
from fuguemux.model.overlay_effects import AnyOverlayEffect
from fuguemux.model.pointing import Pointing
from fuguemux.model.state import Pipe


class Effect(msgspec.Struct, frozen=True):
    """Base class of all effects."""


class StartProcess(Effect, frozen=True):
    """Start the process of a pane that is STARTING. The reply waits until it runs or could not be started."""

    pane: PaneId


class SendKeys(Effect, frozen=True):
    """Send keys, given by tmux's names and encoded by the pane's modes, in order. With `literal` send the texts
    themselves.
    """

    pane: PaneId
    keys: tuple[str, ...]
    literal: bool = False
    times: int = 1


class SendBytes(Effect, frozen=True):
    """Write bytes to the pane unchanged. `paste`: in brackets if the program asked for bracketed paste."""

    pane: PaneId
    data: bytes
    paste: bool = False


class SendPrefixKey(Effect, frozen=True):
    """Send the prefix key itself to the pane."""

    pane: PaneId
    secondary: bool = False


class ResetTerminal(Effect, frozen=True):
    """send-keys -R: reset the pane's screen."""

    pane: PaneId


class Attach(Effect, frozen=True):
    """Make the requesting client a viewer of `session`."""

    client: ClientId
    session: SessionId
    detach_others: bool = False
    flags: str = ""
    """Changes of the client's flags, as `client_flags.changed` reads them."""


class SwitchClient(Effect, frozen=True):
    client: ClientId
    session: SessionId


class SetClientFlags(Effect, frozen=True):
    """Change flags of a client, as `client_flags.changed` reads them; `toggle_read_only` does what `switch-client -r` says."""

    client: ClientId
    flags: str = ""
    toggle_read_only: bool = False


class SetControlSize(Effect, frozen=True):
    """A control client has a size, or one for a single window. Zeros take back that of a window."""

    client: ClientId
    columns: int
    rows: int
    window: WindowId | None = None


PaneFlow = Literal["on", "off", "pause", "continue"]


class SetPaneFlow(Effect, frozen=True):
    """Begin, stop, pause or continue the output of a pane for a control client."""

    client: ClientId
    pane: PaneId
    flow: PaneFlow


class Subscribe(Effect, frozen=True):
    """Tell a control client each change of a format; with `format` None, end that.

    `what`: a pane (`%1`), `%*` for all panes of the session, a window (`@1`), `@*` for all its windows, or anything else
    for the session itself.
    """

    client: ClientId
    name: str
    what: str = ""
    format: str | None = None


class Detach(Effect, frozen=True):
    """Give the client's screen back. `kill_parent`: its parent process gets SIGHUP (detach-client -P)."""

    client: ClientId
    kill_parent: bool = False
    shell_command: str = ""
    """What the client becomes (detach-client -E), run by `shell`. Empty: it exits."""
    shell: str = ""


class SuspendClient(Effect, frozen=True):
    """Let the client stop itself, as C-z does with a program."""

    client: ClientId


class LockClient(Effect, frozen=True):
    """Let the client run a command on its terminal, and take it back when the command has ended."""

    client: ClientId
    command: str


class SetKeyTable(Effect, frozen=True):
    """Look up the client's next key in this table (switch-client -T)."""

    client: ClientId
    table: str


class SendMouse(Effect, frozen=True):
    """Pass a mouse event on to the program in the pane, if it asked for such events."""

    pane: PaneId
    mouse: Pointing


class BeginDrag(Effect, frozen=True):
    """Until the mouse button is released, run `command` whenever the mouse moves, as its key would."""

    client: ClientId
    command: str


class ScrollView(Effect, frozen=True):
    """Show the pane's history (copy-mode). `page_up` goes up one page at once; `leave` ends it.

    With `ends_at_bottom`, scrolling down to the end also ends it.
    """

    pane: PaneId
    page_up: bool = False
    leave: bool = False
    ends_at_bottom: bool = False
    hide_position: bool = False
    """Whether the position is not written over the first row (-H)."""
    source: PaneId | None = None
    """The pane whose lines are shown (-s); None: its own."""
    drag: tuple[ClientId, Pointing] | None = None
    """The client whose mouse begins a selection, and its event (-M)."""


ModeName = Literal["clock-mode", "tree-mode", "buffer-mode", "client-mode", "options-mode"]


class EnterMode(Effect, frozen=True):
    """Put a pane into a mode other than copy mode, as clock-mode and choose-tree do. All clients see it.

    The other fields are for the lists; they are the flags of choose-tree.
    """

    pane: PaneId
    name: ModeName
    template: str = ""
    """The command for the chosen row, with `%%` for what it names. Empty: tmux's."""
    format: str = ""
    filter: str = ""
    key_format: str = ""
    sort: str = ""
    reverse: bool = False
    preview: bool = True
    start: Literal["", "sessions", "windows"] = ""
    """What a tree shows at first: everything, or only its sessions, or only these and their windows."""
    unzoom: bool = False
    """Whether the window was zoomed for the mode and is unzoomed when it ends."""
    groups: bool = False
    """Whether a tree shows all sessions of a group, not only one of them (-G)."""


class LeaveModes(Effect, frozen=True):
    """End all modes of a pane except copy mode (copy-mode -q)."""

    pane: PaneId


class ViewLastScreen(Effect, frozen=True):
    """Show the last screen of a program that ended in the pane. It can be read and copied from like the pane's history.

    `recovery_ms` names the recovery; None for the newest that has one.
    """

    pane: PaneId
    recovery_ms: int | None = None


class CopyModeCommand(Effect, frozen=True):
    """send-keys -X: a command of copy mode by tmux's name. A search waits for its end. An unknown command does nothing.

    Without a command, `times` is the repeat count of the next one.
    """

    pane: PaneId
    command: str
    arguments: tuple[str, ...] = ()
    times: int | None = None
    """How often (-N); None: as often as the typed repeat count says."""
    client: ClientId | None = None
    mouse: Pointing | None = None
    """The mouse event whose key runs the command."""


class ClearAlerts(Effect, frozen=True):
    """Forget the alerts of a session's windows."""

    session: SessionId


class Refresh(Effect, frozen=True):
    """Redraw one client, or all (None)."""

    client: ClientId | None = None


class MarkPane(Effect, frozen=True):
    """Mark a pane instead of the one that is marked; None: no pane is marked any more."""

    mark: MarkedPane | None


class SwitchInput(Effect, frozen=True):
    """Keep input from the program of a pane, or no longer."""

    pane: PaneId
    off: bool


class Tell(Effect, frozen=True):
    """List a line in show-messages. If a file that the server loads did it, the report of the file mentions it."""

    text: str


class ShowMessage(Effect, frozen=True):
    """Show a line in the client's status line."""

    client: ClientId
    text: str
    duration_ms: int = 0


PromptType = Literal["command", "search", "target", "window-target"]


class Prompt(Effect, frozen=True):
    """Ask on the client's status line. `template` is a command with `%%` (or `%1`…) for the answers.

    With `confirm` one key is read, and the template runs on y. `wait`: the reply waits until the question was answered.
    """

    client: ClientId
    prompts: tuple[str, ...]
    initial: tuple[str, ...]
    template: str
    confirm: bool = False
    kind: PromptType = "command"
    single: bool = False
    """Whether one character is the answer (command-prompt -1)."""
    key: bool = False
    """Whether the name of one key is the answer (-k)."""
    numeric: bool = False
    """Whether the answer ends at the first key that is no digit, and that key keeps its effect (-N)."""
    incremental: bool = False
    """Whether each change is an answer, with `=`, `+` or `-` before it (-i)."""
    wait: bool = True


class PromptHistoryAsked(Effect, frozen=True):
    """Print what was answered at prompts of a type, or of all types (None), or forget it."""

    kind: PromptType | None
    clear: bool = False


class Choose(Effect, frozen=True):
    """Show a chooser over rows of (label, command) in place of the panes; Enter runs the row's command.

    `previews`: for each row, the pane whose last screen is shown beside the list, or None. Empty if there are no
    previews. `selected`: the row that is selected first.
    """

    client: ClientId
    title: str
    rows: tuple[tuple[str, str], ...]
    previews: tuple[PaneId | None, ...] = ()
    selected: int = 0


class ShowText(Effect, frozen=True):
    """Show lines in place of the panes until a key is pressed: the notices for a client that attaches."""

    client: ClientId
    lines: tuple[str, ...]


class Checkpoint(Effect, frozen=True):
    """Write a checkpoint now. The reply waits for it. With `name` it is also kept as a save of that name."""

    reason: str
    name: str = ""


class SaveHere(Effect, frozen=True):
    """Create the state directory again in its place, and write everything there. The reply waits for it."""


class DeleteSave(Effect, frozen=True):
    """Delete a save."""

    name: str


class RestoreSession(Effect, frozen=True):
    """Restore a session of the past as a new one. `at`: a time, LSN or name of a save; empty for its newest state."""

    session: str
    at: str


class ReloadConfiguration(Effect, frozen=True):
    """Read the configuration file again. The reply contains the result; mistakes in the file are an error."""


class Purge(Effect, frozen=True):
    """Remove what panes have shown from their screens and from the disk; also for panes that are gone. The reply waits.

    `everything`: also remove what is stored of panes that do not exist any more.
    """

    panes: tuple[PaneId, ...]
    everything: bool = False


class StopServer(Effect, frozen=True):
    """kill-server. On purpose: every session is already removed from the state."""


class RestartServer(Effect, frozen=True):
    """Give way to a new server process; panes and clients stay."""


class RunShell(Effect, frozen=True):
    """Run a shell command. Its output is shown to the client unless `background`."""

    command: str
    background: bool
    cwd: bytes
    client: ClientId | None
    pane: PaneId | None = None
    delay_ms: int = 0


class RunLongTexts(Effect, frozen=True):
    """Files of commands that are too long to be parsed in one turn: (path, text) each. See commands/source_file.py."""

    texts: tuple[tuple[str, str], ...]
    run: bool = True
    verbose: bool = False
    """Print the commands."""


class PrintLines(Effect, frozen=True):
    """Lines for the requester's stdout, which are so many or so expensive that other work needs its turn in between.

    Each line is produced when it is requested. That changes nothing and may raise Refused. None stands for work without a
    line.
    """

    lines: Iterator[str | None]


class RunCommands(Effect, frozen=True):
    """Run commands given as text, as if the requester had typed them, before the reply."""

    text: str
    background: bool = False
    delay_ms: int = 0


class RunFileCommands(Effect, frozen=True):
    """Run commands of files: for each its words, the number of its line and the file. A command that fails ends its line."""

    commands: tuple[tuple[tuple[str, ...], int, str], ...]


class IfShell(Effect, frozen=True):
    """Run a shell command. If it exits with 0, run the commands in `then`, else those in `otherwise` (empty: none).

    The reply waits for both unless `background`.
    """

    command: str
    then: str
    otherwise: str
    background: bool
    cwd: bytes
    client: ClientId | None
    pane: PaneId | None = None


class CapturePane(Effect, frozen=True):
    """Print rows of a pane's history, or store them in a paste buffer (None: a new automatic one) as LoadBuffer does."""

    pane: PaneId
    request: CaptureRequest
    printed: bool
    name: str | None = None


class LoadBuffer(Effect, frozen=True):
    """Read a file, or with `-` the requester's stdin, into a paste buffer (None: a new automatic one).

    It is stored by the events of `commands.parts.paste_buffers.buffer_stored`. Errors are `path: reason`.
    """

    path: bytes
    name: str | None = None


class SaveBuffer(Effect, frozen=True):
    """Write bytes to a file, replacing it or appending. `-` is refused: nobody reads it. Errors are `path: reason`."""

    path: bytes
    data: bytes
    append: bool = False


class SearchedPane(msgspec.Struct, frozen=True):
    """A pane to be searched. `label`: the name of its lines, `session:window.pane`."""

    pane: PaneId
    label: str


class SearchPanes(Effect, frozen=True):
    """Print the matching lines of panes, or their number. The reply's exit code is 1 if none match."""

    panes: tuple[SearchedPane, ...]
    pattern: str
    regex: bool = True
    ignore_case: bool = False
    count: bool = False
    lines_max: int | None = None
    """The maximum number of lines per pane."""
    as_json: bool = False


WaitMode = Literal["wait", "signal", "lock", "unlock"]


class WaitFor(Effect, frozen=True):
    """wait-for: the action on a channel."""

    channel: str
    mode: WaitMode


class PipePane(Effect, frozen=True):
    """Begin to copy the pane's output to a shell command, or that command's output to the pane. None stops it."""

    pane: PaneId
    pipe: Pipe | None


ImmediateEffect = (
    SendKeys
    | SetKeyTable
    | SendMouse
    | BeginDrag
    | SendBytes
    | SendPrefixKey
    | ResetTerminal
    | PipePane
    | Attach
    | SwitchClient
    | SetClientFlags
    | SetControlSize
    | SetPaneFlow
    | Subscribe
    | Detach
    | SuspendClient
    | LockClient
    | Refresh
    | MarkPane
    | SwitchInput
    | ClearAlerts
    | Tell
    | ShowMessage
    | Choose
    | ShowText
    | EnterMode
    | LeaveModes
    | StopServer
)
"""Effects that are carried out in one step, without waiting."""
AwaitedEffect = (
    ScrollView
    | AnyOverlayEffect
    | ViewLastScreen
    | CopyModeCommand
    | Prompt
    | PromptHistoryAsked
    | Checkpoint
    | SaveHere
    | DeleteSave
    | RestoreSession
    | ReloadConfiguration
    | Purge
    | RestartServer
    | RunShell
    | RunCommands
    | RunFileCommands
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
