"""list-commands: list the commands with their flags."""

from fuguemux.commands.command import Command
from fuguemux.commands.parts.listing import listed
from fuguemux.formats.formats import FormatContext
from fuguemux.language.invocation import Invocation
from fuguemux.model.decision import Decision
from fuguemux.model.live import LiveView
from fuguemux.model.state import ServerState

TEMPLATE = (
    "#{command_list_name}#{?command_list_alias, (#{command_list_alias}),} #{command_list_usage}"
)


def decide(state: ServerState, live: LiveView, invocation: Invocation) -> Decision:
    wanted = invocation.arguments[0] if invocation.arguments else None
    rows = [row for row in invocation.commands.rows() if wanted in (None, row.name, row.alias)]
    contexts = (
        FormatContext(
            state,
            live,
            extra={
                "command_list_name": row.name,
                "command_list_alias": row.alias,
                "command_list_usage": row.usage,
            },
        )
        for row in sorted(rows, key=lambda row: row.name)
    )
    return listed(invocation, TEMPLATE, contexts)


COMMAND = Command(
    name="list-commands",
    alias="lscm",
    flags="F:",
    usage="[-F format] [command]",
    arguments=(0, 1),
    decide=decide,
    help="List the commands with their usage.",
    read_only=True,
)
