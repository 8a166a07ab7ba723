"""status: how the server is: its store, its durability, its sessions."""

from typing import Final

from fuguemux.commands.command import Command, Invocation
from fuguemux.commands.reports import document, json_line, outline
from fuguemux.model.decision import Decision, Refused, Reply
from fuguemux.model.live import LiveView
from fuguemux.model.state import ServerState


def decide(state: ServerState, live: LiveView, invocation: Invocation) -> Decision:
    words = invocation.arguments
    if words not in ((), ("--json",)):
        raise Refused("usage: status [--json]")
    report = {name: value for name, value in document(live, "status").items() if name != "v"}
    lines = (json_line("status", report),) if words else tuple(outline(report))
    return Decision(reply=Reply(lines))


COMMAND: Final = Command(
    name="status",
    alias="",
    flags="",
    usage="[--json]",
    arguments=(0, 1),
    decide=decide,
    help="Say how the server and its store are.",
    read_only=True,
    plain_words=True,
)
