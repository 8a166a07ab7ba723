"""show-messages: print the recent messages of the server. With -J or -T print information about the server
(`server-info`).

tmux lists its jobs with -J and its terminals with -T. fugue has neither.
"""

from typing import Final

from fuguemux.commands.command import Command
from fuguemux.formats.formats import FormatContext, expand
from fuguemux.formats.time import pretty
from fuguemux.language.invocation import Invocation
from fuguemux.model.decision import Decision, Reply
from fuguemux.model.live import LiveView
from fuguemux.model.state import ServerState
from fuguemux.targets.declaration import TargetFlag, TargetKind

TEMPLATES: Final = (
    "version #{fugue_version}",
    "pid #{pid}",
    "socket #{socket_path}",
    "started #{t:start_time}",
    "sessions #{server_sessions}",
    "recovery #{recovery_summary}",
)


def decide(state: ServerState, live: LiveView, invocation: Invocation) -> Decision:
    if invocation.flags.has("J") or invocation.flags.has("T"):
        context = FormatContext(state, live)
        return Decision(reply=Reply(lines=tuple(expand(text, context) for text in TEMPLATES)))
    return Decision(
        reply=Reply(
            lines=tuple(f"{pretty(live, when_s)}: {text}" for when_s, text in live.messages())
        )
    )


COMMAND: Final = Command(
    name="show-messages",
    alias="showmsgs",
    flags="JTt:",
    usage="[-JT] [-t target-client]",
    arguments=(0, 0),
    client=TargetFlag("t", TargetKind.CLIENT, only_given=True),
    decide=decide,
    help="Show the latest messages of the server, newest first; with -J or -T information about the server.",
    read_only=True,
)
